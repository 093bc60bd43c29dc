/** The spaces that Bantam searches, and those of the papers. */
import { halvingsFor, makeDivisible, type SqueezeExcite } from "../networks/index.js";
import type { SearchSpace, StageSpace } from "./space.js";

export type SpaceOptions = {
  readonly classes: number;
  readonly channels: 1 | 3;
  /** From small to large, px. */
  readonly resolutions: readonly number[];
};

/** Strides of the five stages, by how often the map is halved in all, the stem's halving included. */
const stageStrides: Readonly<Record<number, readonly (1 | 2)[]>> = {
  1: [1, 1, 1, 1, 1],
  2: [1, 1, 2, 1, 1],
  3: [1, 2, 1, 2, 1], // 28 px: 14 14 7 7 4 4
  4: [1, 2, 2, 1, 2], // 64 px: 32 32 16 8 8 4
  5: [1, 2, 2, 2, 2], // 224 px: 112 112 56 28 14 7
};

const ofExpanded: SqueezeExcite = {
  ratio: 0.25,
  of: "expanded",
  divisor: 4,
  activation: "relu",
  gate: "hardSigmoid",
};

/**
 * The space for images of one size: five stages as in MobileNet v3 and EfficientNet, each free in five ways. Small images
 * are halved less often, by the rule for the published networks. Channels are multiples of 4: fine enough for small
 * budgets, and what SIMD units like.
 */
export function imageSpace(options: SpaceOptions): SearchSpace {
  const largest = Math.max(...options.resolutions);
  // The smallest side bears them too: a map of two by two is all border.
  const strides = stageStrides[Math.max(1, halvingsFor(Math.min(...options.resolutions), 5))]!;
  const stage = (index: number, channels: readonly number[], repeats: readonly number[]): StageSpace => ({
    stride: strides[index]!,
    blocks: ["invertedResidual"],
    kernels: [3, 5],
    expansions: index === 0 ? [1, 2, 3] : [2, 3, 4, 6],
    squeezeExcite: [false, true],
    residual: [true],
    channels,
    repeats,
  });
  return {
    ...options,
    widths: [0.25, 0.35, 0.5, 0.75, 1, 1.25, 1.5, 2],
    channelDivisor: 4,
    // A stem that keeps the map is affordable, and worth it, where there are few pixels.
    stemStrides: largest < 48 ? [2, 1] : [2],
    stemChannels: [16],
    activations: ["relu", "relu6", "hardSwish"],
    squeezeExcite: ofExpanded,
    stages: [
      stage(0, [12, 16, 20], [1]),
      stage(1, [16, 24, 32], [1, 2]),
      stage(2, [32, 40, 48], [1, 2, 3]),
      stage(3, [56, 72, 88], [1, 2, 3]),
      stage(4, [88, 112, 136], [1, 2]),
    ],
    headChannels: [128, 192, 256, 384],
    hiddenChannels: [null],
  };
}

/** Channels, repeats and stride of MobileNetV2's seven stages. */
const v2Stages = [
  [16, 1, 1],
  [24, 2, 2],
  [32, 3, 2],
  [64, 4, 2],
  [96, 3, 1],
  [160, 3, 2],
  [320, 1, 1],
] as const;

/**
 * MnasNet's factorized hierarchical space: around MobileNetV2, each stage with its own block, kernel, squeeze-excite, skip,
 * 0.75, 1 or 1.25 times the filters, and a block less or more. The paper's regular convolution and its pooling skip, which none
 * of its networks uses, are left out.
 *
 * @source Tan et al. 2018, arXiv:1807.11626, §4.1
 */
export function mnasnetSpace(options: SpaceOptions): SearchSpace {
  return {
    ...options,
    widths: [1],
    channelDivisor: 8,
    stemStrides: [2],
    stemChannels: [32],
    activations: ["relu"],
    squeezeExcite: { ratio: 0.25, of: "input", divisor: 1, activation: "relu", gate: "sigmoid" },
    stages: v2Stages.map(
      ([channels, repeats, stride]): StageSpace => ({
        stride,
        blocks: ["separable", "invertedResidual"],
        kernels: [3, 5],
        expansions: [1, 3, 6],
        squeezeExcite: [false, true],
        residual: [false, true],
        channels: distinct([0.75, 1, 1.25].map((factor) => makeDivisible(channels * factor, 8))),
        repeats: distinct([repeats - 1, repeats, repeats + 1].map((count) => Math.max(1, count))),
      }),
    ),
    headChannels: [1280],
    hiddenChannels: [null],
  };
}

/** Channels and stride of MobileNetV3-Large's five larger stages. */
const v3Stages = [
  [24, 2],
  [40, 2],
  [80, 2],
  [112, 1],
  [160, 2],
] as const;

/**
 * The space around MobileNetV3-Large that Once-for-All searches: kernel, expansion and depth of each stage are free, widths
 * are the network's; here squeeze-excite is free too.
 *
 * @source Cai et al. 2020, arXiv:1908.09791, §3.1
 */
export function mobilenetV3Space(options: SpaceOptions): SearchSpace {
  const stage = (channels: number, stride: 1 | 2, fixed: Partial<StageSpace> = {}): StageSpace => ({
    stride,
    blocks: ["invertedResidual"],
    kernels: [3, 5, 7],
    expansions: [3, 4, 6],
    squeezeExcite: [false, true],
    residual: [true],
    channels: [channels],
    repeats: [2, 3, 4],
    ...fixed,
  });
  return {
    ...options,
    widths: [1],
    channelDivisor: 8,
    stemStrides: [2],
    stemChannels: [16],
    activations: ["hardSwish"],
    squeezeExcite: { ratio: 0.25, of: "expanded", divisor: 8, activation: "relu", gate: "hardSigmoid" },
    stages: [
      stage(16, 1, { kernels: [3], expansions: [1], squeezeExcite: [false], repeats: [1] }),
      ...v3Stages.map(([channels, stride]) => stage(channels, stride)),
    ],
    headChannels: [960],
    hiddenChannels: [1280],
  };
}

const distinct = <T>(items: readonly T[]): T[] => [...new Set(items)];
