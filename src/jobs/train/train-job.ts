/** What a training works with: where it begins, how it goes, and the images it sees. */
import {
  channelStatistics,
  type Dataset,
  type ImageSet,
  joinSeen,
  type Normalization,
  requireVariety,
  type SeenPictures,
} from "../../data/index.js";
import { isTrained } from "../../networks/index.js";
import {
  type Distillation,
  defaultPlan,
  type FineTunePlan,
  type FoundRecipe,
  forBatch,
  normsOf,
  partSize,
  type Recipe,
  recipeNamed,
} from "../../training/index.js";
import { balanceLine, batchSizeFor, batchWithin, sayBalance } from "../shared/choices.js";
import type { ImagePool } from "../shared/image-pool.js";
import type { Work } from "../shared/open-work.js";
import type { Progress } from "../shared/progress.js";
import type { FromOptions } from "./fine-tune.js";
import type { TrainOptions } from "./options.js";
import { geometryOf, loadWeights, type Start, startOf } from "./starting-point.js";
import { distillationFor, loadTeacher } from "./teacher.js";

export type TrainJob = Start &
  TrainPlan & {
    readonly options: TrainOptions;
    readonly progress: Progress;
    readonly dataset: Dataset;
    readonly pool: ImagePool;
    readonly train: ImageSet;
    readonly validation: ImageSet;
    readonly normalization: Normalization;
    readonly distillation: Distillation | undefined;
    /** For these images; its parts and its rate may still be to be found. */
    readonly recipe: Recipe;
    readonly recipeName: string;
    /** By the networks that it comes from. */
    readonly seen: SeenPictures | undefined;
  };

type TrainPlan = {
  /** In all. */
  readonly epochs: number;
  /** null from random weights. */
  readonly fineTuning: {
    readonly plan: FineTunePlan;
    readonly batchNorm: NonNullable<FromOptions["batchNorm"]>;
  } | null;
};

/** @throws {UsageError} when an option is out of its range. @throws {DataError} for images that cannot be used. */
export async function prepare(options: TrainOptions, { progress, read }: Work): Promise<TrainJob> {
  const { data, shape, network, teacher, seed, env, signal, recipe: named = recipeNamed("quick") } = options;
  const context = { env, signal, progress };
  const loaded = await loadWeights(options, context);
  const teacherModel = teacher && (await loadTeacher(teacher, context));
  const maxSize = network?.resolution ?? network?.table?.resolution ?? loaded?.architecture.resolution;
  const geometry = loaded === null ? undefined : geometryOf(loaded, shape);
  const seen = joinSeen([loaded?.seen, teacherModel?.seen]);
  const { dataset, pool } = await read({ seed, maxSize, geometry, seen });
  sayWhatWasSeen(dataset, progress);
  const start = startOf(loaded, dataset, options);
  const { architecture, pretrained } = start;
  const distillation = teacherModel && distillationFor(teacherModel, teacher!, dataset.classes, architecture, progress);
  const plan = planOf(options, start, named);
  const recipe = recipeOf(named, dataset, options, progress);
  const train = await pool.get("train", architecture.resolution);
  const validation = await pool.get("validation", architecture.resolution);
  requireVariety(train, data);
  return {
    ...start,
    ...plan,
    options,
    progress,
    dataset,
    pool,
    train,
    validation,
    normalization: pretrained?.normalization ?? channelStatistics(train),
    distillation,
    recipe,
    recipeName: named.name,
    seen,
  };
}

function sayWhatWasSeen({ seenBefore: { count, leftOut } }: Dataset, progress: Progress): void {
  if (count === 0) return;
  const left = leftOut === 0 ? "" : `; ${leftOut} of them are left out of the parts that the folder gives`;
  progress.line(`${count} pictures were seen by a network that this one comes from: none is held out${left}`);
}

/** @throws {UsageError} when a phase is to train a part that the network has not. */
function planOf({ from, epochs: asked }: TrainOptions, start: Start, { epochs: usual }: FoundRecipe): TrainPlan {
  const { architecture, pretrained } = start;
  const epochs = asked ?? usual;
  if (pretrained === null) return { epochs, fineTuning: null };
  const batchNorm = from?.batchNorm ?? "frozen";
  const plan = from?.plan ?? defaultPlan(epochs, normsOf(pretrained.tensors, batchNorm));
  for (const { part } of plan) isTrained(architecture, part);
  return { epochs: plan.reduce((sum, phase) => sum + phase.epochs, 0), fineTuning: { plan, batchNorm } };
}

/** The recipe for this data: batches that it fills, and mirrored only where that leaves the class, or where its file says so. */
function recipeOf(
  { recipe, ownAugmentation = false }: FoundRecipe,
  dataset: Dataset,
  options: Pick<TrainOptions, "batchSize" | "accumulate" | "learningRate" | "metric" | "mirror">,
  progress: Progress,
): Recipe {
  const pictures = dataset.splits.train.length;
  const batchSize =
    options.batchSize === undefined
      ? batchSizeFor(pictures, recipe.batchSize)
      : batchWithin(options.batchSize, pictures, options.accumulate);
  if (options.batchSize !== undefined && batchSize < options.batchSize) {
    progress.line(
      `batches of ${batchSize} in place of ${options.batchSize}: there are ${pictures} training pictures`,
      "warning",
    );
  }
  const scaled = forBatch(recipe, batchSize);
  const fitted = {
    ...scaled,
    ...(balanceLine(dataset, options.metric) !== null && { balance: true }),
    // A recipe's own parts may be too many for the smaller batches of few images.
    accumulate: options.accumulate ?? commonDivisor(recipe.accumulate, batchSize),
    learningRate: typeof options.learningRate === "number" ? options.learningRate : scaled.learningRate,
    augmentation: {
      ...recipe.augmentation,
      flip: options.mirror ?? (recipe.augmentation.flip && (ownAugmentation || dataset.channels === 3)),
    },
  };
  partSize(fitted);
  sayBalance(dataset, options.metric, progress);
  return fitted;
}

/** The greatest. */
const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));
