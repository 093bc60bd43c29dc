import type { Rng } from "../../base/index.js";
import type { Graph } from "../../ir/index.js";
import { type Architecture, initializeParameters } from "../index.js";

/** Weights with no norm, bias or statistic left where it starts, so that none can be mixed up. */
export function randomWeights(graph: Graph, rng: Rng): Map<string, Float32Array> {
  const weights = initializeParameters(graph, rng);
  for (const [name, values] of weights) {
    const own = rng.fork(`${name}/moved`);
    const fill = (draw: () => number) => weights.set(name, Float32Array.from(values, draw));
    if (/\.(gamma|variance)$/.test(name)) fill(() => 0.5 + own.uniform());
    if (/\.(beta|mean|bias)$/.test(name)) fill(() => 0.2 * own.normal());
  }
  return weights;
}

/** Standard normal, `[batch, C, H, W]`. */
export function randomImage({ channels, resolution }: Architecture, batch: number, rng: Rng) {
  const dims = [batch, channels, resolution, resolution];
  return { dims, data: Float32Array.from({ length: batch * channels * resolution ** 2 }, () => rng.normal()) };
}
