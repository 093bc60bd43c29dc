/** Batches: which images, how they lie in memory, and what the logits made of them say. */
import type { Rng } from "../base/index.js";
import { fillBatch, type ImageSet } from "../data/index.js";
import type { Architecture } from "../networks/index.js";
import type { Tensor } from "../runtime/index.js";
import { featuresOf } from "./features.js";

/** What a step is fed with, beside the state. */
export type Batch = {
  readonly image: Tensor;
  readonly targets: Tensor;
  readonly labels: readonly number[];
  readonly noise: readonly (readonly [string, Tensor])[];
};

/** Images and labels as the graphs take them. @param rng of the augmentation. */
export function assemble(
  { classes, channels, resolution }: Architecture,
  images: ImageSet,
  indices: readonly number[],
  options: Omit<Parameters<typeof fillBatch>[2], "rng">,
  rng: Rng | null,
): Batch {
  const n = indices.length;
  const labels = indices.map((index) => images.labels[index]!);
  const targets = new Float32Array(n * classes);
  labels.forEach((label, i) => {
    targets[i * classes + label] = 1;
  });
  const pixels = () => {
    const data = new Float32Array(channels * n * resolution * resolution);
    fillBatch(images, indices, { ...options, rng }, data);
    return { data, dims: [channels, n, resolution, resolution] }; // channel-major, as the graph stores it
  };
  return {
    image: featuresOf(images, indices) ?? pixels(),
    targets: { data: targets, dims: [n, classes] },
    labels,
    noise: [],
  };
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

/** How many rows have their largest logit at their label. */
export function countCorrect(logits: Float32Array, labels: readonly number[], classes: number): number {
  return labels.filter((label, i) => argmax(logits, i * classes, classes) === label).length;
}

/** Index of the largest of `length` numbers; the first of equals. */
function argmax(values: Float32Array, start: number, length: number): number {
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
