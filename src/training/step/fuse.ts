/** Graph → the same function with fewer passes over memory. */
import { withoutUnusedNodes } from "../../autodiff/index.js";
import { type Graph, type Node, type NodeOf, type OpName, sameShape, sizeOf, type Value } from "../../ir/index.js";

/** Nanoseconds on one core with AVX-512, measured. */
const PER_MAC = 0.025;
const PER_NUMBER_OF_THE_WIDE_MAP = 1.2;
const PER_JOINED_PAIR = 250_000;

/** Pointwise convolutions that widen, joined with the batch norm behind them: see `pointwiseNorm`. Values keep their ids. */
export function withPointwiseNorms(graph: Graph, pays = paysOff): Graph {
  const readers = readersOf(graph);
  const convolutions = new Map(
    graph.nodes.flatMap((node) =>
      node.op === "conv2d" && isPointwise(node) && pays(node) && readers.get(node.outputs[0]!.id) === 1
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

/** How often each value is read, by id. */
function readersOf({ nodes, outputs }: Graph): ReadonlyMap<number, number> {
  const readers = new Map<number, number>();
  for (const { id } of [...outputs, ...nodes.flatMap(({ inputs }) => inputs)])
    readers.set(id, (readers.get(id) ?? 0) + 1);
  return readers;
}

function isPointwise({ inputs, attributes: { stride, padding } }: NodeOf<"conv2d">): boolean {
  const [, , kh, kw] = inputs[1]!.shape as [number, number, number, number];
  return kh * kw === 1 && stride === 1 && padding.every((pixels) => pixels === 0) && inputs.length === 2;
}

/**
 * Joining spares about a dozen passes over the wide map. It costs some forty small nodes, and products with the C × C
 * covariance of the input: four with all its places or all weights.
 */
function paysOff({ inputs: [x, w] }: NodeOf<"conv2d">): boolean {
  const [out, c] = w!.shape as [number, number];
  const m = sizeOf(x!.shape) / c;
  return PER_MAC * 2 * c * c * (m + out) + PER_JOINED_PAIR < PER_NUMBER_OF_THE_WIDE_MAP * out * m;
}

/**
 * After differentiation: what squeeze-excite multiplies and sums, in one pass each. `add(mul(x, gate), broadcastTo(p))`
 * becomes `scaleShift`, `sumTo(mul(a, b))` over the places of each map `placeProducts`.
 */
export function withJoinedGates(graph: Graph): Graph {
  const readers = readersOf(graph);
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map(({ id }) => [id, node] as const)));
  /** What made a value that nobody else reads. */
  const makerOf = <K extends OpName>(value: Value, op: K): NodeOf<K> | null => {
    const maker = makers.get(value.id);
    return maker?.op === op && readers.get(value.id) === 1 ? (maker as NodeOf<K>) : null;
  };
  const nodes = graph.nodes.map((node): Node => {
    if (node.op === "add") return scaleShiftOf(node, makerOf) ?? node;
    if (node.op === "sumTo") return placeProductsOf(node, makerOf) ?? node;
    return node;
  });
  return withoutUnusedNodes({ ...graph, nodes });
}

type MakerOf = <K extends OpName>(value: Value, op: K) => NodeOf<K> | null;

function scaleShiftOf(node: NodeOf<"add">, makerOf: MakerOf): Node | null {
  for (const [a, b] of [node.inputs, node.inputs.toReversed()]) {
    const [product, spread] = [makerOf(a!, "mul"), makerOf(b!, "broadcastTo")];
    if (product === null || spread === null) continue;
    const gate = product.inputs.findIndex((value) => isPerMap(value, a!));
    const shift = spread.inputs[0]!;
    if (gate < 0 || !isPerMap(shift, a!) || !sameShape(product.inputs[1 - gate]!.shape, a!.shape)) continue;
    const inputs = [product.inputs[1 - gate]!, product.inputs[gate]!, shift];
    return { ...node, op: "scaleShift", inputs, attributes: {} };
  }
  return null;
}

function placeProductsOf(node: NodeOf<"sumTo">, makerOf: MakerOf): Node | null {
  const product = makerOf(node.inputs[0]!, "mul");
  if (product === null || !isPerMap(node.outputs[0]!, node.inputs[0]!)) return null;
  const [a, b] = product.inputs as readonly [Value, Value];
  return sameShape(a.shape, b.shape) ? { ...node, op: "placeProducts", inputs: [a, b], attributes: {} } : null;
}

/** Whether a value has one number for each map of another. */
function isPerMap(value: Value, { axes, shape: [n, c, h, w] }: Value): boolean {
  return axes === "image" && h! * w! > 1 && value.axes === "image" && sameShape(value.shape, [n!, c!, 1, 1]);
}
