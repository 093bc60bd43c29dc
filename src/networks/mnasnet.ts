import type { Architecture, SqueezeExcite, Stage } from "./architecture.js";
import { alone, type Family, pytorch, tensorflow } from "./family.js";
import { compoundRules, type ScalingRules } from "./scale.js";

/** A quarter of the block's input, whatever the expansion. */
const SE: SqueezeExcite = { ratio: 0.25, of: "input", divisor: 1, activation: "relu", gate: "sigmoid" };

const mbconv = (
  expansion: number,
  kernel: 3 | 5,
  stride: 1 | 2,
  channels: number,
  repeats: number,
  squeezeExcite: SqueezeExcite | null = null,
): Stage => ({
  block: "invertedResidual",
  kernel,
  stride,
  channels,
  repeats,
  expansion,
  squeezeExcite,
  activation: "relu",
  residual: true,
});

/** Figure 7 leaves the convolution to 1280 channels out; the released code and the published sizes have it. */
const common = {
  classes: 1000,
  channels: 3,
  resolution: 224,
  padding: "same",
  norm: { epsilon: 1e-3, momentum: 0.99 },
  head: { conv: 1280, hidden: null, activation: "relu" },
  dropout: 0.2,
  dropPath: 0,
} as const;

const stem = (channels: number) => ({ channels, kernel: 3, stride: 2, activation: "relu" }) as const; // 224 → 112

/** @source Tan et al. 2018, arXiv:1807.11626, figure 7; tensorflow/tpu `models/official/mnasnet/mnasnet_models.py` */
const mnasnetA1: Architecture = {
  ...common,
  name: "mnasnet-a1",
  stem: stem(32),
  stages: [
    mbconv(1, 3, 1, 16, 1), //       112 → 112
    mbconv(6, 3, 2, 24, 2), //       112 → 56
    mbconv(3, 5, 2, 40, 3, SE), //    56 → 28
    mbconv(6, 3, 2, 80, 4), //        28 → 14
    mbconv(6, 3, 1, 112, 2, SE), //   14 → 14
    mbconv(6, 5, 2, 160, 3, SE), //   14 → 7
    mbconv(6, 3, 1, 320, 1), //        7 → 7
  ],
};

/** Found without squeeze-excite in the space. @source as A1, `mnasnet_b1` */
const mnasnetB1: Architecture = {
  ...common,
  name: "mnasnet-b1",
  stem: stem(32),
  stages: [
    mbconv(1, 3, 1, 16, 1), //   112 → 112
    mbconv(3, 3, 2, 24, 3), //   112 → 56
    mbconv(3, 5, 2, 40, 3), //    56 → 28
    mbconv(6, 5, 2, 80, 3), //    28 → 14
    mbconv(6, 3, 1, 96, 2), //    14 → 14
    mbconv(6, 5, 2, 192, 4), //   14 → 7
    mbconv(6, 3, 1, 320, 1), //    7 → 7
  ],
};

/**
 * The first row is declared with 16 inputs but gets the stem's 8. The release compares the declared width, and so leaves the
 * residual of that block out; timm compares the real one, and has it.
 * @source as A1, `mnasnet_small`
 */
const mnasnetSmall: Architecture = {
  ...common,
  name: "mnasnet-small",
  dropout: 0,
  stem: stem(8),
  stages: [
    { ...mbconv(1, 3, 1, 8, 1), residual: false }, // 112 → 112
    mbconv(3, 3, 2, 16, 1), //      112 → 56
    mbconv(6, 3, 2, 16, 2), //       56 → 28
    mbconv(6, 5, 2, 32, 4, SE), //   28 → 14
    mbconv(6, 3, 1, 32, 3, SE), //   14 → 14
    mbconv(6, 5, 2, 88, 3, SE), //   14 → 7
    mbconv(6, 3, 1, 144, 1), //       7 → 7
  ],
};

const withEveryResidual = (network: Architecture): Architecture => ({
  ...network,
  stages: network.stages.map((row) => ({ ...row, residual: true })),
});

/** The last convolution has 1280 channels at every width. */
const rules: ScalingRules = { ...compoundRules, headConv: "fixed" };
const [tf, torch, timm] = [tensorflow(rules), pytorch(rules), pytorch(rules)];

export const mnasnetFamily: Family = {
  paper: {
    title: "MnasNet: Platform-Aware Neural Architecture Search for Mobile",
    authors: "Tan et al.",
    year: 2018,
    source: "arXiv:1807.11626",
  },
  members: [
    alone(mnasnetA1, { tf, timm }),
    alone(mnasnetB1, { tf, torch, timm }),
    alone(mnasnetSmall, { tf }),
    alone(withEveryResidual(mnasnetSmall), { timm }),
  ],
};
