/**
 * The layers and blocks that all networks are made of. Each function appends to a graph under construction; the names of its
 * parameters are its path there, the same in every mode.
 */
import { type Padding, samePadding, sizeOf, type Value } from "../ir/index.js";
import type { GraphBuilder } from "../ops/index.js";
import type { Activation, Architecture, SqueezeExcite, Stage } from "./architecture.js";
import { makeDivisible } from "./rounding.js";

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

/** A graph under construction and what its blocks report of themselves. */
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

const channelsOf = (x: Value): number => x.shape[1]!;

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

/** Channels between the two layers of a squeeze-excite, from those of its block's input and those that it scales. */
export function squeezedWidth({ of, ratio, divisor }: SqueezeExcite, blockInput: number, wide: number): number {
  const width = (of === "input" ? blockInput : wide) * ratio;
  return divisor === 1 ? Math.max(1, Math.floor(width)) : makeDivisible(width, divisor);
}

/** Hidden channels of an inverted residual. */
export function expandedWidth(inChannels: number, expansion: number): number {
  return expansion === 1 ? inChannels : makeDivisible(inChannels * expansion, 8);
}

/** Weighs the channels of `x` by what the whole map says of them. @source Hu et al. 2017, arXiv:1709.01507, §3 */
function squeezeExcite(site: Site, x: Value, blockInput: number, spec: SqueezeExcite): Value {
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

/** What of a stage a single block needs. `stride` is the block's own: 1 in every repeat but the first. */
export type BlockSpec = Omit<Stage, "block" | "repeats">;

/** Filter each channel on its own, then mix the channels. @source Howard et al. 2017, arXiv:1704.04861, §3.1 */
export function separable(site: Site, x: Value, spec: BlockSpec): Value {
  const { g } = site;
  const { kernel, stride, activation } = spec;
  const filter = { channels: channelsOf(x), kernel, stride, depthwise: true, activation };
  const y = g.scope("depthwise", () => convNormAct(site, x, filter));
  return g.scope("pointwise", () => convNormAct(site, y, { channels: spec.channels, activation }));
}

/**
 * Widen, filter each channel on its own, project back; add the input where the table says so and the shape was kept.
 *
 * @param dropRate how often, in training, an image goes without the block and has only its input.
 * @source Sandler et al. 2018, arXiv:1801.04381, §3.3; squeeze-excite before the projection: Howard et al. 2019, fig. 4
 */
export function invertedResidual(site: Site, x: Value, spec: BlockSpec, dropRate: number): Value {
  const { g } = site;
  const { kernel, stride, activation, channels } = spec;
  const inChannels = channelsOf(x);
  const wide = expandedWidth(inChannels, spec.expansion);

  let y = x;
  if (spec.expansion !== 1) y = g.scope("expand", () => convNormAct(site, y, { channels: wide, activation }));
  const filter = { channels: wide, kernel, stride, depthwise: true, activation };
  y = g.scope("depthwise", () => convNormAct(site, y, filter));
  if (spec.squeezeExcite !== null) y = squeezeExcite(site, y, inChannels, spec.squeezeExcite);
  y = g.scope("project", () => convNormAct(site, y, { channels, activation: null })); // a linear bottleneck

  if (!spec.residual || stride !== 1 || inChannels !== channels) return y;
  const kept = noise(site, y, "dropPath", dropRate);
  return g.scope("residual", () => g.add(x, kept));
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
