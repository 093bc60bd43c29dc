/** Graphs run by the plain interpreter, one node at a time, with the activations where a memory plan puts them. */
import type { MemoryBuffer, MemoryPlan } from "../src/cost/index.js";
import { type Graph, type Node, sizeOf, type Value } from "../src/ir/index.js";
import { evaluate } from "../src/ops/testing/interpreter.js";

type Numbers = Float32Array | Uint8Array;
type Place = (value: Value, step: number) => Numbers;
export type Feeds = ReadonlyMap<string, Numbers>;

/** Every value in an array of its own, in the order of the graph. @returns outputs by name. */
export function runApart(graph: Graph, feeds: Feeds): Map<string, Float32Array> {
  const arrays = new Map<number, Numbers>();
  const place: Place = (value) => {
    const array = arrays.get(value.id) ?? newArray(value);
    arrays.set(value.id, array);
    return array;
  };
  return run(graph, graph.nodes, feeds, place, (node, step) => evaluateApart(node, place, step));
}

/**
 * Every activation in one `ArrayBuffer` of `peakBytes`, at the addresses of an fp32 plan and in its order. An output that does
 * not lie over an input is filled with NaN before the node reads: what a kernel writes early, it must not need later.
 */
export function runInArena(graph: Graph, plan: Pick<MemoryPlan, "nodes" | "peakBytes" | "buffers">, feeds: Feeds) {
  const arena = new ArrayBuffer(plan.peakBytes);
  const bufferOf = new Map(plan.buffers.flatMap((buffer) => buffer.values.map((id) => [id, buffer] as const)));
  const apart = new Map<number, Numbers>();
  const place: Place = (value) => {
    const buffer = bufferOf.get(value.id);
    if (buffer !== undefined) return view(arena, buffer.offset, value);
    const array = apart.get(value.id) ?? newArray(value); // a weight, a constant or a view of one
    apart.set(value.id, array);
    return array;
  };
  return run(graph, plan.nodes, feeds, place, (node, step) => {
    const [input, output] = [node.inputs[0], node.outputs[0]!];
    const own = bufferOf.get(output.id);
    const isOver = (buffer: MemoryBuffer | undefined) =>
      buffer !== undefined && (buffer === own || (buffer.offset === own?.offset && own.first === step + 1));
    const over = node.inputs.some(({ id }) => isOver(bufferOf.get(id)));
    if (over && node.op === "depthwiseConv2d") {
      const scratch = plan.buffers.find(({ first, values }) => first === step && values.length === 0)!;
      return filterInPlace(node, arena, bufferOf.get(input!.id)!, scratch, place);
    }
    if (!over) for (const value of node.outputs) if (bufferOf.has(value.id)) place(value, step).fill(Number.NaN);
    return evaluateApart(node, place, step);
  });
}

function run(
  graph: Graph,
  nodes: readonly Node[],
  feeds: Feeds,
  place: Place,
  perform: (node: Node, step: number) => void,
): Map<string, Float32Array> {
  for (const value of [...graph.inputs, ...graph.parameters.map(({ value }) => value)]) {
    place(value, 0).set(feeds.get(value.name)!);
  }
  nodes.forEach(perform);
  return new Map(graph.outputs.map((value) => [value.name, (place(value, nodes.length) as Float32Array).slice()]));
}

const newArray = ({ dtype, shape }: Value) =>
  dtype === "float32" ? new Float32Array(sizeOf(shape)) : new Uint8Array(sizeOf(shape));

const view = (arena: ArrayBuffer, offset: number, { dtype, shape }: Value) =>
  dtype === "float32" ? new Float32Array(arena, offset, sizeOf(shape)) : new Uint8Array(arena, offset, sizeOf(shape));

/** The node by itself, as a graph whose values are named by their ids. */
function evaluateApart(node: Node, place: Place, step: number): void {
  const named = (values: readonly Value[]) => values.map((value) => ({ ...value, name: `%${value.id}` }));
  const inputs = named([...new Map(node.inputs.map((value) => [value.id, value])).values()]);
  const graph: Graph = { inputs, parameters: [], nodes: [node], outputs: named(node.outputs) };
  const results = evaluate(graph, new Map(inputs.map((value) => [value.name, place(value, step)])));
  for (const output of graph.outputs) place(output, step).set(results.get(output.name)!);
}

/** A depthwise convolution over its input: each channel is made in the scratch and then copied to its place. */
function filterInPlace(node: Node, arena: ArrayBuffer, over: MemoryBuffer, scratch: MemoryBuffer, place: Place): void {
  const [x, weight, bias] = node.inputs as [Value, Value, Value | undefined];
  const y = node.outputs[0]!;
  const plane = (value: Value): Value => ({ ...value, shape: [1, 1, ...value.shape.slice(2)] });
  const [from, filter, to] = [plane(x), plane(weight), plane(y)];
  const single = {
    ...node,
    inputs: [from, filter, ...(bias === undefined ? [] : [{ ...bias, shape: [1] }])],
    outputs: [to],
  };
  for (let c = 0; c < x.shape[1]!; c++) {
    const planeOf = ({ id, shape }: Value): Numbers => {
      const size = sizeOf(shape);
      if (id === y.id) return view(arena, scratch.offset, to);
      if (id === x.id) return view(arena, over.offset + 4 * c * size, from);
      return place(id === weight.id ? weight : bias!, 0).subarray(c * size, (c + 1) * size) as Numbers;
    };
    evaluateApart(single as Node, planeOf, 0);
    view(arena, over.offset + 4 * c * sizeOf(to.shape), to).set(planeOf(to));
  }
}
