/**
 * The costs of a network from its table alone, without a graph: a few hundred multiplications in place of some thousand
 * objects, for searches that count candidates by the ten thousand. `profileArchitecture` counts the graph itself; tests
 * hold the two together.
 */
import type { Costs } from "../cost/index.js";
import type { Architecture, Stage } from "./architecture.js";
import type { LayerReader } from "./blocks/block-record.js";
import { blocks } from "./blocks/blocks.js";
import { addsInput, squeezedWidth } from "./blocks/widths.js";

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
  /** Numbers that the block keeps of its input, to be added at its end. */
  keeps: number;
  /** Those of them that live beside the map that the next layer reads: for a block's first layer that map is the input itself. */
  kept: number;
};

/** One image, in the conventions of `GraphProfile`; memory is the most that lives at once, which the planned arena reaches. */
export function countArchitecture(architecture: Architecture): Costs {
  const { stem, stages, head, classes, channels, resolution } = architecture;
  const count: Count = { params: 0, macs: 0, foldedAway: 0, peak: 0, channels, side: resolution, keeps: 0, kept: 0 };
  const reader = readerOf(count);

  dense(count, stem.channels, stem.kernel, stem.stride);
  for (const stage of stages) {
    for (let repeat = 0; repeat < stage.repeats; repeat++) {
      block(count, reader, stage, repeat === 0 ? stage.stride : 1);
    }
  }
  if (head.conv !== null) dense(count, head.conv, 1, 1);
  alive(count, mapSize(count) + count.channels); // the pool
  count.side = 1;
  if (head.hidden !== null) {
    if (head.hiddenNorm) dense(count, head.hidden, 1, 1);
    else biased(count, count.channels, head.hidden, 0);
  }
  biased(count, head.hidden ?? count.channels, classes, 0);

  const { params, macs, foldedAway, peak } = count;
  return { params, macs, weightBytes: FP32_BYTES * (params - foldedAway), peakActivationBytes: FP32_BYTES * peak };
}

const mapSize = ({ channels, side }: Count) => channels * side * side;

function alive(count: Count, numbers: number): void {
  if (numbers > count.peak) count.peak = numbers;
}

function block(count: Count, reader: LayerReader, stage: Stage, stride: 1 | 2): void {
  count.keeps = addsInput(stage, count.channels, stride) ? mapSize(count) : 0;
  count.kept = 0;
  blocks[stage.block].layers(reader, stage, count.channels, stride);
  count.keeps = 0;
  count.kept = 0;
}

const readerOf = (count: Count): LayerReader => ({
  convolution: (_, channels, kernel, stride) => dense(count, channels, kernel, stride),
  depthwise: (_, kernel, stride) => filter(count, count.channels, count.channels * kernel * kernel, stride),
  squeezeExcite: (spec, blockInput) => {
    const wide = count.channels;
    const squeezed = squeezedWidth(spec, blockInput, wide);
    const map = mapSize(count);
    alive(count, count.kept + map + wide); // the pool
    biased(count, wide, squeezed, count.kept + map);
    biased(count, squeezed, wide, count.kept + map);
    count.kept = count.keeps;
    alive(count, count.kept + map + wide); // the product
  },
});

/** A dense convolution with its norm. */
function dense(count: Count, channels: number, kernel: number, stride: number): void {
  filter(count, channels, channels * count.channels * kernel * kernel, stride);
}

/** Each of the weights meets every place of the output once. */
function filter(count: Count, channels: number, weights: number, stride: number): void {
  const input = mapSize(count);
  count.side = Math.ceil(count.side / stride);
  count.channels = channels;
  count.params += weights + 2 * channels;
  count.macs += weights * count.side * count.side;
  count.foldedAway += channels;
  alive(count, count.kept + input + mapSize(count));
  count.kept = count.keeps;
}

/** A 1×1 convolution with bias on a pooled vector. @param kept numbers that live beside its input and output. */
function biased(count: Count, input: number, output: number, kept: number): void {
  count.params += (input + 1) * output;
  count.macs += input * output;
  alive(count, kept + input + output);
}
