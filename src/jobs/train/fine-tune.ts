/** A pretrained network for the user's classes: trained in phases, each from the best of the one before. */
import { join } from "node:path";
import { ensureWritableFolder } from "../../base/files.js";
import type { ImageSet } from "../../data/index.js";
import { keyOf } from "../../folders/index.js";
import type { TrainedPart } from "../../networks/index.js";
import type { NetworkChoice } from "../../pretrained/index.js";
import {
  createBody,
  type EpochRecord,
  type FineTunePlan,
  featureSet,
  type Phase,
  type RunOptions,
  type RunResult,
  recipeOfPhase,
  runTraining,
  type Setback,
  savedCourse,
  squaredLengthOf,
} from "../../training/index.js";
import type { PhaseSetback } from "../shared/course.js";
import type { Progress } from "../shared/progress.js";
import { cachedFeatures } from "./feature-cache.js";
import { fingerprintOf } from "./fingerprint.js";

export type FromOptions = {
  /** `hf:owner/name[@revision][:file]`, a safetensors file of Bantam's, timm, torchvision or Keras, or a folder. */
  readonly weights: string;
  /** Where the source does not say it. */
  readonly network?: NetworkChoice | undefined;
  /** By default `defaultPlan` of the epochs. */
  readonly plan?: FineTunePlan | undefined;
  /** Batch norm in what is trained: with the batch's statistics, or with the running ones as they are. By default `frozen`. */
  readonly batchNorm?: "batch" | "frozen" | undefined;
};

export type FineTune = {
  readonly plan: FineTunePlan;
  readonly batchNorm: "batch" | "frozen";
  /** Of the whole network before the first phase, its classifier as `withClasses` gave it. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
  /** Identifies data, recipe, weights, plan and seed. */
  readonly run: string;
  /** See `RunOptions`. */
  readonly everySeconds?: number | undefined;
  /** Identifies the images of both splits as they are shown. */
  readonly images: string;
  /** Gets a folder per phase. */
  readonly folder: string;
  readonly cacheDir: string;
  readonly progress: Progress;
};

type Setup = Omit<RunOptions, "epochs" | "checkpoints" | "onStep" | "onEpoch" | "onSetback" | "tuning" | "parent"> & {
  /** Epochs are counted over all phases. */
  readonly onStep: NonNullable<RunOptions["onStep"]>;
  readonly onEpoch: (record: EpochRecord) => Promise<void>;
  readonly onSetback: (setback: PhaseSetback, curve: readonly EpochRecord[]) => Promise<void>;
};

type FineTuned = Omit<RunResult, "setbacks"> & {
  /** From 1: whose state it is that ships; 0 where that is the network as it came. */
  readonly bestPhase: number;
  readonly setbacks: readonly PhaseSetback[];
};

const checkpointsOf = ({ folder, run, everySeconds }: FineTune, phase: Phase, i: number) => ({
  ...{ folder: join(folder, `${i + 1}-${phase.part}`), run: `${run}-${i + 1}`, everySeconds },
});

/** Epochs of all phases that a stopped run has behind it. */
export async function finishedPhases(fineTune: FineTune): Promise<EpochRecord[]> {
  const curve: EpochRecord[] = [];
  let before = 0;
  for (const [i, phase] of fineTune.plan.entries()) {
    const done = await savedCourse(checkpointsOf(fineTune, phase, i), phase.epochs);
    curve.push(...done.curve.map((record) => counted(record, before)));
    if (!done.isOver) break;
    before += phase.epochs;
  }
  return curve;
}

const counted = (record: EpochRecord, before: number): EpochRecord => ({ ...record, epoch: before + record.epoch });

