import { formatPercent } from "../../base/index.js";

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

/** With fewer images the interval is the figure, and the point in it beside. */
export const FEW_IMAGES = 200;

/**
 * @param digits after the point, of the accuracy.
 * @example accuracyInWords(0.875, 2000, "held-out images"); // "87.5 % of 2000 held-out images"
 * @example accuracyInWords(0.683, 41, "held-out images"); // "53.0 % to 80.4 %, the 95 % interval of 68.3 % of 41 held-out images"
 */
export function accuracyInWords(
  accuracy: number,
  images: number,
  what: string,
  strong: (text: string) => string = (text) => text,
  digits = 1,
): string {
  const [low, high] = wilson(accuracy, images).map((share) => formatPercent(share));
  const point = formatPercent(accuracy, digits);
  if (images > 0 && images < FEW_IMAGES)
    return `${strong(`${low} to ${high}`)}, the 95 % interval of ${point} of ${images} ${what}`;
  return `${strong(point)} of ${images} ${what}`;
}
