/**
 * How much memory ONNX Runtime's processor kernels need for a graph: which node runs when, what each writes, and what is taken
 * back when. No run is needed, so that a batch can be chosen before any memory is taken.
 */
import type { Graph } from "../ir/index.js";
import { sizeOf } from "../ir/index.js";
import type { OnnxTensor } from "../ops/index.js";
import { type LoweredNode, type LoweringOptions, loweredNodes } from "./lower.js";

export type ArenaUse = {
  /** The most bytes handed out at once. */
  readonly peakBytes: number;
  /** After each node, in the order they run: what is handed out before any of it is taken back. */
  readonly trace: readonly { readonly name: string; readonly bytes: number }[];
};

/** Inputs that a kernel may write its first output over, where it is of the same size and nothing reads it later. */
const mayOverwrite: Readonly<Record<string, readonly number[]>> = {
  Relu: [0],
  Clip: [0],
  Sigmoid: [0],
  HardSigmoid: [0],
  LeakyRelu: [0],
};

/** Ops whose output is their input, under another shape or name. */
const aliases: ReadonlySet<string> = new Set(["Reshape", "Identity", "Flatten", "Squeeze", "Unsqueeze"]);

type Buffer = {
  readonly bytes: number;
  readonly shape: string;
  readonly first: number;
  last: number;
  readersLeft: number;
};

/** Inputs and constants lie elsewhere; outputs count. */
export function arenaUse(graph: Graph, options: LoweringOptions): ArenaUse {
  const nodes = withoutIdentities(inlined(loweredNodes(graph, options)));
  const order = runningOrder(nodes).map((index) => nodes[index]!);
  const outputs = graph.outputs.map(({ name }) => name);
  const change = new Float64Array(order.length + 2);
  for (const { bytes, first, last } of plannedBuffers(order, outputs)) {
    change[first]! += bytes;
    change[last + 1]! -= bytes;
  }
  let inUse = 0;
  const trace = order.map((node, step) => {
    inUse += change[step]!;
    return { name: node.outputs[0]!.name, bytes: inUse };
  });
  return { peakBytes: trace.reduce((most, { bytes }) => Math.max(most, bytes), 0), trace };
}

/**
 * As ONNX Runtime plans it: what is no longer read is kept for the next output of the same shape, however much later that is.
 *
 * @param order nodes as they run. @param outputs of the graph, which nobody takes back.
 */
function plannedBuffers(order: readonly LoweredNode[], outputs: readonly string[]): readonly Buffer[] {
  const readers = countReaders(order);
  for (const name of outputs) readers.set(name, (readers.get(name) ?? 0) + 1);
  const bufferOf = new Map<string, Buffer>();
  const buffers: Buffer[] = [];
  let spare: Buffer[] = [];
  for (const [step, node] of order.entries()) {
    for (const [i, tensor] of node.outputs.entries()) {
      const isView = aliases.has(node.type);
      const own = i > 0 ? undefined : isView ? bufferOf.get(node.inputs[0]!) : overwritten(node, tensor, bufferOf);
      // A view of an input or a constant.
      if (isView && own === undefined) continue;
      const shape = shapeOf(node.type, tensor);
      const found = own ?? spare.find((each) => each.shape === shape);
      spare = spare.filter((each) => each !== found);
      const buffer = found ?? { bytes: bytesOf(node.type, tensor), shape, first: step, last: step, readersLeft: 0 };
      if (found === undefined) buffers.push(buffer);
      buffer.last = step;
      buffer.readersLeft += readers.get(tensor.name) ?? 0;
      bufferOf.set(tensor.name, buffer);
    }
    const read = node.inputs.flatMap((name) => bufferOf.get(name) ?? []);
    for (const buffer of read) {
      buffer.readersLeft--;
      buffer.last = step;
    }
    const unread = node.outputs
      .filter(({ name }) => !readers.has(name))
      .flatMap(({ name }) => bufferOf.get(name) ?? []);
    spare.unshift(...[...new Set([...read, ...unread])].filter(({ readersLeft }) => readersLeft === 0).reverse());
  }
  for (const name of outputs) {
    const buffer = bufferOf.get(name);
    if (buffer !== undefined) buffer.last = order.length;
  }
  return buffers;
}

