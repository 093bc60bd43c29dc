import type { Architecture, SqueezeExcite } from "../index.js";

const squeezeExcite: SqueezeExcite = {
  ratio: 0.25,
  of: "expanded",
  divisor: 8,
  activation: "relu",
  gate: "hardSigmoid",
};

/** A network of separable blocks and inverted residuals with everything that they can have, small enough to run in a test. */
export function tinyNetwork(changes: Partial<Architecture> = {}): Architecture {
  return {
    name: "tiny",
    classes: 5,
    channels: 3,
    resolution: 17, // odd, so that padding is uneven somewhere
    padding: "same",
    norm: { epsilon: 1e-3, momentum: 0.9 },
    stem: { channels: 8, kernel: 3, stride: 2, activation: "hardSwish" },
    stages: [
      {
        block: "separable",
        kernel: 3,
        stride: 1,
        channels: 8,
        repeats: 1,
        expansion: 1,
        squeezeExcite: null,
        residual: false,
        activation: "relu6",
      },
      {
        block: "invertedResidual",
        kernel: 5,
        stride: 2,
        channels: 12,
        repeats: 2,
        expansion: 3,
        squeezeExcite,
        residual: true,
        activation: "silu",
      },
      {
        block: "invertedResidual",
        kernel: 3,
        stride: 1,
        channels: 12,
        repeats: 1,
        expansion: 1,
        residual: true,
        squeezeExcite: { ...squeezeExcite, of: "input", divisor: 1, activation: "silu", gate: "sigmoid" },
        activation: "relu",
      },
    ],
    head: { conv: 24, hidden: 16, activation: "hardSwish" },
    dropout: 0.2,
    dropPath: 0.3,
    ...changes,
  };
}

const dense = { kernel: 3, activation: "silu", residual: true } as const;

/** The same of the blocks with dense convolutions: with and without expansion, residual, stride and squeeze-excite. */
export function tinyFusedNetwork(changes: Partial<Architecture> = {}): Architecture {
  const before: SqueezeExcite = { ...squeezeExcite, of: "input", divisor: 1, activation: "silu", gate: "sigmoid" };
  return tinyNetwork({
    name: "tiny-fused",
    stages: [
      { ...dense, block: "fusedMbconv", stride: 1, channels: 8, repeats: 1, expansion: 1, squeezeExcite: before },
      { ...dense, block: "fusedMbconv", stride: 2, channels: 12, repeats: 2, expansion: 2, squeezeExcite: null },
      { ...dense, block: "fusedMbconv", kernel: 5, stride: 1, channels: 12, repeats: 1, expansion: 3, squeezeExcite },
      { ...dense, block: "fusedMbconv", stride: 2, channels: 16, repeats: 1, expansion: 1, squeezeExcite: null },
    ],
    ...changes,
  });
}

/** The same of universal inverted bottlenecks: with either, both and neither filter; its hidden layer has a norm. */
export function tinyUniversalNetwork(changes: Partial<Architecture> = {}): Architecture {
  const uib = {
    block: "universalInvertedBottleneck",
    activation: "relu",
    residual: true,
    squeezeExcite: null,
  } as const;
  return tinyNetwork({
    name: "tiny-universal",
    stem: { channels: 8, kernel: 3, stride: 1, activation: "hardSwish" }, // leaves the norms enough numbers
    stages: [
      { ...uib, startKernel: 3, kernel: 5, stride: 2, channels: 8, repeats: 2, expansion: 2, squeezeExcite },
      { ...uib, startKernel: 5, kernel: 1, stride: 2, channels: 12, repeats: 2, expansion: 3 },
      { ...uib, kernel: 3, stride: 1, channels: 12, repeats: 1, expansion: 2 },
      { ...uib, kernel: 1, stride: 1, channels: 12, repeats: 1, expansion: 2 },
      { ...uib, kernel: 1, stride: 2, channels: 16, repeats: 1, expansion: 1 },
    ],
    head: { conv: 24, hidden: 16, hiddenNorm: true, activation: "hardSwish" },
    ...changes,
  });
}
