/** Two pictures in one: their pixels and their labels are mixed in the same share. */
import type { Rng } from "../../base/index.js";
import type { Mixing } from "../recipe/recipe.js";
import type { Batch } from "./batch.js";

/**
 * Mixes each picture with the one before it, the first with the last; one share for the whole batch.
 *
 * @source mixup: Zhang et al. 2017, arXiv:1710.09412, eq. 1. CutMix: Yun et al. 2019, arXiv:1905.04899, §3.1
 */
export function mixed(batch: Batch, { mixup, cutmix }: Mixing, rng: Rng): Batch {
  if (mixup === 0 && cutmix === 0) return batch;
  const cuts = mixup === 0 || (cutmix > 0 && rng.uniform() < 0.5);
  const share = drawBeta(cuts ? cutmix : mixup, rng);
  return cuts ? cutMixed(batch, share, rng) : mixedUp(batch, share);
}

function mixedUp({ image, targets, ...rest }: Batch, share: number): Batch {
  const [channels, count] = image.dims as [number, number];
  const plane = image.data.length / channels / count;
  const pixels = new Float32Array(image.data.length);
  for (let c = 0; c < channels; c++) {
    for (let n = 0; n < count; n++) {
      const [own, other] = [(c * count + n) * plane, (c * count + before(n, count)) * plane];
      for (let i = 0; i < plane; i++)
        pixels[own + i] = share * image.data[own + i]! + (1 - share) * image.data[other + i]!;
    }
  }
  return { ...rest, image: { ...image, data: pixels }, targets: mixedTargets(targets, share) };
}

/** The rectangle of the other has the share 1 − share of the area, before it is cut at the border. */
function cutMixed({ image, targets, ...rest }: Batch, share: number, rng: Rng): Batch {
  const [channels, count, height, width] = image.dims as [number, number, number, number];
  const side = Math.sqrt(1 - share);
  const [x, y] = [rng.integer(width), rng.integer(height)];
  const [left, right] = span(x, Math.trunc(width * side), width);
  const [top, bottom] = span(y, Math.trunc(height * side), height);
  const pixels = (image.data as Float32Array).slice();
  for (let c = 0; c < channels; c++) {
    for (let n = 0; n < count; n++) {
      for (let row = top; row < bottom; row++) {
        const own = ((c * count + n) * height + row) * width;
        const other = ((c * count + before(n, count)) * height + row) * width;
        pixels.set((image.data as Float32Array).subarray(other + left, other + right), own + left);
      }
    }
  }
  const kept = 1 - ((right - left) * (bottom - top)) / (width * height);
  return { ...rest, image: { ...image, data: pixels }, targets: mixedTargets(targets, kept) };
}

/** Around the middle, within [0, size]. */
const span = (middle: number, length: number, size: number): readonly [number, number] => [
  Math.max(0, middle - Math.floor(length / 2)),
  Math.min(size, middle + Math.floor(length / 2)),
];

const before = (n: number, count: number) => (n + count - 1) % count;

function mixedTargets(targets: Batch["targets"], share: number): Batch["targets"] {
  const [count, classes] = targets.dims as [number, number];
  const data = Float32Array.from(targets.data, (own, i) => {
    const [n, k] = [Math.floor(i / classes), i % classes];
    return share * own + (1 - share) * targets.data[before(n, count) * classes + k]!;
  });
  return { ...targets, data };
}

/** Beta(α, α), 0 < α ≤ 1. @source Jöhnk 1964 */
function drawBeta(alpha: number, rng: Rng): number {
  for (;;) {
    const [x, y] = [rng.uniform() ** (1 / alpha), rng.uniform() ** (1 / alpha)];
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}
