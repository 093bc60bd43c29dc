import type { Architecture, SqueezeExcite, Stage } from "./architecture.js";
import type { ScalingRules } from "./scale.js";

/** A quarter of the block's input, whatever the expansion. */
const squeezeExcite: SqueezeExcite = { ratio: 0.25, of: "input", divisor: 1, activation: "silu", gate: "sigmoid" };

const mbconv = (expansion: number, kernel: 3 | 5, channels: number, repeats: number, stride: 1 | 2): Stage => ({
  block: "invertedResidual",
  kernel,
  stride,
  channels,
  repeats,
  expansion,
  squeezeExcite,
  activation: "silu",
});

/**
 * EfficientNet-B0, 224 × 224, 1000 classes.
 * @source Tan and Le 2019, arXiv:1905.11946, table 1; tensorflow/tpu `models/official/efficientnet/efficientnet_builder.py`
 */
export const efficientnetB0: Architecture = {
  name: "efficientnet-b0",
  classes: 1000,
  channels: 3,
  resolution: 224,
  padding: "same",
  norm: { epsilon: 1e-3, momentum: 0.99 },
  stem: { channels: 32, kernel: 3, stride: 2, activation: "silu" }, // 224 → 112
  stages: [
    mbconv(1, 3, 16, 1, 1), //  112 → 112
    mbconv(6, 3, 24, 2, 2), //  112 → 56
    mbconv(6, 5, 40, 2, 2), //   56 → 28
    mbconv(6, 3, 80, 3, 2), //   28 → 14
    mbconv(6, 5, 112, 3, 1), //  14 → 14
    mbconv(6, 5, 192, 4, 2), //  14 → 7
    mbconv(6, 3, 320, 1, 1), //   7 → 7
  ],
  head: { conv: 1280, hidden: null, activation: "silu" },
  dropout: 0.2,
  dropPath: 0.2,
};

export type EfficientNetVariant = {
  readonly width: number;
  readonly depth: number;
  readonly resolution: number;
  readonly dropout: number;
};

/**
 * The published members of the family. They do not come from one φ: the release fixed them as a table.
 * @source tensorflow/tpu `models/official/efficientnet/efficientnet_builder.py`, `efficientnet_params`
 */
export const efficientnetVariants: Readonly<Record<string, EfficientNetVariant>> = {
  "efficientnet-b0": { width: 1.0, depth: 1.0, resolution: 224, dropout: 0.2 },
  "efficientnet-b1": { width: 1.0, depth: 1.1, resolution: 240, dropout: 0.2 },
  "efficientnet-b2": { width: 1.1, depth: 1.2, resolution: 260, dropout: 0.3 },
  "efficientnet-b3": { width: 1.2, depth: 1.4, resolution: 300, dropout: 0.3 },
  "efficientnet-b4": { width: 1.4, depth: 1.8, resolution: 380, dropout: 0.4 },
  "efficientnet-b5": { width: 1.6, depth: 2.2, resolution: 456, dropout: 0.4 },
  "efficientnet-b6": { width: 1.8, depth: 2.6, resolution: 528, dropout: 0.5 },
  "efficientnet-b7": { width: 2.0, depth: 3.1, resolution: 600, dropout: 0.5 },
};

/** Stem, stages and last convolution all scale. */
export const efficientnetRules: ScalingRules = {
  widths: { kind: "divisible", divisor: 8 },
  repeats: "up",
  headConv: "scaled",
  headHidden: "scaled",
  resolutionMultiple: 1,
};
