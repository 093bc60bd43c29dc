/**
 * What the house needs to know of a kind of block. A block is written once, as the layers that it is made of; the graph, the
 * counters, the latency model and the weight layouts each read it in their own way.
 */
import type { Activation, SqueezeExcite, Stage } from "./stage.js";

/** What of a stage each of its blocks has. */
export type BlockSpec = Omit<Stage, "block" | "repeats" | "stride">;

/** The names of layers, below which their parameters lie in the graph; squeeze-excite's two are not among them. */
export type LayerName = "start" | "expand" | "depthwise" | "project" | "pointwise";

/** Who reads a block: each call is its next layer. Layers are named by arguments alone, for searches read blocks by the million. */
export type LayerReader = {
  /** A dense convolution, its norm and its activation. @param activation null: linear. */
  readonly convolution: (
    name: LayerName,
    channels: number,
    kernel: number,
    stride: 1 | 2,
    activation: Activation | null,
  ) => void;
  /** The same with one filter for each channel. */
  readonly depthwise: (name: LayerName, kernel: number, stride: 1 | 2, activation: Activation | null) => void;
  /** @param blockInput channels that the block reads. */
  readonly squeezeExcite: (spec: SqueezeExcite, blockInput: number) => void;
};

/** Fields of a row that not every block has a use for. */
export type OptionalField = "startKernel" | "expansion" | "squeezeExcite" | "residual";

export type BlockRecord = {
  /** In profiles and messages: `inverted residual`. */
  readonly title: string;
  /** In a network written as one line; empty for the usual block. */
  readonly abbreviation: string;
  /** Rows of it have the value of `absent` there, and a search that chooses another means the same network. */
  readonly lacks: readonly OptionalField[];
  /** Whether its kernel may be 1. */
  readonly pointwise: boolean;
  /**
   * The layers in running order. After the last, a block that keeps its input's shape adds it, where its row has a residual.
   *
   * @param input channels that the block reads. @param stride the block's own: 1 in every repeat but the first.
   */
  readonly layers: (reader: LayerReader, spec: BlockSpec, input: number, stride: 1 | 2) => void;
};

/** What stands in a field that a block lacks. */
export const absent = { startKernel: null, expansion: 1, squeezeExcite: null, residual: false } as const satisfies Pick<
  Stage,
  OptionalField
>;
