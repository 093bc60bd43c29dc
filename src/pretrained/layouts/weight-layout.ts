/**
 * A layout is how a library names and shapes the weights of a network. Each is a pure function from a layer to names;
 * what follows from a library's conventions about tensors is here: PyTorch keeps filters as we do, Keras turns them round.
 */
import { type Architecture, buildNetwork } from "../../networks/index.js";
import { type Layer, layersOf } from "./layer.js";

type Shape = readonly number[];

export type LayoutName = "timm" | "torchvision" | "keras";

/** One tensor of ours and its counterpart. */
export type Entry = {
  /** Of a parameter or statistic of the inference graph. */
  readonly name: string;
  readonly shape: Shape;
  readonly foreign: string;
  readonly foreignShape: Shape;
  /** Axis `i` of ours is axis `axes[i]` of theirs; where ours has more axes, those have the size 1 and stand at the end. */
  readonly axes: readonly number[];
};

/** What a library calls a layer's convolution and its batch norm; `linear`: it is stored as a matrix. */
export type LayerNames = { readonly conv: string; readonly norm: string | null; readonly linear: boolean };

/** null where the library has no such network. */
export type Naming = (architecture: Architecture) => ((layer: Layer) => LayerNames) | null;

/** How a library stores tensors, whatever the network. */
export type Convention = {
  readonly separator: "." | "/";
  readonly weight: string;
  readonly norm: Readonly<Record<"gamma" | "beta" | "mean" | "variance", string>>;
  /** Axes of a convolution, a depthwise convolution and a matrix, as in `Entry`. */
  readonly axes: Readonly<Record<"conv" | "depthwise" | "linear", readonly number[]>>;
};

/** `[out, in ÷ groups, height, width]`, `[out, in]`. */
export const pytorch: Convention = {
  separator: ".",
  weight: "weight",
  norm: { gamma: "weight", beta: "bias", mean: "running_mean", variance: "running_var" },
  axes: { conv: [0, 1, 2, 3], depthwise: [0, 1, 2, 3], linear: [0, 1] },
};

/** `[height, width, in, out]`, depthwise `[height, width, channels, 1]`, `[in, out]`. */
export const tensorflow: Convention = {
  separator: "/",
  weight: "kernel",
  norm: { gamma: "gamma", beta: "beta", mean: "moving_mean", variance: "moving_variance" },
  axes: { conv: [3, 2, 0, 1], depthwise: [2, 3, 0, 1], linear: [1, 0] },
};

/** Every parameter and statistic of the network, in graph order; null where the library has no such network. */
export function entriesOf(architecture: Architecture, naming: Naming, convention: Convention): readonly Entry[] | null {
  const namesOf = naming(architecture);
  if (namesOf === null) return null;
  const { parameters } = buildNetwork(architecture, { batch: 1, mode: "inference" }).graph;
  const shapes = new Map(parameters.map(({ value }) => [value.name, value.shape]));
  const { separator, weight, norm, axes } = convention;
  const entry = (name: string, foreign: string, order: readonly number[]): Entry => {
    const shape = shapes.get(name);
    if (shape === undefined) throw new Error(`internal: the graph of ${architecture.name} has no ${name}`);
    shapes.delete(name);
    const foreignShape = order.map((_, axis) => shape[order.indexOf(axis)]!);
    return { name, shape, foreign, foreignShape, axes: order };
  };

  const entries = layersOf(architecture).flatMap((layer): Entry[] => {
    const names = namesOf(layer);
    const order = axes[names.linear ? "linear" : layer.depthwise ? "depthwise" : "conv"];
    const { path } = layer;
    if (!layer.normed) {
      const foreign = `${names.conv}${separator}`;
      return [entry(`${path}.weight`, `${foreign}${weight}`, order), entry(`${path}.bias`, `${foreign}bias`, [0])];
    }
    const statistics = (["gamma", "beta", "mean", "variance"] as const).map((kind) =>
      entry(`${path}.norm.${kind}`, `${names.norm}${separator}${norm[kind]}`, [0]),
    );
    return [entry(`${path}.conv.weight`, `${names.conv}${separator}${weight}`, order), ...statistics];
  });
  if (shapes.size > 0) throw new Error(`internal: no layer of ${architecture.name} has ${[...shapes.keys()][0]}`);
  return entries;
}

/**
 * Foreign numbers in our order.
 *
 * @param numbers of the shape `foreignShape`, in C order; returned as they are where nothing moves.
 */
export function fromForeign(numbers: Float32Array, { axes, foreignShape }: Entry): Float32Array {
  return transpose(numbers, foreignShape, axes);
}

/** Axis `i` of the result is axis `axes[i]` of `numbers`. */
function transpose(numbers: Float32Array, shape: Shape, axes: readonly number[]): Float32Array {
  if (axes.every((axis, i) => axis === i)) return numbers;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const result = new Float32Array(numbers.length);
  const sizes = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  const place = sizes.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = numbers[from]!;
    // Counts the last axis up, and carries.
    for (let i = sizes.length - 1; i >= 0; i--) {
      place[i]!++;
      from += steps[i]!;
      if (place[i]! < sizes[i]!) break;
      from -= steps[i]! * sizes[i]!;
      place[i] = 0;
    }
  }
  return result;
}
