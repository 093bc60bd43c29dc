/** Why a step's numbers are not finite, as far as its results tell. */
import { DivergenceError } from "../../base/index.js";
import type { FlatLayout, Slice } from "../step/flat.js";
import type { StateLayout } from "../step/state-layout.js";

/** What pixels were not, where no rate would help. */
export const PIXELS = "pixels that are numbers";

/** What a step was fed with and what it gave. */
export type StepNumbers = {
  readonly pixels: ArrayLike<number>;
  readonly loss: number;
  readonly weights: Float32Array;
  readonly buffers: Float32Array;
};

/**
 * Forward, numbers spread from a layer to those after it, and each batch norm gives out the statistics of its input: the first one
 * with others is where it began. Backward they spread towards the stem: the last weights with others are nearest to it.
 *
 * @param where the run, the epoch and the step. @returns null when all is finite. What to do is for those to say who know what can be
 * done.
 */
export function divergenceOf(
  { pixels, loss, weights, buffers }: StepNumbers,
  layout: StateLayout,
  where: string,
): DivergenceError | null {
  const isLossFinite = Number.isFinite(loss);
  if (isLossFinite && allFinite(weights)) return null;
  if (!allFinite(pixels)) {
    return new DivergenceError({
      at: where,
      expected: PIXELS,
      received: "others",
      hint: "look at the mean and the standard deviation that images are normalized with",
    });
  }
  if (isLossFinite) {
    // Decayed weights stand first and in the network's order.
    const reached = broken(layout.weights, weights);
    const { name } = reached.findLast(({ offset }) => offset < layout.weights.decayed) ?? reached[0]!;
    const received = `others, from the gradient of ${name} on`;
    return new DivergenceError({ at: where, expected: "finite weights", received });
  }
  const statistics = broken(layout.buffers, buffers)[0];
  const origin = statistics === undefined ? "after the last batch norm" : `first before ${layerOf(statistics)}`;
  return new DivergenceError({ at: where, expected: "a finite loss", received: `${loss}, ${origin}` });
}

/** A plain loop: it reads every weight at every step. */
export function allFinite(numbers: ArrayLike<number>): boolean {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return false;
  return true;
}

const broken = ({ slices }: FlatLayout, numbers: Float32Array): Slice[] =>
  slices.filter(({ offset, size }) => !allFinite(numbers.subarray(offset, offset + size)));

const layerOf = ({ name }: Slice) => name.slice(0, name.lastIndexOf("."));
