/**
 * A rule by which networks of every size are drawn for images of every side: what stays the same in all of them, and five numbers that
 * differ.
 */
import type { Activation, Architecture, SqueezeExcite, Stage } from "../networks/index.js";

export type ShapeRule = {
  readonly name: string;
  /** Hidden ÷ input channels of every block but those of the first stage, which has 1. */
  readonly expansion: number;
  readonly kernel: 3 | 5;
  /** Of every stage but the first. */
  readonly squeezeExcite: SqueezeExcite | null;
  /** Of stem and head, which are cheap, and of the blocks. */
  readonly activations: { readonly ends: Activation; readonly blocks: Activation };
  /** The size that looks best at `side`; sizes away from it are taken only for what they make of a budget. */
  readonly usual: Omit<Size, "side"> & { readonly side: number };
};

/** Numbers that make a network of a rule. */
export type Size = {
  /** Of the images, px. */
  readonly side: number;
  /** Channels of the stem and of the first stage. */
  readonly stem: number;
  /** Channels of a stage ÷ those of the stage before. */
  readonly growth: number;
  /** Blocks of each stage between the first, which has one, and the last. */
  readonly depth: number;
  /** Blocks of the last stage. */
  readonly lastDepth: number;
};

/** What the images are. */
export type Input = { readonly classes: number; readonly channels: 1 | 3 };

/** The last map has about so many places a side: 28 px are halved twice, 224 px five times. */
const LAST_SIDE = 7;
/** From here on the stem halves, px: below, every place counts. */
const HALVED_BY_STEM = 48;

/** Strides of the stem and of each stage. */
function stridesFor(side: number): { readonly stem: 1 | 2; readonly stages: readonly (1 | 2)[] } {
  const halvings = Math.max(1, Math.round(Math.log2(side / LAST_SIDE)));
  const stem = side >= HALVED_BY_STEM ? 2 : 1;
  return { stem, stages: [1, ...new Array<2>(halvings - (stem - 1)).fill(2)] };
}

/** SIMD units like multiples of 4. */
const DIVISOR = 4;

export function networkOf(rule: ShapeRule, { classes, channels }: Input, size: Size): Architecture {
  const { side, stem, growth, depth, lastDepth } = size;
  const strides = stridesFor(side);
  const last = strides.stages.length - 1;
  const stage = (stride: 1 | 2, i: number): Stage => ({
    block: "invertedResidual",
    kernel: rule.kernel,
    stride,
    channels: DIVISOR * Math.round((stem * growth ** i) / DIVISOR),
    repeats: i === 0 ? 1 : i === last ? lastDepth : depth,
    expansion: i === 0 ? 1 : rule.expansion,
    squeezeExcite: i === 0 ? null : rule.squeezeExcite,
    activation: rule.activations.blocks,
    residual: true,
  });
  return {
    name: rule.name,
    classes,
    channels,
    resolution: side,
    padding: "same",
    norm: { epsilon: 0.001, momentum: 0.9 },
    stem: { channels: stem, kernel: 3, stride: strides.stem, activation: rule.activations.ends },
    stages: strides.stages.map(stage),
    head: { conv: null, hidden: null, activation: rule.activations.ends },
    dropout: 0,
    dropPath: 0,
  };
}
