/**
 * A network as plain data, in the papers' order and words. A published table, a candidate of the search, a scaled network
 * and a checkpoint all hold this one type; graphs, costs, reports and files are made from it.
 */
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
  /** What each is, and which of the other fields it lacks, stands in its record in `blocks`. */
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

export type Architecture = {
  readonly name: string;
  readonly classes: number;
  /** Of the input image. */
  readonly channels: 1 | 3;
  /** Height and width of the input image, in pixels. */
  readonly resolution: number;
  /** `same`: TensorFlow's, the odd pixel at the end. `symmetric`: (kernel − 1) / 2 on each side, as in torchvision. */
  readonly padding: "same" | "symmetric";
  /** Batch norm; `momentum` is the share of the old statistic kept. */
  readonly norm: { readonly epsilon: number; readonly momentum: number };
  readonly stem: {
    readonly channels: number;
    readonly kernel: 3 | 5 | 7;
    readonly stride: 1 | 2;
    readonly activation: Activation;
  };
  readonly stages: readonly Stage[];
  readonly head: {
    /** Channels of a 1×1 convolution with batch norm before the pool. */
    readonly conv: number | null;
    /** Channels of a 1×1 convolution with bias, without batch norm, after the pool (MobileNetV3). */
    readonly hidden: number | null;
    /** Whether that layer has a batch norm in place of its bias (MobileNetV4); left out: no. */
    readonly hiddenNorm?: boolean;
    readonly activation: Activation;
  };
  /** Rate on the vector that enters the classifier. */
  readonly dropout: number;
  /** Stochastic depth: of N blocks, block i (from 0) loses its residual branch with rate `dropPath · i / N`. */
  readonly dropPath: number;
};
