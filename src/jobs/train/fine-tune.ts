/** A pretrained network for the user's classes: trained in phases, each from the best of the one before. */
import { join } from "node:path";
import { ensureWritableFolder } from "../../base/files.js";
import { lastly } from "../../base/index.js";
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
  type Recipe,
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
  /** Their folder gets one per phase; their run identifies data, recipe, weights, plan and seed. */
  readonly checkpoints: NonNullable<RunOptions["checkpoints"]>;
  /** Identifies the images of both splits as they are shown. */
  readonly images: string;
  readonly cacheDir: string;
  readonly progress: Progress;
};

type Setup = Omit<RunOptions, "epochs" | "checkpoints" | "onStep" | "onEpoch" | "onSetback" | "tuning" | "parent"> & {
  /** Epochs are counted over all phases. */
  readonly onStep: NonNullable<RunOptions["onStep"]>;
  readonly onEpoch: (record: EpochRecord) => Promise<void>;
  readonly onSetback: (setback: PhaseSetback, curve: readonly EpochRecord[]) => Promise<void>;
};

export type FineTuned = Omit<RunResult, "setbacks"> & {
  /** From 1: whose state it is that ships; 0 where that is the network as it came. */
  readonly bestPhase: number;
  readonly setbacks: readonly PhaseSetback[];
};

/** A phase in its place. */
type Place = {
  readonly phase: Phase;
  /** From 1. */
  readonly number: number;
  /** Epochs of the phases before it. */
  readonly before: number;
};

function placesOf(plan: FineTunePlan): readonly Place[] {
  let before = 0;
  return plan.map((phase, i) => {
    const place = { phase, number: i + 1, before };
    before += phase.epochs;
    return place;
  });
}

const checkpointsOf = ({ checkpoints: { folder, run, everySeconds } }: FineTune, { phase, number }: Place) => ({
  folder: join(folder, `${number}-${phase.part}`),
  run: `${run}-${number}`,
  everySeconds,
});

/** Epochs of all phases that a stopped run has behind it. */
export async function finishedPhases(fineTune: FineTune): Promise<EpochRecord[]> {
  const curve: EpochRecord[] = [];
  for (const place of placesOf(fineTune.plan)) {
    const done = await savedCourse(checkpointsOf(fineTune, place), place.phase.epochs);
    curve.push(...counted(done.curve, place));
    if (!done.isOver) break;
  }
  return curve;
}

/** Over all phases. */
const counted = (curve: readonly EpochRecord[], { before }: Place): EpochRecord[] =>
  curve.map((record) => ({ ...record, epoch: before + record.epoch }));

const setbackIn = ({ number, before }: Place, setback: Setback): PhaseSetback => ({
  ...setback,
  phase: number,
  epoch: before + setback.epoch,
  backTo: setback.backTo === 0 ? 0 : before + setback.backTo,
});

/** Each phase begins with the best state of all before it, and gives out one that is no worse. */
export async function runFineTuning(setup: Setup, fineTune: FineTune): Promise<FineTuned> {
  const best = { accuracy: 0, loss: 0 };
  let tuned: FineTuned = { tensors: fineTune.tensors, bestEpoch: 0, bestPhase: 0, best, curve: [], setbacks: [] };
  for (const place of placesOf(fineTune.plan)) tuned = await runPhase(setup, fineTune, place, tuned);
  return tuned;
}

async function runPhase(setup: Setup, fineTune: FineTune, place: Place, earlier: FineTuned): Promise<FineTuned> {
  const { plan, batchNorm, progress } = fineTune;
  const { phase, number, before } = place;
  const { tensors } = earlier;
  const checkpoints = checkpointsOf(fineTune, place);
  await ensureWritableFolder(checkpoints.folder);
  // A teacher has to see pictures.
  const fromFeatures = phase.part === "classifier" && setup.distillation === undefined;
  progress.phase("train", `${number}/${plan.length}: ${described(phase, fromFeatures)}`);
  const { isOver } = await savedCourse(checkpoints, phase.epochs);
  const { train, validation } = fromFeatures && !isOver ? await featuresFor(setup, phase, tensors, fineTune) : setup;
  const trained = await runTraining({
    ...setup,
    train,
    validation,
    recipe: boundRecipe(setup.recipe, phase, train, progress),
    epochs: phase.epochs,
    rng: setup.rng.fork(`phase ${number}`),
    checkpoints,
    tuning: {
      part: phase.part,
      norms: batchNorm === "frozen" ? "running" : "batch",
      entry: fromFeatures ? "features" : "image",
      tensors,
    },
    onStep: (epoch, step) => setup.onStep(before + epoch, step),
    onEpoch: (record) => setup.onEpoch(counted([record], place)[0]!),
    onSetback: (setback, left) =>
      setup.onSetback(setbackIn(place, setback), [...earlier.curve, ...counted(left, place)]),
  });
  const { bestEpoch, best } = trained;
  const state = bestEpoch === 0 ? {} : { tensors: trained.tensors, bestEpoch: before + bestEpoch, bestPhase: number };
  return {
    ...earlier,
    ...state,
    best,
    curve: [...earlier.curve, ...counted(trained.curve, place)],
    setbacks: [...earlier.setbacks, ...trained.setbacks.map((setback) => setbackIn(place, setback))],
  };
}

/** A line says where the features set the rate a bound. */
function boundRecipe(recipe: Recipe, phase: Phase, images: ImageSet, progress: Progress): Recipe {
  const squaredLength = squaredLengthOf(images);
  const bound = recipeOfPhase(recipe, phase, squaredLength);
  const asked = recipe.learningRate * phase.learningRate;
  if (bound.learningRate !== asked) progress.line(boundLine(bound.learningRate, asked, squaredLength!));
  return bound;
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
  return lastly(
    async () => {
      const featuresOf = async (images: ImageSet, split: string) => {
        const key = keyOf({
          images: fineTune.images,
          split,
          sources: images.sources,
          normalization,
          part,
          weights: fingerprintOf({ ...architecture, classes: 2 }, frozen),
          engine: engine.name,
          threads: engine.threads,
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
    },
    () => body.dispose(),
  );
}
