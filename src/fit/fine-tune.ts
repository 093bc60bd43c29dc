/** A pretrained network for the user's classes: trained in phases, each from the best of the one before. */
import { join } from "node:path";
import { ensureWritableFolder } from "../base/files.js";
import type { ImageSet } from "../data/index.js";
import { keyOf } from "../folders/index.js";
import type { TrainedPart } from "../networks/index.js";
import type { NetworkChoice } from "../pretrained/index.js";
import {
  createBody,
  type EpochRecord,
  type FineTunePlan,
  featureSet,
  finishedEpochs,
  type Phase,
  type RunOptions,
  recipeOfPhase,
  runTraining,
  squaredLengthOf,
} from "../training/index.js";
import { cachedFeatures } from "./feature-cache.js";
import { fingerprintOf } from "./fingerprint.js";
import type { Progress } from "./progress.js";

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

type Setup = Omit<RunOptions, "epochs" | "checkpoints" | "onStep" | "onEpoch" | "tuning" | "parent"> & {
  /** Epochs are counted over all phases. */
  readonly onStep: NonNullable<RunOptions["onStep"]>;
  readonly onEpoch: (record: EpochRecord) => Promise<void>;
};

const checkpointsOf = ({ folder, run, everySeconds }: FineTune, phase: Phase, i: number) => ({
  ...{ folder: join(folder, `${i + 1}-${phase.part}`), run: `${run}-${i + 1}`, everySeconds },
});

/** Epochs of all phases that a stopped run has behind it. */
export async function finishedPhases(fineTune: FineTune): Promise<EpochRecord[]> {
  const curve: EpochRecord[] = [];
  let before = 0;
  for (const [i, phase] of fineTune.plan.entries()) {
    const done = await finishedEpochs(checkpointsOf(fineTune, phase, i));
    curve.push(...done.map((record) => counted(record, before)));
    if (done.length < phase.epochs) break;
    before += phase.epochs;
  }
  return curve;
}

const counted = (record: EpochRecord, before: number): EpochRecord => ({ ...record, epoch: before + record.epoch });

/** @returns the tensors of the best epoch of all phases, the later of equals. */
export async function runFineTuning(
  setup: Setup,
  fineTune: FineTune,
): Promise<{ readonly tensors: ReadonlyMap<string, Float32Array>; readonly curve: readonly EpochRecord[] }> {
  const { plan, batchNorm, progress } = fineTune;
  const curve: EpochRecord[] = [];
  let start = fineTune.tensors;
  let best = { tensors: start, accuracy: -1 };
  for (const [i, phase] of plan.entries()) {
    const before = curve.length;
    const checkpoints = checkpointsOf(fineTune, phase, i);
    await ensureWritableFolder(checkpoints.folder);
    // A teacher has to see pictures.
    const fromFeatures = phase.part === "classifier" && setup.distillation === undefined;
    progress.phase("train", `${i + 1}/${plan.length}: ${described(phase, fromFeatures)}`);
    const isDone = (await finishedEpochs(checkpoints)).length >= phase.epochs;
    const images = fromFeatures && !isDone ? await featuresFor(setup, phase, start, fineTune) : setup;
    const recipe = recipeOfPhase(setup.recipe, phase, squaredLengthOf(images.train));
    const { tensors, ...trained } = await runTraining({
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
        tensors: start,
      },
      onStep: (epoch, step) => setup.onStep(before + epoch, step),
      onEpoch: (record) => setup.onEpoch(counted(record, before)),
    });
    curve.push(...trained.curve.map((record) => counted(record, before)));
    const accuracy = Math.max(...trained.curve.map(({ validationAccuracy }) => validationAccuracy));
    if (accuracy >= best.accuracy) best = { tensors, accuracy };
    start = tensors;
  }
  return { tensors: best.tensors, curve };
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
