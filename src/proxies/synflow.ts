/**
 * SynFlow: Σ |θ ⊙ ∂R/∂θ|, where R is the sum of the outputs of the network with |θ| for weights, no batch norm, and an image
 * of ones. Two things make it cheap and safe here.
 *
 * Nothing in that network is negative, so the bars around the products are none, and Σ θ ⊙ ∂R/∂θ is the derivative of
 * R by one number that multiplies every weight.
 *
 * R grows by a factor with every layer and leaves float32 after some thirty, which is why others compute it in double
 * precision. ReLU and convolution pass a factor through unchanged, so we divide what leaves a block by its mean, and add the
 * logarithms in the end. The means come from a second copy of the network, of which no derivative is taken: to the first
 * they are constants.
 *
 * @source Tanaka et al. 2020, arXiv:2006.05467; the score as in Abdelfattah et al. 2021, arXiv:2101.08134
 */
import { differentiate, withoutUnusedNodes } from "../autodiff/index.js";
import { type Graph, type Node, type NodeOf, type OpName, plain, sizeOf, type Value, verify } from "../ir/index.js";
import { type Architecture, buildNetwork } from "../networks/index.js";
import { createBuilder, type GraphBuilder, inferNode } from "../ops/index.js";
import type { Tensor } from "../runtime/index.js";

/**
 * Inputs: `image` `[1, C, H, W]` and `scale` `[]`, which is 1. Outputs: `derivative` `[]`, of the scaled R by `scale`; `means`
 * `[blocks]`, by which R was divided.
 *
 * Every activation is ReLU, the identity for what is not negative: ReLU6 would cut the flow, and the smooth ones are nearly
 * the identity there. Squeeze-excite stays, its gates fed with what they would see without our divisions.
 */
export function buildSynflow(architecture: Architecture): Graph {
  const { graph: network, image } = buildNetwork(rectified(architecture), { batch: 1, mode: "folded" });
  const g = createBuilder({ ...network, nodes: [], outputs: [] });
  const scale = g.input("scale", plain());
  const weights = network.parameters.filter(({ decay }) => decay).map(({ value }) => value);
  const flow = new Map<number, Value>([[image.id, image]]);
  const shadow = new Map<number, Value>([[image.id, image]]);
  for (const { value } of network.parameters) {
    shadow.set(value.id, value);
    flow.set(
      value.id,
      g.scope("scaled", () => (weights.includes(value) ? g.mul(value, scale) : value)),
    );
  }

  const means: Value[] = [];
  let divided: Value | null = null; // by all means so far
  const blocks = blocksOf(network.nodes);
  for (const [i, nodes] of blocks.entries()) {
    for (const node of nodes) for (const values of [flow, shadow]) append(g, node, values, divided);
    if (i === blocks.length - 1) break;
    const { id, shape } = nodes.at(-1)!.outputs[0]!;
    const mean = g.mul(g.sumTo(shadow.get(id)!, []), 1 / sizeOf(shape));
    for (const values of [flow, shadow]) values.set(id, g.div(values.get(id)!, mean));
    means.push(mean);
    divided = divided === null ? mean : atMost(g, g.mul(divided, mean));
  }

  const outputs = g.sumTo(flow.get(network.outputs[0]!.id)!, []);
  const { builder, gradients } = differentiate(g.build(), outputs, [scale]);
  builder.output(gradients[0]!, "derivative");
  builder.output(builder.concat(means.map((mean) => builder.reshape(mean, [1]))), "means");
  const graph = withoutUnusedNodes(builder.build());
  verify(graph, inferNode);
  return graph;
}

/** ln Σ |θ ⊙ ∂R/∂θ|. */
export function synflowOf({ derivative, means }: Readonly<Record<string, Tensor>>): number {
  return Array.from(means!.data, Math.log).reduce((sum, log) => sum + log, Math.log(derivative!.data[0]!));
}

/** A gate has long been 1 by then, and the product of many means would not be finite. */
const atMost = (g: GraphBuilder, x: Value, most = 2 ** 20) => g.where(g.lessEqual(x, most), x, most);

const gates: ReadonlySet<OpName> = new Set(["sigmoid", "hardSigmoid"]);

/** Appends a node of the network to a copy of it. @param values of the copy, by id of the network's. */
function append(g: GraphBuilder, node: Node, values: Map<number, Value>, divided: Value | null): void {
  g.scope(node.path, () => {
    const inputs = node.inputs.map(({ id }) => values.get(id)!);
    const seen = gates.has(node.op) && divided !== null ? inputs.map((x) => g.mul(x, divided)) : inputs;
    copy(g, node, seen).forEach((output, i) => {
      values.set(node.outputs[i]!.id, output);
    });
  });
}

function copy<K extends OpName>(g: GraphBuilder, { op, attributes }: NodeOf<K>, inputs: readonly Value[]): Value[] {
  return g.apply(op, inputs, attributes);
}

/** The nodes of stem, each block, head and classifier. Each hands on the output of its last node, and nothing else. */
function blocksOf(nodes: readonly Node[]): Node[][] {
  const blocks = new Map<string, Node[]>();
  for (const node of nodes) {
    const name = /^(stages\.\d+\.\d+|\w+)/.exec(node.path)![0];
    blocks.set(name, [...(blocks.get(name) ?? []), node]);
  }
  return [...blocks.values()];
}

function rectified(architecture: Architecture): Architecture {
  const activation = "relu" as const;
  const { stem, stages, head } = architecture;
  return {
    ...architecture,
    stem: { ...stem, activation },
    stages: stages.map((stage) => {
      const squeezeExcite = stage.squeezeExcite === null ? null : { ...stage.squeezeExcite, activation };
      return { ...stage, activation, squeezeExcite };
    }),
    head: { ...head, activation },
  };
}