/** Each phase begins with the best state of all before it, and gives out one that is no worse. */
export async function runFineTuning(setup: Setup, fineTune: FineTune): Promise<FineTuned> {
  const { plan, batchNorm, progress } = fineTune;
  const curve: EpochRecord[] = [];
  const setbacks: PhaseSetback[] = [];
  let best = { tensors: fineTune.tensors, bestEpoch: 0, bestPhase: 0, best: { accuracy: 0, loss: 0 } };
  let before = 0;
  for (const [i, phase] of plan.entries()) {
    const first = before;
    const checkpoints = checkpointsOf(fineTune, phase, i);
    await ensureWritableFolder(checkpoints.folder);
    // A teacher has to see pictures.
    const fromFeatures = phase.part === "classifier" && setup.distillation === undefined;
    progress.phase("train", `${i + 1}/${plan.length}: ${described(phase, fromFeatures)}`);
    const { isOver } = await savedCourse(checkpoints, phase.epochs);
    const images = fromFeatures && !isOver ? await featuresFor(setup, phase, best.tensors, fineTune) : setup;
    const squaredLength = squaredLengthOf(images.train);
    const recipe = recipeOfPhase(setup.recipe, phase, squaredLength);
    const asked = setup.recipe.learningRate * phase.learningRate;
    if (recipe.learningRate !== asked) progress.line(boundLine(recipe.learningRate, asked, squaredLength!));
    const numbered = (setback: Setback): PhaseSetback => ({
      ...setback,
      phase: i + 1,
      epoch: first + setback.epoch,
      backTo: setback.backTo === 0 ? 0 : first + setback.backTo,
    });
    const trained = await runTraining({
      ...setup,
      train: images.train,
      validation: images.validation,
      recipe,
      epochs: phase.epochs,
      rng: setup.rng.fork(`phase ${i + 1}`),
      checkpoints,
      tuning: {
        part: phase.part,
        norms: batchNorm === "frozen" ? "running" : "batch",
        entry: fromFeatures ? "features" : "image",
        tensors: best.tensors,
      },
      onStep: (epoch, step) => setup.onStep(first + epoch, step),
      onEpoch: (record) => setup.onEpoch(counted(record, first)),
      onSetback: (setback, left) =>
        setup.onSetback(numbered(setback), [...curve, ...left.map((record) => counted(record, first))]),
    });
    curve.push(...trained.curve.map((record) => counted(record, first)));
    setbacks.push(...trained.setbacks.map(numbered));
    const { tensors, bestEpoch } = trained;
    best =
      bestEpoch === 0
        ? { ...best, best: trained.best }
        : { tensors, bestEpoch: first + bestEpoch, bestPhase: i + 1, best: trained.best };
    before += phase.epochs;
  }
  return { ...best, curve, setbacks };
}

function boundLine(used: number, asked: number, squaredLength: number): string {
  const [rate, wanted] = [used, asked].map((value) => Number(value.toPrecision(3)));
  return `learning rate ${rate} in place of ${wanted}: above 2/‖x‖², with ${squaredLength.toPrecision(3)} for the features here, a classifier's loss can blow up`;
}

function described({ part, epochs, learningRate }: Phase, fromFeatures: boolean): string {
  const length = `${epochs} epoch${epochs === 1 ? "" : "s"} at ${learningRate} of the learning rate`;
  return `${partInWords(part)}, ${length}${fromFeatures ? ", on features computed once, of unchanged images" : ""}`;
}

function partInWords(part: TrainedPart): string {
  switch (part) {
    case "classifier":
      return "the classifier alone";
    case "head":
      return "the head";
    case "all":
      return "the whole network";
    case "last-1":
      return "the last stage and the head";
    default:
      return `the last ${part.slice("last-".length)} stages and the head`;
  }
}

/** Both splits as features. */
async function featuresFor(setup: Setup, { part }: Phase, tensors: FineTune["tensors"], fineTune: FineTune) {
  const { engine, architecture, normalization, signal } = setup;
  const { cacheDir, progress } = fineTune;
  const frozen = new Map([...tensors].filter(([name]) => !name.startsWith("classifier.")));
  const body = await createBody({ engine, architecture, tensors, normalization, part });
  try {
    const featuresOf = async (images: ImageSet, split: string) => {
      const key = keyOf({
        ...{ images: fineTune.images, split, sources: images.sources, normalization, part },
        ...{
          weights: fingerprintOf({ ...architecture, classes: 2 }, frozen),
          engine: engine.name,
          threads: engine.threads,
        },
      });
      const onProgress = (done: number, total: number) =>
        progress.update({ text: `features of the ${split} images`, fraction: done / total });
      const features = await cachedFeatures(images, body, { cacheDir, key, signal, onProgress });
      return featureSet(images, features, body);
    };
    return {
      train: await featuresOf(setup.train, "training"),
      validation: await featuresOf(setup.validation, "validation"),
    };
  } finally {
    await body.dispose();
  }
}
