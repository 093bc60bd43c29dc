import type { Activation, Architecture, SqueezeExcite, Stage } from "./architecture.js";
import { alone, type Family, pytorch, tensorflow } from "./family.js";
import { compoundRules, type ScalingRules } from "./scale.js";

/** §5.3: a quarter of the expanded width, with the cheap gate of §5.2. */
const SE: SqueezeExcite = { ratio: 0.25, of: "expanded", divisor: 8, activation: "relu", gate: "hardSigmoid" };
const RE: Activation = "relu";
const HS: Activation = "hardSwish";

/** One row of tables 1 and 2. The tables print the expanded width; here stands its ratio to the input, so that it scales. */
const bneck = (
  kernel: 3 | 5,
  expansion: number,
  channels: number,
  squeezeExcite: SqueezeExcite | null,
  activation: Activation,
  stride: 1 | 2,
  repeats = 1,
): Stage => ({
  block: "invertedResidual",
  kernel,
  stride,
  channels,
  repeats,
  expansion,
  squeezeExcite,
  activation,
  residual: true,
});

const common = {
  classes: 1000,
  channels: 3,
  resolution: 224,
  padding: "same",
  norm: { epsilon: 1e-3, momentum: 0.99 },
  stem: { channels: 16, kernel: 3, stride: 2, activation: HS }, // 224 → 112
  dropout: 0.2,
  dropPath: 0,
} as const;

/**
 * MobileNetV3-Large, 224 × 224, 1000 classes. Rows that continue the one before at stride 1 are written as repeats.
 * @source Howard et al. 2019, arXiv:1905.02244, table 1; tensorflow/models `research/slim/nets/mobilenet/mobilenet_v3.py`
 */
const mobilenetV3Large: Architecture = {
  ...common,
  name: "mobilenet-v3-large",
  stages: [
    //    k  expansion  out  squeeze nl  s  n
    bneck(3, 1, 16, null, RE, 1), //           112 → 112
    bneck(3, 4, 24, null, RE, 2), //           112 → 56
    bneck(3, 3, 24, null, RE, 1), //            56 → 56
    bneck(5, 3, 40, SE, RE, 2, 3), //           56 → 28
    bneck(3, 6, 80, null, HS, 2), //            28 → 14
    bneck(3, 200 / 80, 80, null, HS, 1), //     14 → 14
    bneck(3, 184 / 80, 80, null, HS, 1, 2), //  14 → 14
    bneck(3, 6, 112, SE, HS, 1, 2), //          14 → 14
    bneck(5, 6, 160, SE, HS, 2, 3), //          14 → 7
  ],
  head: { conv: 960, hidden: 1280, activation: HS },
};

/**
 * MobileNetV3-Small, 224 × 224, 1000 classes. Rows that continue the one before at stride 1 are written as repeats.
 *
 * Table 2 ticks squeeze-and-excite on the last convolution; no released network has it, and the paper's own 2.5 M
 * parameters leave it out.
 * @source Howard et al. 2019, arXiv:1905.02244, table 2; tensorflow/models `research/slim/nets/mobilenet/mobilenet_v3.py`
 */
const mobilenetV3Small: Architecture = {
  ...common,
  name: "mobilenet-v3-small",
  stages: [
    //    k  expansion  out  squeeze nl  s  n
    bneck(3, 1, 16, SE, RE, 2), //            112 → 56
    bneck(3, 72 / 16, 24, null, RE, 2), //     56 → 28
    bneck(3, 88 / 24, 24, null, RE, 1), //     28 → 28
    bneck(5, 4, 40, SE, HS, 2), //             28 → 14
    bneck(5, 6, 40, SE, HS, 1, 2), //          14 → 14
    bneck(5, 3, 48, SE, HS, 1, 2), //          14 → 14
    bneck(5, 6, 96, SE, HS, 2, 3), //          14 → 7
  ],
  head: { conv: 576, hidden: 1024, activation: HS },
};

/**
 * For processors on which 5×5 kernels, squeeze-excite and h-swish are slow: the same widths and strides without them.
 * @source tensorflow/models `research/slim/nets/mobilenet/mobilenet_v3.py`, `V3_LARGE_MINIMALISTIC`
 */
function minimalistic(network: Architecture): Architecture {
  const { name, stem, stages, head } = network;
  return {
    ...network,
    name: `${name}-minimalistic`,
    stem: { ...stem, activation: RE },
    stages: stages.map((row) => ({ ...row, kernel: 3, squeezeExcite: null, activation: RE })),
    head: { ...head, activation: RE },
  };
}

/** The released code's rule, which gives the paper's numbers: expansions follow the scaled inputs, the hidden layer stays. */
const rules: ScalingRules = { ...compoundRules, headHidden: "fixed" };
const torchvisionRules: ScalingRules = { ...compoundRules, headConv: "sixfold", expansion: "ofTable" };
/** timm keeps a stem of 16 below 0.75; from there to 1, rounding gives 16 anyway. */
const timmRules: ScalingRules = { ...rules, stem: "neverNarrower" };

const full = { tf: tensorflow(rules), torch: pytorch(torchvisionRules, 1e-3), timm: pytorch(timmRules) };

export const mobilenetV3Family: Family = {
  paper: { title: "Searching for MobileNetV3", authors: "Howard et al.", year: 2019, source: "arXiv:1905.02244" },
  members: [
    alone(mobilenetV3Large, full),
    alone(mobilenetV3Small, full),
    alone(minimalistic(mobilenetV3Large), { tf: tensorflow(rules) }),
    alone(minimalistic(mobilenetV3Small), { tf: tensorflow(rules) }),
  ],
};
