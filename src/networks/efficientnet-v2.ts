import type { Architecture, SqueezeExcite, Stage } from "./architecture.js";
import { alone, type Family, pytorch, tensorflow } from "./family.js";
import { compoundRules, type ScalingRules } from "./scale.js";

/** A quarter of the block's input, whatever the expansion. */
const squeezeExcite: SqueezeExcite = { ratio: 0.25, of: "input", divisor: 1, activation: "silu", gate: "sigmoid" };

type Numbers = readonly [expansion: number, channels: number, repeats: number, stride: 1 | 2];

const common = { kernel: 3, activation: "silu", residual: true } as const;
const fused = (...[expansion, channels, repeats, stride]: Numbers): Stage => ({
  ...common,
  block: "fusedMbconv",
  stride,
  channels,
  repeats,
  expansion,
  squeezeExcite: null,
});
const mbconv = (...[expansion, channels, repeats, stride]: Numbers): Stage => ({
  ...common,
  block: "invertedResidual",
  stride,
  channels,
  repeats,
  expansion,
  squeezeExcite,
});

const network = (
  name: string,
  resolution: number,
  stem: number,
  dropout: number,
  stages: readonly Stage[],
): Architecture => ({
  name: `efficientnet-v2-${name}`,
  classes: 1000,
  channels: 3,
  resolution,
  padding: "same",
  norm: { epsilon: 1e-3, momentum: 0.9 },
  stem: { channels: stem, kernel: 3, stride: 2, activation: "silu" },
  stages,
  head: { conv: 1280, hidden: null, activation: "silu" },
  dropout,
  dropPath: 0.2,
});

/**
 * The networks at the side they are tested at; they were trained on fewer pixels.
 * @source Tan and Le 2021, arXiv:2104.00298, table 4; google/automl `efficientnetv2/effnetv2_configs.py`
 */
const [baseline, small, medium, large] = [
  network("b0", 224, 32, 0.2, [
    fused(1, 16, 1, 1), //    112 → 112
    fused(4, 32, 2, 2), //    112 → 56
    fused(4, 48, 2, 2), //     56 → 28
    mbconv(4, 96, 3, 2), //    28 → 14
    mbconv(6, 112, 5, 1), //   14 → 14
    mbconv(6, 192, 8, 2), //   14 → 7
  ]),
  network("s", 384, 24, 0.2, [
    fused(1, 24, 2, 1), //    192 → 192
    fused(4, 48, 4, 2), //    192 → 96
    fused(4, 64, 4, 2), //     96 → 48
    mbconv(4, 128, 6, 2), //   48 → 24
    mbconv(6, 160, 9, 1), //   24 → 24
    mbconv(6, 256, 15, 2), //  24 → 12
  ]),
  network("m", 480, 24, 0.3, [
    fused(1, 24, 3, 1), //    240 → 240
    fused(4, 48, 5, 2), //    240 → 120
    fused(4, 80, 5, 2), //    120 → 60
    mbconv(4, 160, 7, 2), //   60 → 30
    mbconv(6, 176, 14, 1), //  30 → 30
    mbconv(6, 304, 18, 2), //  30 → 15
    mbconv(6, 512, 5, 1), //   15 → 15
  ]),
  network("l", 480, 32, 0.4, [
    fused(1, 32, 4, 1), //    240 → 240
    fused(4, 64, 7, 2), //    240 → 120
    fused(4, 96, 7, 2), //    120 → 60
    mbconv(4, 192, 10, 2), //  60 → 30
    mbconv(6, 224, 19, 1), //  30 → 30
    mbconv(6, 384, 25, 2), //  30 → 15
    mbconv(6, 640, 7, 1), //   15 → 15
  ]),
] as const;

/** Width, depth, resolution and dropout of the networks that are scaled as the first EfficientNets were. @source as above */
const scaled = [
  ["b0", 1.0, 1.0, 224, 0.2],
  ["b1", 1.0, 1.1, 240, 0.2],
  ["b2", 1.1, 1.2, 260, 0.3],
  ["b3", 1.2, 1.4, 300, 0.3],
] as const;

/** The release rounds to the nearest multiple of 8, however much that loses: 16 · 1.2 is 16. */
const rules: ScalingRules = { ...compoundRules, widths: { kind: "divisible", divisor: 8, leaves: 0 } };

export const efficientnetV2Family: Family = {
  paper: {
    title: "EfficientNetV2: Smaller Models and Faster Training",
    authors: "Tan and Le",
    year: 2021,
    source: "arXiv:2104.00298",
  },
  members: [
    // torchvision and timm build B0 to B3 not at all, or with TensorFlow's padding and epsilon alone.
    ...scaled.map(([name, width, depth, resolution, dropout]) => ({
      baseline: { ...baseline, name: `efficientnet-v2-${name}`, dropout },
      width,
      depth,
      resolution,
      dialects: { tf: tensorflow(rules) },
    })),
    ...[small, medium, large].map((architecture) =>
      alone(architecture, {
        tf: tensorflow(rules),
        torch: pytorch(compoundRules, 1e-3),
        timm: pytorch(compoundRules),
      }),
    ),
  ],
};
