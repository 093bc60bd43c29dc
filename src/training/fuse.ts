/** Graph → the same function with fewer passes over memory. */
import type { Graph, Node, NodeOf, Value } from "../ir/index.js";

/**
 * Joining costs 2·C²·M multiply-accumulates more, for C channels in, and spares about a dozen passes over the wide map: it
 * pays up to so many C² per channel out. Measured on a CPU with AVX-512.
 */
const MOST_SQUARES_PER_CHANNEL = 28;

/** Pointwise convolutions that widen, joined with the batch norm behind them: see `pointwiseNorm`. Values keep their ids. */
export function withPointwiseNorms(graph: Graph): Graph {
  const readers = new Map<number, number>();
  const read = ({ id }: Value) => readers.set(id, (readers.get(id) ?? 0) + 1);
  graph.outputs.forEach(read);
  for (const { inputs } of graph.nodes) inputs.forEach(read);
  const convolutions = new Map(
    graph.nodes.flatMap((node) =>
      node.op === "conv2d" && widens(node) && readers.get(node.outputs[0]!.id) === 1
        ? [[node.outputs[0]!.id, node] as const]
        : [],
    ),
  );
  const joined = new Set<Node>();
  const nodes = graph.nodes.map((node): Node => {
    const convolution = node.op === "batchNorm" ? convolutions.get(node.inputs[0]!.id) : undefined;
    if (node.op !== "batchNorm" || convolution === undefined) return node;
    joined.add(convolution);
    const inputs = [...convolution.inputs, ...node.inputs.slice(1)];
    return { ...node, op: "pointwiseNorm", inputs };
  });
  return { ...graph, nodes: nodes.filter((node) => !joined.has(node)) };
}

function widens({ inputs, attributes: { stride, padding } }: NodeOf<"conv2d">): boolean {
  const [out, c, kh, kw] = inputs[1]!.shape as [number, number, number, number];
  const isPointwise = kh * kw === 1 && stride === 1 && padding.every((pixels) => pixels === 0);
  return isPointwise && inputs.length === 2 && c * c <= MOST_SQUARES_PER_CHANNEL * out;
}
