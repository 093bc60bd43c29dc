/**
 * The best network of a compiled lattice under a budget, by branch and bound.
 *
 * In a region, costs never fall and the predicted error always falls with depth, width and resolution. So for a box of depths and
 * widths, no candidate is better than its upper corner and none is cheaper than its lower one: if the lower corner cannot
 * afford the resolution at which the upper one would begin to beat the best network so far, the whole box is left out. Otherwise it is
 * split. A box of a single depth and width gets the largest resolution that it can afford.
 */
import type { Costs } from "../cost/index.js";
import { logErrorOf, restOf, wantOf } from "./accuracy.js";
import type { CompiledNetwork } from "./compiled.js";
import { REFERENCE_SIDE } from "./network-shape.js";

/** A candidate: its places in the lattice. */
export type Point = { readonly depth: number; readonly width: number; readonly side: number };

/** Logarithm of predicted error ÷ the baseline's, by places in the lattice. */
export type Score = (depth: number, width: number, side: number) => number;

/** A limit on something that is not compiled: taken not to be kept by a larger network where a smaller one breaks it. */
export type Check = (depth: number, width: number, side: number) => boolean;

/** The predicted error takes three sums over the dimensions; each dimension's part is known beforehand. */
export function scoreOf({ lattice: { depths, widths, sides } }: CompiledNetwork): Score {
  const terms = (dimension: "depth" | "width" | "resolution", sizes: readonly number[]) => ({
    want: Float64Array.from(sizes, (size) => wantOf(dimension, size)),
    rest: Float64Array.from(sizes, (size) => restOf(dimension, size)),
  });
  const d = terms(
    "depth",
    depths.map(({ size }) => size),
  );
  const w = terms(
    "width",
    widths.map(({ size }) => size),
  );
  const r = terms(
    "resolution",
    sides.map((side) => side / REFERENCE_SIDE),
  );
  return (depth, width, side) =>
    logErrorOf(d.want[depth]! + w.want[width]! + r.want[side]!, d.rest[depth]! + w.rest[width]! + r.rest[side]!);
}

/** @returns null where not one network keeps the limits. */
export function searchBest(network: CompiledNetwork, score: Score, limits: Costs, check: Check): Point | null {
  const { lattice, bands } = network;
  const fits: Check = (depth, width, side) => network.fits(depth, width, side, limits) && check(depth, width, side);
  const last = lattice.depths.length - 1;
  let best: Point | null = null;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const { sides, runs } of bands) {
    if (score(last, lattice.widths.length - 1, sides[1]) >= bestScore) continue;
    // A few candidates from all over first, so that the search knows early what there is to beat.
    for (const width of spread(lattice.widths.length, 8)) {
      for (const depth of spread(lattice.depths.length, 4)) search(depth, depth, width, width, ...sides);
    }
    // From the widest: a wider network with larger images is rarely left out by a narrower one.
    for (const [narrowest, widest] of runs().toReversed()) search(0, last, narrowest, widest, ...sides);
  }
  return best;

  function search(thin: number, deep: number, narrow: number, wide: number, low: number, high: number): void {
    // With smaller images, not even the largest network of the box is better than the best so far.
    const needed = firstSide(low, high, (side) => score(deep, wide, side) < bestScore);
    if (needed > high || !fits(thin, narrow, needed)) return;
    if (thin === deep && narrow === wide) {
      const side = lastSide(needed, high, (larger) => fits(thin, narrow, larger));
      best = { depth: thin, width: narrow, side };
      bestScore = score(thin, narrow, side);
    } else if ((deep - thin) * WIDTHS_PER_DEPTH >= wide - narrow) {
      const middle = (thin + deep) >> 1;
      search(thin, middle, narrow, wide, needed, high);
      search(middle + 1, deep, narrow, wide, needed, high);
    } else {
      const middle = (narrow + wide) >> 1;
      search(thin, deep, middle + 1, wide, needed, high);
      search(thin, deep, narrow, middle, needed, high);
    }
  }
}

/** The first side of a range at which something holds that then holds on, `high + 1` where there is none. */
function firstSide(low: number, high: number, holds: (side: number) => boolean): number {
  // Near the beginning, mostly: steps that double until one is enough, then halves.
  let [wrong, right, step] = [low - 1, low, 1];
  while (!holds(right)) {
    if (right === high) return high + 1;
    wrong = right;
    right = Math.min(high, right + step);
    step *= 2;
  }
  while (right - wrong > 1) {
    const middle = (wrong + right) >> 1;
    if (holds(middle)) right = middle;
    else wrong = middle;
  }
  return right;
}

/** The last side of a range at which something holds that holds at its first. */
function lastSide(low: number, high: number, holds: (side: number) => boolean): number {
  let [right, end] = [low, high];
  while (right < end) {
    const middle = (right + end + 1) >> 1;
    if (holds(middle)) right = middle;
    else end = middle - 1;
  }
  return right;
}

/** Depths are far apart: a box is split there while it has more than one of them for so many widths. */
const WIDTHS_PER_DEPTH = 16;

/** Places of a list of that length, from the last one down, evenly apart. */
function spread(length: number, count: number): number[] {
  return Array.from({ length: Math.min(count, length) }, (_, i) => length - 1 - Math.floor((i * length) / count));
}
