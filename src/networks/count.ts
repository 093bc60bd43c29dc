/**
 * The costs of a network from its table alone, without a graph: a few hundred multiplications in place of some thousand
 * objects, for searches that count candidates by the ten thousand. `profileArchitecture` counts the graph itself; tests
 * hold the two together.
 */
import type { Costs } from "../cost/index.js";
import type { Architecture, Stage } from "./architecture.js";
import { squeezedWidth } from "./blocks.js";
import { makeDivisible } from "./rounding.js";

const FP32_BYTES = 4;

/** What is counted so far, and the shape of the map that the next layer reads. */
type Count = {
  params: number;
  macs: number;
  /** γ of every batch norm, which folding leaves without a place. */
  foldedAway: number;
  /** The most numbers alive at once, by the rules of `planMemory`. */
  peak: number;
  channels: number;
  side: number;
};

/** One image, in the conventions of `GraphProfile`; memory is the most that lives at once, which the planned arena reaches. */
export function countArchitecture(architecture: Architecture): Costs {
  const { stem, stages, head, classes, channels, resolution } = architecture;
  const count: Count = { params: 0, macs: 0, foldedAway: 0, peak: 0, channels, side: resolution };

  convNorm(count, stem.channels, stem.kernel, stem.stride, 0);
  for (const stage of stages) {
    for (let repeat = 0; repeat < stage.repeats; repeat++) {
      const stride = repeat === 0 ? stage.stride : 1;
      if (stage.block === "separable") separable(count, stage, stride);
      else invertedResidual(count, stage, stride);
    }
  }
  if (head.conv !== null) convNorm(count, head.conv, 1, 1, 0);
  alive(count, mapSize(count) + count.channels); // the pool
  count.side = 1;
  if (head.hidden !== null) biased(count, count.channels, head.hidden, 0);
  biased(count, head.hidden ?? count.channels, classes, 0);

  const { params, macs, foldedAway, peak } = count;
  return { params, macs, weightBytes: FP32_BYTES * (params - foldedAway), peakActivationBytes: FP32_BYTES * peak };
}

const mapSize = ({ channels, side }: Count) => channels * side * side;

function alive(count: Count, numbers: number): void {
  if (numbers > count.peak) count.peak = numbers;
}

/** A dense convolution with its norm. `kept`: numbers that live beside its input and output. */
function convNorm(count: Count, channels: number, kernel: number, stride: number, kept: number): void {
  const weights = channels * count.channels * kernel * kernel;
  filter(count, channels, weights, stride, kept);
}

function depthwiseNorm(count: Count, kernel: number, stride: number, kept: number): void {
  filter(count, count.channels, count.channels * kernel * kernel, stride, kept);
}

/** Each of the weights meets every place of the output once. */
function filter(count: Count, channels: number, weights: number, stride: number, kept: number): void {
  const input = mapSize(count);
  count.side = Math.ceil(count.side / stride);
  count.channels = channels;
  count.params += weights + 2 * channels;
  count.macs += weights * count.side * count.side;
  count.foldedAway += channels;
  alive(count, kept + input + mapSize(count));
}

/** A 1×1 convolution with bias on a pooled vector. */
function biased(count: Count, input: number, output: number, kept: number): void {
  count.params += (input + 1) * output;
  count.macs += input * output;
  alive(count, kept + input + output);
}

function separable(count: Count, stage: Stage, stride: number): void {
  depthwiseNorm(count, stage.kernel, stride, 0);
  convNorm(count, stage.channels, 1, 1, 0);
}

function invertedResidual(count: Count, stage: Stage, stride: number): void {
  const { expansion, kernel, channels, squeezeExcite } = stage;
  const input = count.channels;
  const isResidual = stage.residual && stride === 1 && input === channels;
  const kept = isResidual ? mapSize(count) : 0;
  // Without an expansion, the map that is kept is the one that the filter reads.
  if (expansion !== 1) convNorm(count, makeDivisible(input * expansion, 8), 1, 1, 0);
  depthwiseNorm(count, kernel, stride, expansion === 1 ? 0 : kept);
  if (squeezeExcite !== null) {
    const wide = count.channels;
    const squeezed = squeezedWidth(squeezeExcite, input, wide);
    const beside = kept + mapSize(count);
    alive(count, beside + wide);
    biased(count, wide, squeezed, beside);
    biased(count, squeezed, wide, beside);
  }
  convNorm(count, channels, 1, 1, kept);
}
