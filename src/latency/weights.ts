/** Weights to measure with. */
import { createRng } from "../base/index.js";
import { type Graph, sizeOf } from "../ir/index.js";
import { requireFewWeights } from "../networks/index.js";

/**
 * Weights under which what passes through a layer keeps its size, so that no activation of a deep network becomes infinite, or
 * so small that the processor treats it apart (denormal): both would cost time that trained weights do not.
 *
 * A few thousand random numbers, over and over: no latency depends on them, and the largest networks have tens of millions.
 */
export function benchWeights(graph: Graph): Map<string, Float32Array> {
  requireFewWeights(graph);
  const rng = createRng("latency");
  const numbers = Float32Array.from({ length: 1 << 14 }, () => Math.sqrt(12) * (rng.uniform() - 0.5)); // of variance 1
  return new Map(
    graph.parameters.map(({ value: { name, shape } }) => {
      const scale = shape.length === 1 ? 0.1 : Math.sqrt(2 / sizeOf(shape.slice(1))); // a bias, or by fan-in
      const values = new Float32Array(sizeOf(shape));
      for (let i = 0; i < values.length; i++) values[i] = scale * numbers[i % numbers.length]!;
      return [name, values];
    }),
  );
}
