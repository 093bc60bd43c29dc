import { ShapeError } from "../base/index.js";
import type { Graph, Node, Value } from "./graph.js";
import { sameShape, type TensorType } from "./shape.js";

/** The types a node's outputs must have; `ops` supplies it. */
export type Infer = (node: Node) => readonly TensorType[];

/**
 * States what a well-formed graph is: every value is defined once and before its first use, every output has the type its
 * op infers, every extent is a positive integer. A graph that fails is a mistake of ours, not of a user.
 *
 * @throws {ShapeError} with the path of the first node that is wrong.
 */
export function verify(graph: Graph, infer: Infer): void {
  const defined = new Set<number>();
  const define = (value: Value, at: string) => {
    if (defined.has(value.id)) fail(at, "a value to be defined once", `%${value.id} ${value.name} again`);
    const wrong = value.shape.find((extent) => !Number.isSafeInteger(extent) || extent < 1);
    if (wrong !== undefined) fail(at, "positive integer extents", `[${value.shape.join(", ")}]`);
    if (value.axes === "image" && value.shape.length !== 4) fail(at, "[N, C, H, W]", `[${value.shape.join(", ")}]`);
    defined.add(value.id);
  };
  const use = (value: Value, at: string) => {
    if (!defined.has(value.id)) fail(at, "a value that is defined earlier", `%${value.id} ${value.name}`);
  };

  for (const value of graph.inputs) define(value, "inputs");
  for (const { value } of graph.parameters) define(value, "parameters");
  for (const node of graph.nodes) {
    for (const value of node.inputs) use(value, node.path);
    const types = infer(node);
    if (types.length !== node.outputs.length) fail(node.path, `${types.length} outputs`, `${node.outputs.length}`);
    node.outputs.forEach((value, i) => {
      const type = types[i]!;
      if (value.dtype !== type.dtype || value.axes !== type.axes || !sameShape(value.shape, type.shape)) {
        fail(node.path, `${node.op} to give ${describe(type)}`, describe(value));
      }
      define(value, node.path);
    });
  }
  for (const value of graph.outputs) use(value, "outputs");
}

const describe = (type: TensorType) => `${type.dtype} [${type.shape.join(", ")}] ${type.axes}`;

function fail(at: string, expected: string, received: string): never {
  throw new ShapeError({ at: `internal: ${at}`, expected, received });
}
