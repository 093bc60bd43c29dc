import type { Architecture, Stage } from "./architecture.js";
import { alone, type Family, pytorch, tensorflow } from "./family.js";
import { compoundRules, type ScalingRules } from "./scale.js";

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
  residual: true,
});

/**
 * MobileNetV2, 224 × 224, 1000 classes.
 * @source Sandler et al. 2018, arXiv:1801.04381, table 2; tensorflow/models `research/slim/nets/mobilenet/mobilenet_v2.py`
 */
const mobilenetV2: Architecture = {
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
const rules: ScalingRules = { ...compoundRules, headConv: "neverNarrower" };

/** timm's `mobilenetv2_110d` and `120d`, deeper and wider between a stem and a head that stay. */
const deeper = (name: string, width: number, depth: number) => ({
  ...alone(
    { ...mobilenetV2, name },
    { timm: pytorch({ ...rules, stem: "fixed", headConv: "fixed", endRepeats: "fixed" }) },
  ),
  width,
  depth,
});

export const mobilenetV2Family: Family = {
  paper: {
    title: "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
    authors: "Sandler et al.",
    year: 2018,
    source: "arXiv:1801.04381",
  },
  members: [
    alone(mobilenetV2, { tf: tensorflow(rules), torch: pytorch(rules), timm: pytorch(rules) }),
    deeper("mobilenet-v2-110d", 1.1, 1.2),
    deeper("mobilenet-v2-120d", 1.2, 1.4),
  ],
};
