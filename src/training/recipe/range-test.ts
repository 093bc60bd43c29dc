/**
 * A learning rate found by trying: rates that rise from step to step, and what the loss makes of them.
 * @source Smith 2015, arXiv:1506.01186, §3.3; the tenth of the rate at the least loss as in fastai's `lr_find`
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

/** At the least loss a step already undoes as much as it gains: a rate that is kept for a while has to stay well below. */
const BELOW_LEAST = 10;

/**
 * A tenth of the rate at which the smoothed loss was least.
 * @param losses one for each of the first rates; those after it were not tried, since the numbers had ended.
 * @returns null where the loss never fell below its start.
 */
export function rateFrom(rates: readonly number[], losses: readonly number[]): number | null {
  const means = smoothed(losses);
  const least = means.reduce((best, mean, i) => (mean < means[best]! ? i : best), 0);
  return least === 0 ? null : rates[least]! / BELOW_LEAST;
}
