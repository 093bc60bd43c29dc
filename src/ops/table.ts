import type { Graph, Node, NodeOf, OpName, TensorType } from "../ir/index.js";
import * as activation from "./activation.js";
import { GraphBuilder, type InferOp } from "./builder.js";
import * as classification from "./classification.js";
import * as convolution from "./convolution.js";
import * as depthwise from "./depthwise.js";
import * as elementwise from "./elementwise.js";
import * as normalization from "./normalization.js";
import * as pointwiseNorm from "./pointwise-norm.js";
import * as product from "./product.js";
import * as rearrangement from "./rearrangement.js";
import type { OpRecord } from "./record.js";
import * as reduction from "./reduction.js";

type OpRecords = { readonly [K in OpName]: OpRecord<K> };

/** Every op there is. An op without its rules does not compile. */
const records: OpRecords = {
  ...elementwise,
  ...activation,
  ...convolution,
  ...depthwise,
  ...product,
  ...normalization,
  ...pointwiseNorm,
  ...reduction,
  ...rearrangement,
  ...classification,
};

/** The record of a node's op, with the node's own type. */
export function recordOf<K extends OpName>(op: K): OpRecord<K> {
  return records[op];
}

const infer: InferOp = (op, inputs, attributes, at) => recordOf(op).infer(inputs, attributes, at);

/** What the outputs of a node must be. */
export function inferNode(node: Node): readonly TensorType[] {
  return infer(node.op, node.inputs, node.attributes, node.path);
}

/** Multiply-accumulates of a node, for its whole batch. */
export function macsOf(node: Node): number {
  return count(node);
}

function count<K extends OpName>(node: NodeOf<K>): number {
  return recordOf(node.op).macs(node);
}

/** @param base a graph to go on from; it is not changed. */
export function createBuilder(base?: Graph): GraphBuilder {
  return new GraphBuilder(infer, base);
}
