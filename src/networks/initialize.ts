import type { Rng } from "../base/index.js";
import { type Graph, type Initializer, sizeOf } from "../ir/index.js";
import { requireFewWeights } from "./bounds.js";

/**
 * Starting values of every parameter of a graph, by name.
 *
 * Each name has its own stream of random numbers: the same name starts the same in every mode and whatever else the
 * network holds.
 */
export function initializeParameters(graph: Graph, rng: Rng): Map<string, Float32Array> {
  requireFewWeights(graph);
  return new Map(
    graph.parameters.map(({ value, initializer }) => {
      const draw = sampler(initializer, rng.fork(value.name));
      return [value.name, Float32Array.from({ length: sizeOf(value.shape) }, draw)];
    }),
  );
}

function sampler(initializer: Initializer, rng: Rng): () => number {
  switch (initializer.kind) {
    case "constant":
      return () => initializer.value;
    case "normal":
      return () => initializer.deviation * rng.normal();
    case "uniform":
      return () => initializer.limit * (2 * rng.uniform() - 1);
    default:
      return initializer satisfies never;
  }
}
