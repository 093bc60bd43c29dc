/**
 * The layers that all networks are made of. Each function appends to a graph under construction; the names of its
 * parameters are its path there, the same in every mode.
 */
import { type Padding, samePadding, sizeOf, type Value } from "../ir/index.js";
import type { GraphBuilder } from "../ops/index.js";
import type { Activation, Architecture, SqueezeExcite } from "./architecture.js";
import { squeezedWidth } from "./blocks/widths.js";

/**
 * `train`: batch norm with the batch's own statistics, dropout and drop path as masks that are inputs.
 * `inference`: batch norm with running statistics, which are parameters; no noise.
 * `folded`: no batch norm; every convolution has a bias.
 */
export type Mode = "train" | "inference" | "folded";

/** What one batch norm measured, and which running statistics it belongs to. */
export type Statistics = {
  /** `[C]`. */
  readonly mean: Value;
  /** `[C]`, biased: divided by `count`. */
  readonly variance: Value;
  /** Name of the running mean in inference graphs and checkpoints. */
  readonly runningMean: string;
  readonly runningVariance: string;
  /** N·H·W: how many numbers each statistic is made of. */
  readonly count: number;
};

/** A mask that the trainer feeds: 0 with probability `rate`, else 1 / (1 − rate). */
export type Noise = {
  readonly input: Value;
  readonly kind: "dropout" | "dropPath";
  readonly rate: number;
  /** `[N, F, 1, 1]` for dropout, `[N, 1, 1, 1]` for drop path. */
  readonly shape: readonly number[];
};

/** A graph under construction and what its layers report of themselves. */
export type Site = {
  readonly g: GraphBuilder;
  readonly mode: Mode;
  /** What batch norm goes by: statistics of the batch, or running ones, which are parameters. */
  readonly norms: "batch" | "running";
  readonly padding: Architecture["padding"];
  readonly epsilon: number;
  readonly statistics: Statistics[];
  readonly noise: Noise[];
};

const zeros = { initializer: { kind: "constant", value: 0 }, trainable: true, decay: false } as const;
const ones = { ...zeros, initializer: { kind: "constant", value: 1 } } as const;

export const channelsOf = (x: Value): number => x.shape[1]!;

type ConvolutionSpec = {
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
  /** One filter per channel; `channels` is then that of the input. */
  readonly depthwise: boolean;
};

/** `[N, C, H, W]` to `[N, channels, ⌈H / stride⌉, ⌈W / stride⌉]`; weights `[out, in ÷ groups, kernel, kernel]`. */
function convolution(site: Site, x: Value, spec: ConvolutionSpec, bias: boolean): Value {
  const { g } = site;
  const { channels, kernel, stride, depthwise } = spec;
  // Fan-out as TensorFlow and timm count it, so that a depthwise filter's is its own k² places.
  const fanOut = kernel * kernel * (depthwise ? 1 : channels);
  const shape = [channels, depthwise ? 1 : channelsOf(x), kernel, kernel];
  const initializer = { kind: "normal", deviation: Math.sqrt(2 / fanOut) } as const;
  const weight = g.parameter("weight", shape, { initializer, trainable: true, decay: true });
  const inputs = bias ? [x, weight, g.parameter("bias", [channels], zeros)] : [x, weight];
  const padding = paddingFor(site.padding, x, kernel, stride);
  return g.one(depthwise ? "depthwiseConv2d" : "conv2d", inputs, { stride, padding });
}

function paddingFor(padding: Architecture["padding"], x: Value, kernel: number, stride: number): Padding {
  const side = (kernel - 1) / 2;
  if (padding === "symmetric") return [side, side, side, side];
  const [top, bottom] = samePadding(x.shape[2]!, kernel, stride);
  const [left, right] = samePadding(x.shape[3]!, kernel, stride);
  return [top, left, bottom, right];
}

function batchNorm(site: Site, x: Value): Value {
  const { g, epsilon } = site;
  const channels = channelsOf(x);
  const gamma = g.parameter("gamma", [channels], ones);
  const beta = g.parameter("beta", [channels], zeros);
  if (site.norms === "batch") {
    const [y, mean, variance] = g.apply("batchNorm", [x, gamma, beta], { epsilon }) as [Value, Value, Value];
    const count = sizeOf(x.shape) / channels;
    site.statistics.push({
      mean,
      variance,
      runningMean: gamma.name.replace(/gamma$/, "mean"),
      runningVariance: gamma.name.replace(/gamma$/, "variance"),
      count,
    });
    return y;
  }
  const mean = g.parameter("mean", [channels], { ...zeros, trainable: false });
  const variance = g.parameter("variance", [channels], { ...ones, trainable: false });
  return g.one("batchNormInference", [x, gamma, beta, mean, variance], { epsilon });
}

type LayerSpec = Partial<ConvolutionSpec> & {
  readonly channels: number;
  /** null: linear. */
  readonly activation: Activation | null;
};

/** Convolution, batch norm, activation. */
export function convNormAct(site: Site, x: Value, { activation, ...spec }: LayerSpec): Value {
  const { g } = site;
  const full = { kernel: 1, stride: 1, depthwise: false, ...spec };
  const folded = site.mode === "folded";
  let y = g.scope("conv", () => convolution(site, x, full, folded));
  if (!folded) y = g.scope("norm", () => batchNorm(site, y));
  return activation === null ? y : g.scope("act", () => g[activation](y));
}

/** A 1×1 convolution with bias and without norm: the layers after the pool and inside squeeze-excite. */
export function biasedConv(site: Site, x: Value, channels: number): Value {
  return convolution(site, x, { channels, kernel: 1, stride: 1, depthwise: false }, true);
}

/** Weighs the channels of `x` by what the whole map says of them. @source Hu et al. 2017, arXiv:1709.01507, §3 */
export function squeezeExcite(site: Site, x: Value, blockInput: number, spec: SqueezeExcite): Value {
  const { g } = site;
  const wide = channelsOf(x);
  const squeezed = squeezedWidth(spec, blockInput, wide);
  return g.scope("squeeze", () => {
    let y = g.scope("pool", () => g.globalAveragePool(x));
    y = g.scope("reduce", () => g[spec.activation](biasedConv(site, y, squeezed)));
    y = g.scope("expand", () => g[spec.gate](biasedConv(site, y, wide)));
    return g.scope("scale", () => g.mul(x, y));
  });
}

/** Multiplies by a mask that is an input of the graph; in training only, and not for a rate of 0. */
export function noise(site: Site, x: Value, kind: Noise["kind"], rate: number): Value {
  if (site.mode !== "train" || rate === 0) return x;
  const { g } = site;
  const shape = [x.shape[0]!, kind === "dropout" ? channelsOf(x) : 1, 1, 1];
  return g.scope(kind, () => {
    const input = g.input(`${kind}.${site.noise.length}`, { dtype: "float32", axes: "image", shape });
    site.noise.push({ input, kind, rate, shape });
    return g.mul(x, input);
  });
}
