import type { Rng } from "../../base/index.js";
import type { Graph } from "../../ir/index.js";
import { type Architecture, initializeParameters } from "../index.js";

/**
 * Weights as after some training: no norm, bias or statistic is left where it starts, so that none can be mixed up.
 *
 * @param gain mean of γ: deep networks, above all those with gates, need more than 1 for the image to reach the logits.
 */
export function randomWeights(graph: Graph, rng: Rng, gain = 1): Map<string, Float32Array> {
  const weights = initializeParameters(graph, rng);
  for (const [name, values] of weights) {
    const own = rng.fork(`${name}/moved`);
    const fill = (draw: () => number) => weights.set(name, Float32Array.from(values, draw));
    if (name.endsWith(".gamma")) fill(() => gain * (0.5 + own.uniform()));
    if (name.endsWith(".variance")) fill(() => 0.5 + own.uniform());
    if (/\.(beta|mean|bias)$/.test(name)) fill(() => 0.2 * own.normal());
  }
  return weights;
}

/** Standard normal, `[batch, C, H, W]`. */
export function randomImage({ channels, resolution }: Architecture, batch: number, rng: Rng) {
  const dims = [batch, channels, resolution, resolution];
  return { dims, data: Float32Array.from({ length: batch * channels * resolution ** 2 }, () => rng.normal()) };
}
