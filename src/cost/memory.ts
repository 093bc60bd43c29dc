/**
 * Where the activations of a graph lie in one arena, and how large it must be.
 *
 * A buffer lives from the step that writes it to the last step that reads it, both included: while a node runs, its inputs and
 * its outputs exist together. Element-wise nodes, batch norm at inference and activations write over an input of the same
 * size that nothing reads later, so a convolution with its norm (or bias) and activation makes one buffer, and a residual
 * sum needs none of its own. Reshapes are views. Weights are not counted, nor is scratch space inside a kernel; runtimes
 * add their own alignment.
 */
import type { DType, Graph, Node, OpName, Value } from "../ir/index.js";
import { sizeOf } from "../ir/index.js";

export type MemoryBuffer = {
  /** Of the value written first. */
  readonly name: string;
  /** Ids of the values that it holds, in the order in which they are written over each other. */
  readonly values: readonly number[];
  readonly bytes: number;
  /** Bytes from the start of the arena. */
  readonly offset: number;
  /** Indices into the graph's nodes. Inputs are there from 0; outputs stay to the end, the number of nodes. */
  readonly first: number;
  readonly last: number;
};

export type MemoryPlan = {
  /** Size of the arena. */
  readonly peakBytes: number;
  /** The most bytes that live at once: no arena can be smaller. */
  readonly lowerBound: number;
  /** In the order in which they are first written. */
  readonly buffers: readonly MemoryBuffer[];
};

/** Nodes that read each number once, before they write the one that takes its place. */
const elementWise: ReadonlySet<OpName> = new Set<OpName>([
  ...(["add", "sub", "mul", "div", "exp", "sqrt", "where"] as const),
  ...(["relu", "relu6", "sigmoid", "silu", "hardSigmoid", "hardSwish", "batchNormInference"] as const),
]);

/** Nodes that give the same numbers under another shape. */
const views: ReadonlySet<OpName> = new Set<OpName>(["reshape", "flatten", "unflatten"]);

type Draft = Omit<MemoryBuffer, "offset" | "last" | "values"> & { last: number; readonly values: number[] };

/**
 * Plans the activations of a graph: greedy best fit, the largest buffers first.
 *
 * @param options.bytesPerElement of floats: 4 for fp32. Pixels and truth values take 1.
 * @source Pisarchyk and Lee 2020, arXiv:2001.03288 (offset calculation, greedy by size)
 */
export function planMemory(graph: Graph, { bytesPerElement }: { readonly bytesPerElement: number }): MemoryPlan {
  const bytesOf = (value: Value) => sizeOf(value.shape) * elementBytes(value.dtype, bytesPerElement);
  const drafts = findBuffers(graph, bytesOf);
  const offsets = new Map<Draft, number>();
  for (const draft of drafts.toSorted((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    offsets.set(draft, bestFit(draft, offsets));
  }
  const buffers = drafts.map((draft) => ({ ...draft, offset: offsets.get(draft)! }));
  return {
    peakBytes: buffers.reduce((end, { offset, bytes }) => Math.max(end, offset + bytes), 0),
    lowerBound: mostAlive(drafts, graph.nodes.length),
    buffers,
  };
}

function elementBytes(dtype: DType, float: number): number {
  switch (dtype) {
    case "float32":
      return float;
    case "uint8":
    case "bool":
      return 1;
    default:
      return dtype satisfies never;
  }
}

function findBuffers(graph: Graph, bytesOf: (value: Value) => number): Draft[] {
  const lastUse = lastUses(graph);
  const buffers: Draft[] = [];
  const bufferOf = new Map<number, Draft>();
  const create = (value: Value, first: number) => {
    const last = lastUse.get(value.id) ?? first;
    const buffer = { name: value.name, values: [value.id], bytes: bytesOf(value), first, last };
    buffers.push(buffer);
    bufferOf.set(value.id, buffer);
  };

  for (const value of graph.inputs) create(value, 0);
  graph.nodes.forEach((node, step) => {
    if (node.op === "constant") return;
    const isView = views.has(node.op);
    const output = node.outputs[0]!;
    const shared = isView ? bufferOf.get(node.inputs[0]!.id) : overwritten(node, step, bytesOf(output), bufferOf);
    if (shared !== undefined) {
      shared.last = Math.max(shared.last, lastUse.get(output.id) ?? step);
      shared.values.push(output.id);
      bufferOf.set(output.id, shared);
    } else if (!isView) {
      // A view without a buffer is one of a weight.
      for (const value of node.outputs) create(value, step);
    }
  });
  return buffers;
}

/** The step that reads a value last. Outputs are read after the last node, which must not write over them. */
function lastUses(graph: Graph): Map<number, number> {
  const last = new Map<number, number>();
  graph.nodes.forEach((node, step) => {
    for (const value of node.inputs) last.set(value.id, step);
  });
  for (const value of graph.outputs) last.set(value.id, graph.nodes.length);
  return last;
}

/** The buffer of an input that an element-wise node may write its output over. Weights have none. */
function overwritten(node: Node, step: number, bytes: number, bufferOf: ReadonlyMap<number, Draft>): Draft | undefined {
  if (!elementWise.has(node.op)) return undefined;
  return node.inputs
    .map((value) => bufferOf.get(value.id))
    .find((buffer) => buffer !== undefined && buffer.bytes === bytes && buffer.last === step);
}

/** The offset of the narrowest gap that takes the buffer between those that live at the same time, or the end. */
function bestFit(draft: Draft, placed: ReadonlyMap<Draft, number>): number {
  const neighbours = [...placed]
    .filter(([other]) => other.first <= draft.last && draft.first <= other.last)
    .toSorted(([, a], [, b]) => a - b);
  let best: { offset: number; width: number } | undefined;
  let end = 0;
  for (const [{ bytes }, offset] of neighbours) {
    const width = offset - end;
    if (width >= draft.bytes && (best === undefined || width < best.width)) best = { offset: end, width };
    end = Math.max(end, offset + bytes);
  }
  return best?.offset ?? end;
}

function mostAlive(buffers: readonly Draft[], steps: number): number {
  const change = new Float64Array(steps + 2);
  for (const { bytes, first, last } of buffers) {
    change[first]! += bytes;
    change[last + 1]! -= bytes;
  }
  let alive = 0;
  return change.reduce((most, delta) => {
    alive += delta;
    return Math.max(most, alive);
  }, 0);
}
