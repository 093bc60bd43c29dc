/** Means of a few repetitions, and how far they may be off. */

/** `low` and `high` are the ends of the interval; null for a single value, which says nothing of its spread. */
export type MeanInterval = { readonly mean: number; readonly interval: readonly [low: number, high: number] | null };

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Σ (x − x̄)². */
export function squaredDeviations(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

/**
 * The mean with its 95 % interval by Student's t: for values that scatter normally with an unknown spread.
 *
 * @param values at least one.
 * @example tInterval([1, 2, 3]); // { mean: 2, interval: [-0.484, 4.484] }
 */
export function tInterval(values: readonly number[]): MeanInterval {
  const mean = meanOf(values);
  const df = values.length - 1;
  if (df === 0) return { mean, interval: null };
  const half = tQuantile(0.975, df) * Math.sqrt(squaredDeviations(values) / df / values.length);
  return { mean, interval: [mean - half, mean + half] };
}

/**
 * Quantile of Student's t distribution, to about ten digits.
 *
 * @param probability in [0.5, 1). @param df degrees of freedom, a whole number from 1.
 */
export function tQuantile(probability: number, df: number): number {
  if (!(probability >= 0.5 && probability < 1 && Number.isInteger(df) && df >= 1))
    throw new RangeError(`internal: quantile ${probability} of t with ${df} degrees of freedom`);
  let [low, high] = [0, 1];
  while (tProbability(high, df) < probability) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (tProbability(middle, df) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(T ≤ t) for t ≥ 0. @source Abramowitz and Stegun 1964, Handbook of Mathematical Functions, 26.7.3 and 26.7.4 */
function tProbability(t: number, df: number): number {
  const theta = Math.atan(t / Math.sqrt(df));
  const [sin, cos] = [Math.sin(theta), Math.cos(theta)];
  const isOdd = df % 2 === 1;
  // 1 + ½·cos² + (½·¾)·cos⁴ + … for even df; cos + ⅔·cos³ + … for odd ones.
  let term = isOdd ? cos : 1;
  let sum = 0;
  for (let i = isOdd ? 2 : 1; i < df; i += 2) {
    sum += term;
    term *= (i / (i + 1)) * cos * cos;
  }
  const within = isOdd ? (2 / Math.PI) * (theta + sin * sum) : sin * sum;
  return (1 + within) / 2;
}
