/**
 * What the nodes of a graph write, read and may write over, whatever the order they run in. Lifetimes (`lifetimes.ts`) and
 * the search for an order (`node-order.ts`) both start from here, so they cannot disagree on what a step needs.
 */
import type { DType, Graph, Node, OpName, Value } from "../ir/index.js";
import { sizeOf } from "../ir/index.js";

/** How numbers are stored. Pixels and truth values take 1 byte in each. */
export type NumberFormat = "fp32" | "fp16" | "int8";

/** Bytes of a number. */
export const floatBytes: Readonly<Record<NumberFormat, number>> = { fp32: 4, fp16: 2, int8: 1 };

export function bytesOf({ shape, dtype }: Value, format: NumberFormat): number {
  return sizeOf(shape) * elementBytes(dtype, format);
}

function elementBytes(dtype: DType, format: NumberFormat): number {
  switch (dtype) {
    case "float32":
      return floatBytes[format];
    case "uint8":
    case "bool":
      return 1;
    default:
      return dtype satisfies never;
  }
}

/** What an implementation does with memory. */
export type MemoryRules = {
  readonly format: NumberFormat;
  /** Ops that write over an input of the same size, where nothing reads it later. */
  readonly inPlace: ReadonlySet<OpName>;
  /** Depthwise convolutions write over their input, channel by channel. */
  readonly inPlaceDepthwise: boolean;
  /** Every buffer takes a multiple of so many bytes. */
  readonly alignment: number;
  /** Bytes that a kernel needs beside its inputs and outputs, while it runs. */
  readonly scratch: (node: Node, inPlace: boolean) => number;
};

/** Ops that read each number once, before they write the one that takes its place. */
export const elementWise: ReadonlySet<OpName> = new Set<OpName>([
  ...(["add", "sub", "mul", "div", "exp", "sqrt", "where"] as const),
  ...(["relu", "relu6", "sigmoid", "silu", "hardSigmoid", "hardSwish", "batchNormInference"] as const),
]);

/** Ops that give the same numbers under another shape. */
const views: ReadonlySet<OpName> = new Set<OpName>(["reshape", "flatten", "unflatten"]);

/** Bytes that a node writes once and others read: a value with its views. Weights are none. */
export type Tensor = {
  /** Of the value that is written. */
  readonly name: string;
  readonly values: readonly number[];
  readonly bytes: number;
  /** Indices of the nodes that read it or a view of it. */
  readonly readers: readonly number[];
  readonly isOutput: boolean;
};

type Draft = Tensor & { readonly values: number[]; readonly readers: number[]; isOutput: boolean };

export type Work = {
  /** Indices of the nodes that must have run before. */
  readonly needs: readonly number[];
  readonly reads: readonly Tensor[];
  readonly writes: readonly Tensor[];
  /** Of those it reads, the ones that its first output may take the place of. */
  readonly mayOverwrite: readonly Tensor[];
  /** Bytes of scratch, beside an output of its own and over an input. */
  readonly scratch: { readonly apart: number; readonly inPlace: number };
};

export type Storage = {
  readonly inputs: readonly Tensor[];
  /** One entry per node of the graph, in its order. */
  readonly works: readonly Work[];
};

/** Inputs that nothing reads and that are no output need no place and are left out. */
export function storageOf(graph: Graph, rules: MemoryRules): Storage {
  const tensors = new Map<number, Draft>();
  const outputs = new Set(graph.outputs.map(({ id }) => id));
  const aligned = (bytes: number) => Math.ceil(bytes / rules.alignment) * rules.alignment;
  const define = (value: Value): Draft => {
    const { id, name } = value;
    const bytes = aligned(bytesOf(value, rules.format));
    const tensor = { name, values: [id], bytes, readers: [], isOutput: outputs.has(id) };
    tensors.set(id, tensor);
    return tensor;
  };

  const inputs = graph.inputs.map(define);
  const writerOf = new Map<number, number>();
  const works = graph.nodes.map((node, index): Work => {
    const needs = [...new Set(node.inputs.flatMap(({ id }) => writerOf.get(id) ?? []))];
    for (const { id } of node.outputs) writerOf.set(id, index);
    const reads = [...new Set(node.inputs.flatMap(({ id }) => tensors.get(id) ?? []))];
    for (const tensor of reads) tensor.readers.push(index);
    const none = { needs, reads, writes: [], mayOverwrite: [], scratch: { apart: 0, inPlace: 0 } };
    if (node.op === "constant") return none;
    if (views.has(node.op)) {
      const [source] = reads;
      const view = node.outputs[0]!;
      // A view without a source is one of a weight.
      if (source !== undefined) {
        source.values.push(view.id);
        source.isOutput ||= outputs.has(view.id);
        tensors.set(view.id, source);
      }
      return none;
    }
    const writes = node.outputs.map(define);
    const scratch = { apart: rules.scratch(node, false), inPlace: rules.scratch(node, true) };
    const mayOverwrite = reads.filter((tensor) => fitsOver(node, writes[0]!, tensor, rules));
    return { needs, reads, writes, mayOverwrite, scratch };
  });
  return { inputs: inputs.filter(({ readers, isOutput }) => readers.length > 0 || isOutput), works };
}

function fitsOver(node: Node, output: Tensor, input: Tensor, rules: MemoryRules): boolean {
  if (rules.inPlace.has(node.op)) return output.bytes === input.bytes;
  return rules.inPlaceDepthwise && node.op === "depthwiseConv2d" && output.bytes <= input.bytes;
}

/**
 * Scratch of a depthwise convolution that writes over its input: one output channel is made aside and then copied to its
 * place, the next free bytes of the input, which by then have all been read.
 */
export function channelScratch(format: NumberFormat): MemoryRules["scratch"] {
  return (node, inPlace) => {
    if (!inPlace || node.op !== "depthwiseConv2d") return 0;
    const output = node.outputs[0]!;
    const [images, channels] = output.shape as [number, number];
    return bytesOf(output, format) / (images * channels);
  };
}
