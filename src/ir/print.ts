import type { Graph, Value } from "./graph.js";

const typeOf = (value: Value) => `${value.dtype === "float32" ? "f32" : value.dtype}[${value.shape.join("×")}]`;

/** The graph as text that a person can diff: a line per value, in running order. */
export function print(graph: Graph): string {
  const lines: string[] = [];
  for (const value of graph.inputs) lines.push(`input  %${value.id} ${value.name}: ${typeOf(value)} ${value.axes}`);
  for (const { value, trainable } of graph.parameters) {
    lines.push(`${trainable ? "param " : "buffer"} %${value.id} ${value.name}: ${typeOf(value)}`);
  }
  for (const node of graph.nodes) {
    const outputs = node.outputs.map((value) => `%${value.id}: ${typeOf(value)}`).join(", ");
    const inputs = node.inputs.map((value) => `%${value.id}`).join(", ");
    const attributes = Object.entries(node.attributes).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    lines.push(`${outputs} = ${node.op}(${[inputs, ...attributes].filter(Boolean).join(", ")})  # ${node.path}`);
  }
  for (const value of graph.outputs) lines.push(`output %${value.id} ${value.name}`);
  return `${lines.join("\n")}\n`;
}
