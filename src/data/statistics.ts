import type { ImageSet } from "./image-set.js";
import { imageBytes } from "./preprocessing.js";

/** Enough to know a mean to a thousandth. */
const most = 4096;

/**
 * Mean and standard deviation of each channel, for pixels in [0, 1], over at most 4096 images, evenly spaced.
 * The deviation is never below 1/255, one step of a pixel, so that one may divide by it.
 */
export function channelStatistics(images: ImageSet): { mean: number[]; std: number[] } {
  const { channels } = images;
  const count = Math.min(most, images.count);
  const pixels = new Uint8Array(imageBytes(images));
  const histograms = Array.from({ length: channels }, () => new Float64Array(256));
  for (let i = 0; i < count; i++) {
    images.read(Math.floor((i * images.count) / count), pixels, 0);
    for (let p = 0; p < pixels.length; p++) histograms[p % channels]![pixels[p]!]!++;
  }
  const moments = histograms.map(momentsOf);
  return { mean: moments.map(({ mean }) => mean), std: moments.map(({ std }) => std) };
}

/** Sums of whole numbers, and so exact up to 2⁵³. */
function momentsOf(histogram: Float64Array): { readonly mean: number; readonly std: number } {
  let [n, sum, squares] = [0, 0, 0];
  histogram.forEach((count, value) => {
    n += count;
    sum += count * value;
    squares += count * value * value;
  });
  if (n === 0) return { mean: 0, std: 1 };
  const mean = sum / n;
  const variance = Math.max(0, squares / n - mean * mean);
  return { mean: mean / 255, std: Math.max(Math.sqrt(variance), 1) / 255 };
}
