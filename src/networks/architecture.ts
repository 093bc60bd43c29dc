/**
 * A network as plain data, in the papers' order and words. A published table, a candidate of the search, a scaled network
 * and a checkpoint all hold this one type; graphs, costs, reports and files are made from it.
 */
import type { Activation, Stage } from "./blocks/stage.js";

export type { Activation, SqueezeExcite, Stage } from "./blocks/stage.js";

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
