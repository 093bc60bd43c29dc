/** Readings of an inference graph: how many numbers, how much work, how much memory. */
import type { Graph, Node, OpName, Shape } from "../ir/index.js";
import { sizeOf } from "../ir/index.js";
import { macsOf } from "../ops/index.js";
import { planMemory } from "./memory-plan.js";

/** A node with parameters or work of its own, and the norm, activation and views that follow it. */
export type LayerProfile = {
  /** Path of the node in the network. */
  readonly name: string;
  readonly kind: OpName;
  /** With the batch. */
  readonly output: Shape;
  readonly params: number;
  readonly macs: number;
  /** Of the output, in fp32. */
  readonly activationBytes: number;
};

export type GraphProfile = {
  /** Trainable numbers. Running statistics of batch norm are buffers and not counted. */
  readonly params: number;
  /**
   * Multiply-accumulates of convolutions, squeeze-excite layers and classifier. The mobile papers print this number as
   * "FLOPs"; bias, norm, activation, pooling and element-wise work count 0.
   */
  readonly macs: number;
  /**
   * Bytes of the weights as they are shipped, fp32: after batch norm is folded into the convolution before it, where γ and
   * the statistics disappear and β becomes the bias. So 4 · (params − channels under batch norm).
   */
  readonly weightBytes: number;
  /** Arena of the fp32 activations; see `planMemory`. */
  readonly peakActivationBytes: number;
  readonly layers: readonly LayerProfile[];
};

const FP32_BYTES = 4;

/**
 * The costs of one run of a graph, which are those of one image when its batch is 1. A graph with batch norm and the
 * same graph folded differ in `params` alone.
 */
export function profileGraph(graph: Graph): GraphProfile {
  const trainable = new Map(
    graph.parameters.flatMap(({ value, trainable }) => (trainable ? [[value.id, sizeOf(value.shape)] as const] : [])),
  );
  const layers = findLayers(graph, trainable);
  const params = [...trainable.values()].reduce((total, size) => total + size, 0);
  const foldedAway = graph.nodes.reduce((total, node) => total + foldedNumbers(node), 0);
  return {
    params,
    macs: layers.reduce((total, { macs }) => total + macs, 0),
    weightBytes: FP32_BYTES * (params - foldedAway),
    peakActivationBytes: planMemory(graph, { format: "fp32" }).peakBytes,
    layers,
  };
}

/** Trainable numbers of a node that folding leaves without a place: the γ of a batch norm. */
const foldedNumbers = (node: Node) => (node.op === "batchNormInference" ? sizeOf(node.inputs[1]!.shape) : 0);

/** Nodes that belong to the layer that made their input. */
const followers: ReadonlySet<OpName> = new Set<OpName>([
  ...(["batchNormInference", "relu", "relu6", "sigmoid", "silu", "hardSigmoid", "hardSwish"] as const),
  ...(["reshape", "flatten", "unflatten"] as const),
]);

function findLayers(graph: Graph, trainable: ReadonlyMap<number, number>): LayerProfile[] {
  const layers: LayerProfile[] = [];
  const indexOf = new Map<number, number>();
  const counted = new Set<number>();
  for (const node of graph.nodes) {
    if (node.op === "constant") continue;
    // A parameter that two nodes share is counted where it is used first.
    const own = node.inputs.filter(({ id }) => trainable.has(id) && !counted.has(id));
    for (const { id } of own) counted.add(id);
    const params = own.reduce((total, { id }) => total + trainable.get(id)!, 0);
    const before = followers.has(node.op) ? indexOf.get(node.inputs[0]!.id) : undefined;
    const index = before ?? layers.length;
    if (before === undefined) layers.push(layerOf(node, params));
    else layers[index] = { ...layers[index]!, params: layers[index]!.params + params };
    for (const { id } of node.outputs) indexOf.set(id, index);
  }
  return layers;
}

function layerOf(node: Node, params: number): LayerProfile {
  const output = node.outputs[0]!.shape;
  const activationBytes = FP32_BYTES * sizeOf(output);
  return { name: node.path, kind: node.op, output, params, macs: macsOf(node), activationBytes };
}
