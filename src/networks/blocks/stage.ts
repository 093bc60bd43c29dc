/** A row of a network's table, in the papers' words: blocks of one kind. */
export type Activation = "relu" | "relu6" | "hardSwish" | "silu";

/** Global average → 1×1 convolution → `activation` → 1×1 convolution → `gate`; the result scales the channels. */
export type SqueezeExcite = {
  /** Width of the squeezed vector ÷ width of what `of` names. */
  readonly ratio: number;
  /** EfficientNet squeezes relative to the block's input, MobileNetV3 relative to its expanded width. */
  readonly of: "input" | "expanded";
  /** MobileNetV3 makes the squeezed width divisible by 8; 1 means EfficientNet's `max(1, ⌊width⌋)`. */
  readonly divisor: number;
  readonly activation: Activation;
  readonly gate: "sigmoid" | "hardSigmoid";
};

/** One row of a paper's table. */
export type Stage = {
  /** What each is, and which of the other fields it lacks, stands in its record. */
  readonly block: "separable" | "invertedResidual" | "universalInvertedBottleneck" | "fusedMbconv";
  /** 1: a pointwise convolution in a fused block; in a universal one no filter there. */
  readonly kernel: 1 | 3 | 5 | 7;
  /** Of a universal block's filter before the expansion; null or left out: none. */
  readonly startKernel?: 3 | 5 | 7 | null;
  /** Of the first block; its repeats have stride 1. */
  readonly stride: 1 | 2;
  /** Output channels. */
  readonly channels: number;
  readonly repeats: number;
  /** Hidden ÷ input channels, real; the product is made divisible by 8. 1 omits the expansion. */
  readonly expansion: number;
  readonly squeezeExcite: SqueezeExcite | null;
  readonly activation: Activation;
  /** Whether a block that keeps its input's shape adds it to its output. */
  readonly residual: boolean;
};
