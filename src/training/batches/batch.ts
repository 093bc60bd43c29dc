/** Batches: which images, how they lie in memory, and what the logits made of them say. */
import type { Rng } from "../../base/index.js";
import { type BatchOptions, fillBatch, type ImageSet } from "../../data/index.js";
import type { Architecture } from "../../networks/index.js";
import type { Tensor } from "../../runtime/index.js";
import { featuresOf } from "./features.js";

/** What a step is fed with, beside the state. */
export type Batch = {
  readonly image: Tensor;
  readonly targets: Tensor;
  readonly labels: readonly number[];
  readonly noise: readonly (readonly [string, Tensor])[];
};

/** How pixels become numbers. */
export type PixelOptions = Omit<BatchOptions, "rng">;

/** Images and labels as the graphs take them. @param rng of the augmentation. @param into memory for the pixels. */
export function assemble(
  architecture: Architecture,
  images: ImageSet,
  indices: readonly number[],
  options: PixelOptions,
  rng: Rng | null,
  into?: Float32Array,
): Batch {
  const features = featuresOf(images, indices);
  if (features !== null) return withTargets(architecture, images, indices, features);
  const pixels = into ?? new Float32Array(pixelCount(architecture, indices.length));
  fillBatch(images, indices, { ...options, rng }, pixels);
  return labelled(architecture, images, indices, pixels);
}

/** Numbers of a batch's images. */
export const pixelCount = ({ channels, resolution }: Architecture, count: number): number =>
  channels * count * resolution * resolution;

/** @param pixels as `fillBatch` gives them. */
export function labelled(
  architecture: Architecture,
  images: ImageSet,
  indices: readonly number[],
  pixels: Float32Array,
): Batch {
  const { channels, resolution } = architecture;
  // Channel-major, as the graph stores it.
  const dims = [channels, indices.length, resolution, resolution];
  return withTargets(architecture, images, indices, { data: pixels, dims });
}

function withTargets({ classes }: Architecture, images: ImageSet, indices: readonly number[], image: Tensor): Batch {
  const n = indices.length;
  const labels = indices.map((index) => images.labels[index]!);
  const targets = new Float32Array(n * classes);
  labels.forEach((label, i) => {
    targets[i * classes + label] = 1;
  });
  return { image, targets: { data: targets, dims: [n, classes] }, labels, noise: [] };
}

/** Zeros with probability `rate`, else 1 / (1 − rate), so that the mean stays one. Image shapes, stored channel-major. */
export function noiseMask([n, c, h, w]: readonly number[], rate: number, rng: Rng): Tensor {
  const data = new Float32Array(n! * c! * h! * w!);
  const kept = 1 / (1 - rate);
  for (let i = 0; i < data.length; i++) if (rng.uniform() >= rate) data[i] = kept;
  return { data, dims: [c!, n!, h!, w!] };
}

/** Full batches in random order. A set smaller than a batch is repeated to fill one. */
export function batchesOf(count: number, size: number, rng: Rng): number[][] {
  const order = rng.shuffle(Array.from({ length: Math.max(count, size) }, (_, i) => i % count));
  return Array.from({ length: Math.floor(order.length / size) }, (_, i) => order.slice(i * size, (i + 1) * size));
}

/** β of `balancedBatches`: of a class of many more than 1 / (1 − β) pictures, the next one brings little that is new. */
const BETA = 0.999;

/**
 * As many full batches, in which a class has a share of n / E, where E = (1 − βⁿ) / (1 − β) is the effective number of its n pictures: those of
 * small classes come several times, not all of large ones come.
 *
 * @source Cui et al. 2019, arXiv:1901.05555, eq. 2 and §4: there as weights of the loss, here of the draw
 */
export function balancedBatches(labels: ArrayLike<number>, size: number, rng: Rng): number[][] {
  const count = Math.max(labels.length, size);
  const classes = new Map<number, number[]>();
  for (const i of rng.fork("pictures").shuffle(Array.from({ length: labels.length }, (_, i) => i))) {
    const own = classes.get(labels[i]!);
    if (own === undefined) classes.set(labels[i]!, [i]);
    else own.push(i);
  }
  const groups = [...classes].sort(([a], [b]) => a - b).map(([, own]) => own);
  const shares = groups.map(({ length }) => (length * (1 - BETA)) / (1 - BETA ** length));
  const total = shares.reduce((sum, share) => sum + share, 0);
  // The ends of the classes' parts are rounded, so that the parts are `count` together.
  let end = 0;
  const drawn = groups.flatMap((own, k) => {
    const from = Math.round((end / total) * count);
    end += shares[k]!;
    const many = Math.round((end / total) * count) - from;
    return Array.from({ length: many }, (_, i) => own[i % own.length]!);
  });
  const order = rng.fork("order").shuffle(drawn);
  return Array.from({ length: Math.floor(order.length / size) }, (_, i) => order.slice(i * size, (i + 1) * size));
}

/** How many rows have their largest logit at their label. */
export function countCorrect(logits: Float32Array, labels: readonly number[], classes: number): number {
  return labels.filter((label, i) => argmax(logits, i * classes, classes) === label).length;
}

/** Index of the largest of `length` numbers; the first of equals. */
export function argmax(values: Float32Array, start: number, length: number): number {
  let best = 0;
  for (let k = 1; k < length; k++) if (values[start + k]! > values[start + best]!) best = k;
  return best;
}

/** Σ −log softmax(logits)[label]. */
export function crossEntropySum(logits: Float32Array, labels: readonly number[], classes: number): number {
  return labels.reduce((sum, label, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const total = row.reduce((all, logit) => all + Math.exp(logit - top), 0);
    return sum + top + Math.log(total) - row[label]!;
  }, 0);
}
