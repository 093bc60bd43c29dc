/**
 * A learning rate found by trying: rates that rise from step to step, and what the loss makes of them.
 * @source Smith 2015, arXiv:1506.01186, §3.3: the top of a schedule lies where the loss no longer falls
 */

/** Geometric from `from` to `to`, both included. */
export function risingRates(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from * (to / from) ** (i / (count - 1)));
}

/** Share of the old in the running mean of losses. */
const SMOOTHING = 0.9;

/** The running mean of values, without the bias of its start. */
export function smoothed(values: readonly number[]): number[] {
  let mean = 0;
  return values.map((value, i) => {
    mean = SMOOTHING * mean + (1 - SMOOTHING) * value;
    return mean / (1 - SMOOTHING ** (i + 1));
  });
}

/**
 * The rate at which the smoothed loss was least: for the top of a schedule, since a constant rate would have to be lower.
 * @param losses one for each of the first rates; those after it were not tried, since the numbers had ended.
 * @returns null where the loss never fell below its start.
 */
export function rateFrom(rates: readonly number[], losses: readonly number[]): number | null {
  const means = smoothed(losses);
  const least = means.reduce((best, mean, i) => (mean < means[best]! ? i : best), 0);
  return least === 0 ? null : rates[least]!;
}
