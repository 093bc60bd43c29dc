import type { Architecture, Stage } from "./architecture.js";
import type { ScalingRules } from "./scale.js";

/** t, c, n, s: the columns of table 2. */
const bottleneck = (expansion: number, channels: number, repeats: number, stride: 1 | 2): Stage => ({
  block: "invertedResidual",
  kernel: 3,
  stride,
  channels,
  repeats,
  expansion,
  squeezeExcite: null,
  activation: "relu6",
});

/**
 * MobileNetV2, 224 × 224, 1000 classes.
 * @source Sandler et al. 2018, arXiv:1801.04381, table 2; tensorflow/models `research/slim/nets/mobilenet/mobilenet_v2.py`
 */
export const mobilenetV2: Architecture = {
  name: "mobilenet-v2",
  classes: 1000,
  channels: 3,
  resolution: 224,
  padding: "same",
  // The release kept 0.997 of the old statistics, for long runs; 0.99 follows within a few hundred steps.
  norm: { epsilon: 1e-3, momentum: 0.99 },
  stem: { channels: 32, kernel: 3, stride: 2, activation: "relu6" }, // 224 → 112
  stages: [
    bottleneck(1, 16, 1, 1), //  112 → 112
    bottleneck(6, 24, 2, 2), //  112 → 56
    bottleneck(6, 32, 3, 2), //   56 → 28
    bottleneck(6, 64, 4, 2), //   28 → 14
    bottleneck(6, 96, 3, 1), //   14 → 14
    bottleneck(6, 160, 3, 2), //  14 → 7
    bottleneck(6, 320, 1, 1), //   7 → 7
  ],
  head: { conv: 1280, hidden: null, activation: "relu6" },
  dropout: 0.2,
  dropPath: 0,
};

/** §6.1: the multiplier applies to all layers except, below 1, the last convolution. */
export const mobilenetV2Rules: ScalingRules = {
  widths: { kind: "divisible", divisor: 8 },
  repeats: "up",
  headConv: "neverNarrower",
  headHidden: "scaled",
  resolutionMultiple: 1,
};
