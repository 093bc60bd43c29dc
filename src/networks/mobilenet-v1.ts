import type { Architecture, Stage } from "./architecture.js";
import { alone, type Family, pytorch, tensorflow } from "./family.js";
import { compoundRules, type ScalingRules } from "./scale.js";

const separable = (channels: number, repeats: number, stride: 1 | 2): Stage => ({
  block: "separable",
  kernel: 3,
  stride,
  channels,
  repeats,
  expansion: 1,
  squeezeExcite: null,
  activation: "relu6", // the paper says ReLU; the released code and weights use ReLU6
  residual: false,
});

/**
 * MobileNet, 224 × 224, 1000 classes. Rows of equal width are written as one.
 *
 * Table 1 prints stride 2 for the last depthwise convolution, between two maps of 7 × 7; that is a misprint.
 * @source Howard et al. 2017, arXiv:1704.04861, table 1; tensorflow/models `research/slim/nets/mobilenet_v1.py`
 */
const mobilenetV1: Architecture = {
  name: "mobilenet-v1",
  classes: 1000,
  channels: 3,
  resolution: 224,
  padding: "same",
  // The release kept 0.9997 of the old statistics, for runs of millions of steps; 0.99 follows within a few hundred.
  norm: { epsilon: 1e-3, momentum: 0.99 },
  stem: { channels: 32, kernel: 3, stride: 2, activation: "relu6" }, // 224 → 112
  stages: [
    separable(64, 1, 1), //    112 → 112
    separable(128, 2, 2), //   112 → 56
    separable(256, 2, 2), //    56 → 28
    separable(512, 6, 2), //    28 → 14
    separable(1024, 2, 2), //   14 → 7
  ],
  head: { conv: null, hidden: null, activation: "relu6" },
  dropout: 0.001,
  dropPath: 0,
};

/** §3.3: every width times α, truncated as in the released code, not rounded to multiples of 8. */
const rules: ScalingRules = { ...compoundRules, widths: { kind: "truncated", least: 8 } };

export const mobilenetV1Family: Family = {
  paper: {
    title: "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
    authors: "Howard et al.",
    year: 2017,
    source: "arXiv:1704.04861",
  },
  members: [
    // timm rounds to multiples of 8.
    alone(mobilenetV1, { tf: tensorflow(rules), timm: pytorch(compoundRules) }),
    // timm's `mobilenetv1_100h`: one more convolution before the pool.
    alone(
      { ...mobilenetV1, name: "mobilenet-v1h", head: { ...mobilenetV1.head, conv: 1024 } },
      { timm: pytorch({ ...compoundRules, headConv: "fixed" }) },
    ),
  ],
};
