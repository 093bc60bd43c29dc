/** 97.5 % quantile of the standard normal. */
const z = 1.959964;

/**
 * 95 % interval for a proportion seen in `n` independent draws. Unlike the plain normal interval it stays inside [0, 1] and is
 * sound for few images and for accuracies near 1.
 * @param share fraction of successes; @param n number of draws, may be 0.
 * @source E. B. Wilson 1927, Probable inference, the law of succession, and statistical inference.
 * @example wilson(0.5, 100); // [0.404, 0.596]
 */
export function wilson(share: number, n: number): [low: number, high: number] {
  if (n === 0) return [0, 1];
  const centre = (share + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
