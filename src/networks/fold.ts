import { ModelError } from "../base/index.js";
import { sizeOf } from "../ir/index.js";
import type { Architecture } from "./architecture.js";
import { buildNetwork } from "./build.js";

/**
 * The parameters of the `folded` network from those of the `inference` network: each batch norm becomes part of the
 * convolution before it. Computed in double precision, rounded once.
 *
 * γ · (w ∗ x − μ) / √(v + ε) + β  =  (s · w) ∗ x + (β − s · μ), with s = γ / √(v + ε)
 *
 * @param weights all parameters of the inference network, statistics included; more are ignored.
 * @throws {ModelError} when one is missing or has another size.
 */
export function foldBatchNorm(
  architecture: Architecture,
  weights: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });
  const folded = new Map<string, Float32Array>();
  const read = new Map<number, Float32Array>();
  for (const { value } of graph.parameters) read.set(value.id, checked(weights, value.name, sizeOf(value.shape)));

  const normOf = new Map(
    graph.nodes.flatMap((node) => (node.op === "batchNormInference" ? [[node.inputs[0]!.id, node] as const] : [])),
  );
  for (const node of graph.nodes) {
    if (node.op !== "conv2d" && node.op !== "depthwiseConv2d") continue;
    const [, weight, bias] = node.inputs;
    const norm = normOf.get(node.outputs[0]!.id);
    if (norm === undefined) {
      folded.set(weight!.name, read.get(weight!.id)!);
      folded.set(bias!.name, read.get(bias!.id)!);
      continue;
    }
    const [gamma, beta, mean, variance] = norm.inputs.slice(1).map(({ id }) => read.get(id)!);
    const scale = Float64Array.from(gamma!, (value, c) => value / Math.sqrt(variance![c]! + norm.attributes.epsilon));
    const perChannel = sizeOf(weight!.shape) / weight!.shape[0]!;
    const scaled = read.get(weight!.id)!.map((value, i) => value * scale[Math.floor(i / perChannel)]!);
    folded.set(weight!.name, scaled);
    folded.set(
      weight!.name.replace(/weight$/, "bias"),
      Float32Array.from(scale, (s, c) => beta![c]! - s * mean![c]!),
    );
  }
  return folded;
}

function checked(weights: ReadonlyMap<string, Float32Array>, name: string, size: number): Float32Array {
  const values = weights.get(name);
  if (values?.length === size) return values;
  const received = values === undefined ? "none" : `${values.length} numbers`;
  throw new ModelError({ at: name, expected: `a weight of ${size} numbers`, received });
}
