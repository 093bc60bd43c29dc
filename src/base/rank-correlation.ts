/** How far two rankings of the same things agree, and how sure a sample makes of it. */
import type { Rng } from "./rng.js";

/**
 * Kendall's τ-b: of all pairs, those in the same order less those in opposite order, with ties taken out of both counts.
 *
 * @returns in [−1, 1]; NaN where either list is all of one value.
 * @source Kendall 1945, "The treatment of ties in ranking problems"
 */
export function kendallTau(xs: readonly number[], ys: readonly number[]): number {
  checkPaired(xs, ys);
  let [agreement, untiedX, untiedY] = [0, 0, 0];
  for (let i = 0; i < xs.length; i++) {
    for (let j = 0; j < i; j++) {
      const [x, y] = [order(xs[i]!, xs[j]!), order(ys[i]!, ys[j]!)];
      agreement += x * y;
      untiedX += x * x;
      untiedY += y * y;
    }
  }
  return agreement / Math.sqrt(untiedX * untiedY);
}

/**
 * Spearman's ρ: the correlation of the ranks, where equal values share their mean rank.
 *
 * @returns in [−1, 1]; NaN where either list is all of one value.
 * @source Spearman 1904, "The proof and measurement of association between two things"
 */
export function spearman(xs: readonly number[], ys: readonly number[]): number {
  checkPaired(xs, ys);
  const [a, b] = [centred(ranks(xs)), centred(ranks(ys))];
  const dot = (p: readonly number[], q: readonly number[]) => p.reduce((sum, value, i) => sum + value * q[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

export type Interval = { readonly low: number; readonly high: number };

/**
 * The percentile bootstrap of a statistic of pairs: pairs are drawn again, with replacement, and the middle of what comes of
 * it is the interval. Draws for which the statistic is not a number are left out.
 *
 * @param level the share of draws inside, 0.95 where left out.
 * @source Efron and Tibshirani 1993, "An Introduction to the Bootstrap", §13.3
 */
export function bootstrapInterval(
  xs: readonly number[],
  ys: readonly number[],
  statistic: (xs: readonly number[], ys: readonly number[]) => number,
  { rng, draws, level = 0.95 }: { readonly rng: Rng; readonly draws: number; readonly level?: number },
): Interval {
  checkPaired(xs, ys);
  const values = Array.from({ length: draws }, () => {
    const picks = xs.map(() => rng.integer(xs.length));
    return statistic(
      picks.map((i) => xs[i]!),
      picks.map((i) => ys[i]!),
    );
  });
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { low: quantile((1 - level) / 2), high: quantile((1 + level) / 2) };
}

/** −1, 0 or 1; infinities are equal to themselves. */
const order = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

/** From 1; equal values get the mean of the ranks they take up together. */
function ranks(values: readonly number[]): number[] {
  const sorted = values.map((_, i) => i).sort((i, j) => order(values[i]!, values[j]!));
  const result = values.map(() => 0);
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1;
    while (to < sorted.length && values[sorted[to]!] === values[sorted[from]!]) to++;
    for (let place = from; place < to; place++) result[sorted[place]!] = (from + 1 + to) / 2;
    from = to;
  }
  return result;
}

function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

function checkPaired(xs: readonly number[], ys: readonly number[]): void {
  if (xs.length !== ys.length) throw new RangeError(`internal: ${xs.length} values against ${ys.length}`);
  const missing = [...xs, ...ys].some(Number.isNaN);
  if (missing) throw new RangeError("internal: a value to be ranked is not a number");
}
