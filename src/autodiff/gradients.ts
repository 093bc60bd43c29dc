/**
 * Reverse-mode differentiation: graph in, graph out. Walks the nodes from the loss back, asks each op's record for the
 * gradients of its inputs and adds up where a value was used more than once.
 */
import type { Graph, Node, NodeOf, OpName, Value } from "../ir/index.js";
import { createBuilder, type GraphBuilder, noGradient, recordOf } from "../ops/index.js";

/**
 * Extends `graph` by the gradients of a scalar.
 *
 * @param loss a scalar of `graph`, shape `[]`.
 * @param wrt  the values to differentiate by; each must lead to the loss.
 * @returns a builder that holds the graph and its gradient nodes, and `d loss / d wrt[i]` in the shape of `wrt[i]`.
 */
export function differentiate(
  graph: Graph,
  loss: Value,
  wrt: readonly Value[],
): { builder: GraphBuilder; gradients: Value[] } {
  if (loss.shape.length > 0) throw new Error(`internal: the loss must be a scalar, not [${loss.shape.join(", ")}]`);
  const builder = createBuilder(graph);
  const needed = dependents(graph, wrt);
  const gradients = new Map<number, Value>([[loss.id, builder.scope("loss", () => builder.constant(1))]]);
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => gradients.has(output.id))) continue;
    if (!node.inputs.some((input) => needed.has(input.id))) continue;
    builder.scope(`${node.path}~`, () => backward(builder, node, gradients, needed));
  }
  return {
    builder,
    gradients: wrt.map((value) => {
      const gradient = gradients.get(value.id);
      if (gradient === undefined) throw new Error(`internal: ${value.name} does not lead to the loss`);
      return gradient;
    }),
  };
}

/** Ids of the values that depend on any of `wrt`: the only ones worth a gradient. */
function dependents(graph: Graph, wrt: readonly Value[]): ReadonlySet<number> {
  const found = new Set(wrt.map((value) => value.id));
  for (const node of graph.nodes) {
    if (node.inputs.some((input) => found.has(input.id))) for (const output of node.outputs) found.add(output.id);
  }
  return found;
}

function backward<K extends OpName>(
  g: GraphBuilder,
  node: NodeOf<K> & Node,
  gradients: Map<number, Value>,
  needed: ReadonlySet<number>,
): void {
  const { vjp } = recordOf<K>(node.op as K);
  if (vjp === noGradient) throw new Error(`internal: ${node.path}: ${node.op} has no gradient`);
  const outputGradients = node.outputs.map((output) => gradients.get(output.id) ?? null);
  const results = vjp(g, node, outputGradients);
  node.inputs.forEach((input, i) => {
    const gradient = results[i];
    if (!needed.has(input.id) || gradient === null || gradient === undefined) return;
    const sum = gradients.get(input.id);
    gradients.set(input.id, sum === undefined ? gradient : g.add(sum, gradient));
  });
}
