/** What data and budget suggest where nobody says: sides of the images, batch size, recipe. */
import { type Dataset, SIZES } from "../../data/index.js";
import type { Architecture } from "../../networks/index.js";
import { type Budget, shrinkBudget } from "../../scaling/index.js";
import { type CostGate, fitsSmallest, imageSpace } from "../../search/index.js";
import { quickRecipe, type Recipe } from "../../training/index.js";
import type { Progress } from "./progress.js";

/** The side of the images, seven tenths and half of it: a half, and a quarter of the work. */
export function sidesUpTo(largest: number): number[] {
  const sides = [0.5, 0.7, 1].map((share) => SIZES.findLast((size) => size <= largest * share + 1) ?? SIZES[0]!);
  return [...new Set(sides)];
}

/**
 * The largest side at which the smallest network of the space uses at most a quarter of the budget; of a time half, as a part of it
 * is the same for every network.
 */
export function largestUsefulSide(budget: Budget, costsOf: CostGate["costsOf"]): number {
  const { latencyMs } = budget;
  const part = { ...shrinkBudget(budget, 0.25), ...(latencyMs !== undefined && { latencyMs: latencyMs / 2 }) };
  const fits = (size: number) =>
    fitsSmallest({ space: imageSpace({ classes: 2, channels: 3, resolutions: [size] }), budget: part, costsOf });
  return SIZES.findLast((size) => size <= 224 && fits(size)) ?? SIZES[0]!;
}

/** By which states and trials are compared. */
export const metrics = ["accuracy", "balanced-accuracy"] as const;
export type Metric = (typeof metrics)[number];

/** Where the largest class has so many times the training pictures of the smallest, small ones are drawn more often. */
const UNEQUAL = 3;

/** For people: null where every picture counts the same. */
export function balanceLine({ classes, splits }: Dataset, metric: Metric | undefined): string | null {
  if (metric === "accuracy") return null;
  const counts = classes.map(() => 0);
  for (const { label } of splits.train) counts[label]!++;
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (metric === undefined && most <= UNEQUAL * least) return null;
  return `classes have ${least} to ${most} training pictures: small ones are drawn more often, and balanced accuracy chooses`;
}

export function sayBalance(dataset: Dataset, metric: Metric | undefined, progress: Progress): void {
  const line = balanceLine(dataset, metric);
  if (line !== null) progress.line(line);
}

/** Mirroring is decided elsewhere. */
export function recipeFor(dataset: Dataset, metric?: Metric): Recipe {
  const batchSize = batchSizeFor(dataset.splits.train.length);
  // The learning rate follows the batch (Goyal et al. 2017, arXiv:1706.02677, §2.1).
  const learningRate = (quickRecipe.learningRate * batchSize) / quickRecipe.batchSize;
  return {
    ...quickRecipe,
    batchSize,
    learningRate,
    ...(balanceLine(dataset, metric) !== null && { balance: true }),
    augmentation: { ...quickRecipe.augmentation, flip: dataset.channels === 3 },
  };
}

/**
 * A dozen steps an epoch at least, as long as batch norm still has eight images to average over.
 * @param wanted by the recipe.
 */
export function batchSizeFor(images: number, wanted = quickRecipe.batchSize): number {
  const largest = 2 ** Math.floor(Math.log2(Math.max(images / 12, 1)));
  return Math.min(wanted, Math.max(8, largest));
}

/**
 * The largest batch up to the one that was asked for that the images fill, in parts of one size: a larger one would hold pictures
 * twice, and a learning rate that is scaled to it would be for pictures that there are not.
 */
export function batchWithin(asked: number, images: number, parts = 1): number {
  if (asked <= images) return asked;
  return Math.max(1, Math.floor(images / parts)) * parts;
}

/** Counts an architecture once. */
export function memoized<T>(count: (architecture: Architecture) => T): (architecture: Architecture) => T {
  const known = new Map<string, T>();
  return (architecture) => {
    const key = JSON.stringify(architecture);
    const value = known.get(key) ?? count(architecture);
    known.set(key, value);
    return value;
  };
}

/** @param flip as somebody says; by default as it was. */
export const mirroredBy = (recipe: Recipe, flip: boolean | undefined): Recipe =>
  flip === undefined ? recipe : { ...recipe, augmentation: { ...recipe.augmentation, flip } };
