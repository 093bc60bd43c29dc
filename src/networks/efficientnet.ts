import type { Architecture, SqueezeExcite, Stage } from "./architecture.js";
import { type Family, type Member, pytorch, tensorflow } from "./family.js";
import { compoundRules, type ScalingRules } from "./scale.js";

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
  residual: true,
});

/**
 * EfficientNet-B0, 224 × 224, 1000 classes.
 * @source Tan and Le 2019, arXiv:1905.11946, table 1; tensorflow/tpu `models/official/efficientnet/efficientnet_builder.py`
 */
const efficientnetB0: Architecture = {
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

/** Width, depth, resolution and dropout; the name follows. */
type Row = readonly [name: string, width: number, depth: number, resolution: number, dropout: number];

/**
 * The published members of the family. They do not come from one φ: the release fixed them as a table.
 * @source tensorflow/tpu `models/official/efficientnet/efficientnet_builder.py`, `efficientnet_params`
 */
const variants: readonly Row[] = [
  ["efficientnet-b0", 1.0, 1.0, 224, 0.2],
  ["efficientnet-b1", 1.0, 1.1, 240, 0.2],
  ["efficientnet-b2", 1.1, 1.2, 260, 0.3],
  ["efficientnet-b3", 1.2, 1.4, 300, 0.3],
  ["efficientnet-b4", 1.4, 1.8, 380, 0.4],
  ["efficientnet-b5", 1.6, 2.2, 456, 0.4],
  ["efficientnet-b6", 1.8, 2.6, 528, 0.5],
  ["efficientnet-b7", 2.0, 3.1, 600, 0.5],
];

/** torchvision runs B5 to B7 on Google's weights, and with their epsilon. */
const trainedByGoogle = ["efficientnet-b5", "efficientnet-b6", "efficientnet-b7"];

export const efficientnetFamily: Family = {
  paper: {
    title: "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
    authors: "Tan and Le",
    year: 2019,
    source: "arXiv:1905.11946",
  },
  // Stem, stages and last convolution all scale.
  members: variants.map((row) =>
    member(efficientnetB0, row, {
      tf: tensorflow(compoundRules),
      torch: pytorch(compoundRules, trainedByGoogle.includes(row[0]) ? 1e-3 : 1e-5),
      timm: pytorch(compoundRules),
    }),
  ),
};

/** Without squeeze-excite and with ReLU6, which are kinder to integers. */
const liteB0: Architecture = {
  ...efficientnetB0,
  stem: { ...efficientnetB0.stem, activation: "relu6" },
  stages: efficientnetB0.stages.map((row) => ({ ...row, squeezeExcite: null, activation: "relu6" })),
  head: { ...efficientnetB0.head, activation: "relu6" },
};

/** @source tensorflow/tpu `models/official/efficientnet/lite/efficientnet_lite_builder.py`, `efficientnet_lite_params` */
const liteVariants: readonly Row[] = [
  ["efficientnet-lite0", 1.0, 1.0, 224, 0.2],
  ["efficientnet-lite1", 1.0, 1.1, 240, 0.2],
  ["efficientnet-lite2", 1.1, 1.2, 260, 0.3],
  ["efficientnet-lite3", 1.2, 1.4, 280, 0.3],
  ["efficientnet-lite4", 1.4, 1.8, 300, 0.3],
];

/** Stem and head stay, and so do the repeats of the first and the last stage. */
const liteRules: ScalingRules = { ...compoundRules, stem: "fixed", headConv: "fixed", endRepeats: "fixed" };

export const efficientnetLiteFamily: Family = {
  paper: {
    title: "EfficientNet-Lite",
    authors: "Google",
    year: 2020,
    source: "tensorflow/tpu models/official/efficientnet/lite",
  },
  members: liteVariants.map((row) => member(liteB0, row, { tf: tensorflow(liteRules), timm: pytorch(liteRules) })),
};

function member(
  baseline: Architecture,
  [name, width, depth, resolution, dropout]: Row,
  dialects: Member["dialects"],
): Member {
  return { baseline: { ...baseline, name, dropout }, width, depth, resolution, dialects };
}
