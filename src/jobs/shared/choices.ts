/** What data and budget suggest where nobody says: sides of the images, batch size, recipe. */
import { type Dataset, SIZES } from "../../data/index.js";
import type { Architecture } from "../../networks/index.js";
import { type Budget, shrinkBudget } from "../../scaling/index.js";
import { type CostGate, fitsSmallest, imageSpace } from "../../search/index.js";
import { quickRecipe, type Recipe } from "../../training/index.js";

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

/** Photos of things may be mirrored; digits, letters, and shoes that all point one way may not. */
export function recipeFor(dataset: Dataset): Recipe {
  const batchSize = batchSizeFor(dataset.splits.train.length);
  // The learning rate follows the batch (Goyal et al. 2017, arXiv:1706.02677, §2.1).
  const learningRate = (quickRecipe.learningRate * batchSize) / quickRecipe.batchSize;
  return {
    ...quickRecipe,
    batchSize,
    learningRate,
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
