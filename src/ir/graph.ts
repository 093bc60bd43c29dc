import type { TensorType } from "./shape.js";
import type { OpName, Vocabulary } from "./vocabulary.js";

/** One tensor in a graph: defined once, by a node, an input or a parameter. */
export type Value = TensorType & { readonly id: number; readonly name: string };

export type NodeOf<K extends OpName> = {
  readonly op: K;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Vocabulary[K];
  /** Where in the network: `stage3.block1.depthwise`. Gradient nodes carry the path of the node they belong to. */
  readonly path: string;
};

export type Node = { [K in OpName]: NodeOf<K> }[OpName];

/** How a parameter starts. Fan-out is that of the convolution: k² · out ÷ groups. */
export type Initializer =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "uniform"; readonly limit: number };

export type Parameter = {
  readonly value: Value;
  readonly initializer: Initializer;
  /** False for buffers: batch-norm statistics. */
  readonly trainable: boolean;
  /** Whether weight decay applies: convolution and classifier weights, not norms and biases. */
  readonly decay: boolean;
};

/** Nodes stand in an order in which they can run. */
export type Graph = {
  readonly inputs: readonly Value[];
  readonly parameters: readonly Parameter[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly Value[];
};
