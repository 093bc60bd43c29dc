import type { Architecture, Stage } from "./architecture.js";
import { alone, type Family, pytorch, tensorflow } from "./family.js";
import { compoundRules, type ScalingRules } from "./scale.js";

const common = { squeezeExcite: null, activation: "relu" } as const;

/** A convolution with its norm: the papers' `ConvBN`. */
const conv = (kernel: 1 | 3, channels: number, stride: 1 | 2): Stage => ({
  ...common,
  block: "fusedMbconv",
  kernel,
  stride,
  channels,
  repeats: 1,
  expansion: 1,
  residual: false,
});
const fused = (channels: number): Stage => ({ ...conv(3, channels, 2), expansion: 4, residual: true });

/** Kernels of the two depthwise convolutions; 0 where there is none. */
const uib = (
  start: 0 | 3 | 5,
  middle: 0 | 3 | 5,
  expansion: number,
  channels: number,
  stride: 1 | 2 = 1,
  repeats = 1,
): Stage => ({
  ...common,
  block: "universalInvertedBottleneck",
  startKernel: start === 0 ? null : start,
  kernel: middle === 0 ? 1 : middle,
  stride,
  channels,
  repeats,
  expansion,
  residual: true,
});

const network = (
  size: string,
  resolution: number,
  stem: number,
  dropout: number,
  dropPath: number,
  norm: Architecture["norm"],
  stages: readonly Stage[],
): Architecture => ({
  name: `mobilenet-v4-conv-${size}`,
  classes: 1000,
  channels: 3,
  resolution,
  padding: "same",
  norm,
  stem: { channels: stem, kernel: 3, stride: 2, activation: "relu" },
  stages,
  head: { conv: 960, hidden: 1280, hiddenNorm: true, activation: "relu" },
  dropout,
  dropPath,
});

/**
 * The convolutional networks. The release drops the residual branches of Large at one rate, ours at one that rises to it.
 * @source Qin et al. 2024, arXiv:2404.10518; tensorflow/models `official/vision/modeling/backbones/mobilenet.py`,
 *   norm and dropout `official/vision/configs/experiments/image_classification/imagenet_mobilenetv4_conv_*_tpu.yaml`
 */
const small = network("small", 224, 32, 0.3, 0, { epsilon: 1e-6, momentum: 0.95 }, [
  conv(3, 32, 2), //          112 → 56
  conv(1, 32, 1),
  conv(3, 96, 2), //           56 → 28
  conv(1, 64, 1),
  uib(5, 5, 3, 96, 2), //      28 → 14
  uib(0, 3, 2, 96, 1, 4),
  uib(3, 0, 4, 96),
  uib(3, 3, 6, 128, 2), //     14 → 7
  uib(5, 5, 4, 128),
  uib(0, 5, 4, 128),
  uib(0, 5, 3, 128),
  uib(0, 3, 4, 128, 1, 2),
]);

const medium = network("medium", 256, 32, 0.2, 0.075, { epsilon: 1e-3, momentum: 0.997 }, [
  fused(48), //               128 → 64
  uib(3, 5, 4, 80, 2), //      64 → 32
  uib(3, 3, 2, 80),
  uib(3, 5, 6, 160, 2), //     32 → 16
  uib(3, 3, 4, 160, 1, 2),
  uib(3, 5, 4, 160),
  uib(3, 3, 4, 160),
  uib(3, 0, 4, 160),
  uib(0, 0, 2, 160),
  uib(3, 0, 4, 160),
  uib(5, 5, 6, 256, 2), //     16 → 8
  uib(5, 5, 4, 256),
  uib(3, 5, 4, 256, 1, 2),
  uib(0, 0, 4, 256),
  uib(3, 0, 4, 256),
  uib(3, 5, 2, 256),
  uib(5, 5, 4, 256),
  uib(0, 0, 4, 256, 1, 2),
  uib(5, 0, 2, 256),
]);

const large = network("large", 384, 24, 0.2, 0.2, { epsilon: 1e-3, momentum: 0.997 }, [
  fused(48), //               192 → 96
  uib(3, 5, 4, 96, 2), //      96 → 48
  uib(3, 3, 4, 96),
  uib(3, 5, 4, 192, 2), //     48 → 24
  uib(3, 3, 4, 192, 1, 3),
  uib(3, 5, 4, 192),
  uib(5, 3, 4, 192, 1, 5),
  uib(3, 0, 4, 192),
  uib(5, 5, 4, 512, 2, 4), //  24 → 12
  uib(5, 0, 4, 512),
  uib(5, 3, 4, 512),
  uib(5, 0, 4, 512, 1, 2),
  uib(5, 3, 4, 512),
  uib(5, 5, 4, 512),
  uib(5, 0, 4, 512, 1, 3),
]);

/** The layer after the pool stays; timm keeps the stem of its narrow networks as well. */
const rules: ScalingRules = { ...compoundRules, headHidden: "fixed" };
const timmRules: ScalingRules = { ...rules, stem: "neverNarrower" };

export const mobilenetV4Family: Family = {
  paper: {
    title: "MobileNetV4: Universal Models for the Mobile Ecosystem",
    authors: "Qin et al.",
    year: 2024,
    source: "arXiv:2404.10518",
  },
  members: [small, medium, large].map((architecture) =>
    alone(architecture, {
      tf: { ...tensorflow(rules), epsilon: architecture.norm.epsilon },
      timm: pytorch(timmRules),
    }),
  ),
};
