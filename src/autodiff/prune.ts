import type { Graph } from "../ir/index.js";

/** Drops the nodes that no output needs: a gradient rule may offer more than was asked. */
export function withoutUnusedNodes(graph: Graph): Graph {
  const used = new Set(graph.outputs.map((value) => value.id));
  const kept = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((output) => used.has(output.id))) return false;
    for (const input of node.inputs) used.add(input.id);
    return true;
  });
  return { ...graph, nodes: kept.reverse() };
}
