import { ShapeError } from "../base/index.js";
import type { NodeOf, OpName, TensorType, Value, Vocabulary } from "../ir/index.js";
import type { GraphBuilder } from "./builder.js";

/**
 * How a lowering stores `image` values.
 *
 * `image-major`: `[N, C, H, W]`, as deployed files have it; nothing depends on N, so the batch stays free.
 * `channel-major`: `[C, N, H, W]`; a channel is one contiguous row, so a pointwise convolution is one matrix product and
 * batch norm reduces rows. Two to five times faster for training on the CPU.
 *
 * With `lanes` B > 1, where B divides N, a channel-major map is stored `[C, N/B, H, W, B]`: the same place of B images side by
 * side. No op of a row minds, and a depthwise convolution then reads whole vector registers: to ONNX Runtime's blocked
 * kernels (domain `com.microsoft.nchwc`, made for blocks of channels) each image is a channel.
 */
export type Layout = "image-major" | "channel-major";

/** A tensor inside an ONNX graph under construction. `dims` is how it is stored. */
export type OnnxTensor = { readonly name: string; readonly dims: readonly number[] };

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** What lowerings must know of the engine that will run their graph. */
export type Kernels = {
  /** Images side by side in a channel-major map, or 1: see `Layout`. */
  readonly lanes: number;
  /** How many tensors a node may join or come apart into: a shader of a GPU can bind few buffers. */
  readonly fan: number;
  /** Whether they are shaders: there is none for products with an operand transposed, and long sums must be cut into pieces. */
  readonly shaders: boolean;
};

/** What every engine can do. */
export const plainKernels: Kernels = { lanes: 1, fan: Number.POSITIVE_INFINITY, shaders: false };

/** What an op's `lower` may ask of the ONNX graph under construction. */
export interface OnnxWriter extends Kernels {
  readonly layout: Layout;
  /**
   * Appends a node with one output, unless one that computes the same is there; `dims` says how the output is stored, and is by
   * default as the first input.
   */
  node(
    type: string,
    inputs: readonly OnnxTensor[],
    options?: {
      readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
      readonly dims?: readonly number[];
      readonly domain?: "com.microsoft" | "com.microsoft.nchwc";
    },
  ): OnnxTensor;
  /** Appends a node with several outputs, one per entry of `dims`. */
  nodes(
    type: string,
    inputs: readonly OnnxTensor[],
    dims: readonly (readonly number[])[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ): OnnxTensor[];
  /** The same numbers under other extents: free of cost, and collapsed when views follow each other. */
  view(tensor: OnnxTensor, dims: readonly number[]): OnnxTensor;
  /** How a value of this type is stored under the layout. */
  stored(type: TensorType): readonly number[];
  floats(values: readonly number[] | Float32Array, dims: readonly number[]): OnnxTensor;
  integers(values: readonly number[]): OnnxTensor;
}

type Lower<K extends OpName> = (
  onnx: OnnxWriter,
  inputs: readonly OnnxTensor[],
  node: NodeOf<K>,
) => readonly OnnxTensor[];

/**
 * Gradient of a scalar with respect to each input, given it with respect to each output. `null` for an input that has none.
 */
type Vjp<K extends OpName> = (
  g: GraphBuilder,
  node: NodeOf<K>,
  outputGradients: readonly (Value | null)[],
) => readonly (Value | null)[];

/** Everything there is to know about one op. The table of ops is typed by op name, so none of it can be missing. */
export interface OpRecord<K extends OpName> {
  readonly formula: string;
  readonly source?: string;
  /** Types of the outputs. @throws {ShapeError} when the inputs do not fit. */
  readonly infer: (inputs: readonly TensorType[], attributes: Vocabulary[K], at: string) => readonly TensorType[];
  readonly vjp: Vjp<K> | typeof noGradient;
  readonly lower: Lower<K>;
  /** Multiply-accumulates for the whole batch. */
  readonly macs: (node: NodeOf<K>) => number;
}

/** Marks an op that is never differentiated: gradients of gradients of batch norm, and ops outside training. */
export const noGradient = "none";

export const noMacs = (): number => 0;

export function checkThat(
  condition: boolean,
  at: string,
  expected: string,
  inputs: readonly TensorType[],
  hint?: string,
): void {
  if (condition) return;
  const received = inputs.map((type) => `${type.axes} [${type.shape.join(", ")}]`).join(" and ");
  throw new ShapeError({ at, expected, received, ...(hint === undefined ? {} : { hint }) });
}

/** How `type` is stored under a layout. A batch of one is spread over all images: it has one lane. */
export function storedDims(type: TensorType, layout: Layout, lanes = 1): readonly number[] {
  if (type.axes === "plain" || layout === "image-major") return type.shape;
  const [n, c, h, w] = type.shape as [number, number, number, number];
  if (lanes === 1) return [c, n, h, w];
  return n === 1 ? [c, 1, h, w, 1] : [c, n / lanes, h, w, lanes];
}
