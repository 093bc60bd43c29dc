/**
 * How good a network may become, from its size alone.
 *
 * Sizes are relative to the baseline of the family, at 224 px. Of the baseline's error, a network has the multiple
 *
 *     (1 + Σ cost · (size^-p - 1))^P     over the dimensions in which it is smaller,
 *     times (Σ size^-q / 3)^Q            over all three, sizes below 1 counted as 1.
 *
 * The second factor is a weakest link: baselines are balanced, each dimension holds back a third, and however much one of
 * them grows, the other two thirds stay. So growing all three together goes further than growing one, which is what compound scaling
 * rests on. Shrinking has numbers of its own, since what is taken away costs more than the same again would bring.
 *
 * The numbers are the same for all networks; a network's published result sets the level. They are fitted to results on ImageNet of
 * networks that their authors trained in full. For other data and trainings, the prediction serves to put sizes in order.
 */
import type { Shape } from "./network-shape.js";

export type AccuracyModel = {
  /** P, costs and p. */
  readonly small: { readonly power: number; readonly cost: Shape; readonly exponent: Shape };
  /** Q and q. */
  readonly large: { readonly power: number; readonly exponent: Shape };
};

/** What `testing/fit-accuracy.ts` finds, four digits of each. A test holds them together. */
export const accuracyModel: AccuracyModel = {
  small: {
    power: 2.703,
    cost: { depth: 0.3582, width: 0.3774, resolution: 0.08702 },
    exponent: { depth: 0.3348, width: 0.3348, resolution: 1.158 },
  },
  large: { power: 0.3157, exponent: { depth: 2.236, width: 4.999, resolution: 0.4688 } },
};

/**
 * How well that fits, root mean square, fractions. `fitted`: of the 114 results it was fitted to, each predicted from its group's
 * baseline. `heldOut`: of the same results, each predicted by a fit that had seen nothing from the paper of its network.
 */
export const accuracyResidual = { fitted: 0.0096, heldOut: 0.0176 } as const;

/** The smallest and the largest that there are results for. Beyond, a prediction is an extrapolation. */
const fittedSizes: { readonly [D in keyof Shape]: readonly [least: number, most: number] } = {
  depth: [0.61, 4],
  width: [0.25, 2],
  resolution: [96 / 224, 600 / 224],
};

const dimensions = ["depth", "width", "resolution"] as const;

/** What a dimension adds to the sum of the first factor: nothing from the baseline's size on. */
export function wantOf(dimension: keyof Shape, size: number, { small }: AccuracyModel = accuracyModel): number {
  return size < 1 ? small.cost[dimension] * (size ** -small.exponent[dimension] - 1) : 0;
}

/** What a dimension adds to the sum of the second factor: a third up to the baseline's size. */
export function restOf(dimension: keyof Shape, size: number, { large }: AccuracyModel = accuracyModel): number {
  return Math.max(1, size) ** -large.exponent[dimension] / dimensions.length;
}

/** Logarithm of error ÷ error of the baseline, from the sums over the three dimensions. */
export function logErrorOf(want: number, rest: number, { small, large }: AccuracyModel = accuracyModel): number {
  return small.power * Math.log(1 + want) + large.power * Math.log(rest);
}

/** Error ÷ error of the baseline. Falls with each dimension. */
export function relativeError(shape: Shape, model: AccuracyModel = accuracyModel): number {
  const sumOf = (term: typeof wantOf) =>
    dimensions.reduce((total, dimension) => total + term(dimension, shape[dimension], model), 0);
  return Math.exp(logErrorOf(sumOf(wantOf), sumOf(restOf), model));
}

/** A network with a published result, from which others of its family are predicted. */
export type Anchor = { readonly shape: Shape; readonly top1: number };

/** @returns a fraction; for the anchor's own shape, its own. */
export function predictTop1(shape: Shape, anchor: Anchor, model: AccuracyModel = accuracyModel): number {
  return 1 - (1 - anchor.top1) * (relativeError(shape, model) / relativeError(anchor.shape, model));
}

/** The dimensions of which no result of such a size is known. */
export function extrapolatedIn(shape: Shape): (keyof Shape)[] {
  return dimensions.filter((dimension) => {
    const [least, most] = fittedSizes[dimension];
    return shape[dimension] < least || shape[dimension] > most * (1 + 1e-9);
  });
}