function overwritten(node: LoweredNode, output: OnnxTensor, bufferOf: ReadonlyMap<string, Buffer>): Buffer | undefined {
  const shape = shapeOf(node.type, output);
  return (mayOverwrite[node.type] ?? [])
    .map((at) => bufferOf.get(node.inputs[at]!))
    .find((buffer) => buffer?.readersLeft === 1 && buffer.shape === shape);
}

const shapeOf = (type: string, tensor: OnnxTensor) => `${tensor.dims.join(",")} of ${elementBytes(type)}`;

function countReaders(nodes: readonly LoweredNode[]): Map<string, number> {
  const readers = new Map<string, number>();
  for (const { inputs } of nodes) for (const name of inputs) readers.set(name, (readers.get(name) ?? 0) + 1);
  return readers;
}

/** HardSwish has no kernel: ONNX Runtime puts its two nodes behind all others, which decides when they run. */
function inlined(nodes: readonly LoweredNode[]): LoweredNode[] {
  const isFunction = ({ type }: LoweredNode) => type === "HardSwish";
  const bodies = nodes.filter(isFunction).flatMap((node): LoweredNode[] => {
    const [x] = node.inputs;
    const gate = { ...node.outputs[0]!, name: `${node.outputs[0]!.name} (gate)` };
    return [
      { type: "HardSigmoid", attributes: {}, inputs: [x!], outputs: [gate] },
      { type: "Mul", attributes: {}, inputs: [x!, gate.name], outputs: node.outputs },
    ];
  });
  return [...nodes.filter((node) => !isFunction(node)), ...bodies];
}

/** ONNX Runtime takes out the nodes that only give an output its name, where nobody else reads what it names. */
function withoutIdentities(nodes: readonly LoweredNode[]): LoweredNode[] {
  const readers = countReaders(nodes);
  const written = new Set(nodes.flatMap(({ outputs }) => outputs.map(({ name }) => name)));
  const isNeedless = ({ type, inputs: [name] }: LoweredNode) =>
    type === "Identity" && written.has(name!) && readers.get(name!) === 1;
  const renamed = new Map(nodes.filter(isNeedless).map(({ inputs, outputs }) => [inputs[0]!, outputs[0]!.name]));
  return nodes
    .filter((node) => !isNeedless(node))
    .map((node) => ({
      ...node,
      outputs: node.outputs.map((tensor) => ({ ...tensor, name: renamed.get(tensor.name) ?? tensor.name })),
    }));
}

const bytesOf = (type: string, { dims }: OnnxTensor) => sizeOf(dims) * elementBytes(type);
const elementBytes = (type: string) => (type === "LessOrEqual" ? 1 : 4);

/**
 * ONNX Runtime's default order: depth first from the nodes that nobody reads, the last of them first, each after all that it
 * reads, of these the last first.
 *
 * @returns indices of the nodes. @source onnxruntime, `GraphViewer`, `Graph::ReverseDFSFrom`
 */
function runningOrder(nodes: readonly LoweredNode[]): number[] {
  const writerOf = new Map(nodes.flatMap(({ outputs }, index) => outputs.map(({ name }) => [name, index] as const)));
  const needs = nodes.map(({ inputs }) =>
    [...new Set(inputs.flatMap((name) => writerOf.get(name) ?? []))].sort((a, b) => a - b),
  );
  const isRead = new Set(needs.flat());
  const stack = [...nodes.keys()].filter((index) => !isRead.has(index)).map((index) => ({ index, isDone: false }));
  const visited = new Set<number>();
  const order: number[] = [];
  for (;;) {
    const top = stack.pop();
    if (top === undefined) return order;
    const { index, isDone } = top;
    if (isDone) order.push(index);
    else if (!visited.has(index)) {
      visited.add(index);
      stack.push({ index, isDone: true });
      for (const each of needs[index]!) if (!visited.has(each)) stack.push({ index: each, isDone: false });
    }
  }
}
