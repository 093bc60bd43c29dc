/** Networks, weights and images from fixed seeds, scored by the tests here and by `scripts/golden/zero-cost.py` in PyTorch. */
import { createRng } from "../../base/index.js";
import { type Architecture, buildArchitecture, buildNetwork, initializeParameters } from "../../networks/index.js";
import type { ScoringBatch } from "../index.js";

const COUNT = 16;

const relu = {
  name: "small",
  classes: 10,
  channels: 1,
  resolution: 20,
  padding: "same",
  norm: { epsilon: 1e-3, momentum: 0.9 },
  stem: { channels: 8, kernel: 3, stride: 2, activation: "relu" },
  stages: [
    {
      block: "separable",
      kernel: 3,
      stride: 1,
      channels: 16,
      repeats: 1,
      expansion: 1,
      squeezeExcite: null,
      activation: "relu",
      residual: false,
    },
    {
      block: "invertedResidual",
      kernel: 5,
      stride: 2,
      channels: 16,
      repeats: 2,
      expansion: 2,
      squeezeExcite: { ratio: 0.25, of: "expanded", divisor: 4, activation: "relu", gate: "sigmoid" },
      activation: "relu",
      residual: true,
    },
  ],
  head: { conv: 32, hidden: 24, activation: "relu" },
  dropout: 0.1,
  dropPath: 0.1,
} as const satisfies Architecture;

const published = (name: string, width: number): Architecture => ({
  ...buildArchitecture(name, { width, classes: 10 }),
  resolution: 64,
});

/** Small with ReLU; so deep that synflow leaves float32 without help; with h-swish and squeeze-excite. */
export const references: readonly { readonly name: string; readonly architecture: Architecture }[] = [
  { name: "small", architecture: relu },
  { name: "mobilenet-v2", architecture: published("mobilenet-v2", 1) },
  { name: "mobilenet-v3-small", architecture: published("mobilenet-v3-small", 1) },
];

export const weightRng = () => createRng(31);

/** In the order of the inference graph, norms and their statistics where they start. */
export function referenceTensors(architecture: Architecture) {
  const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });
  const weights = initializeParameters(graph, weightRng());
  return graph.parameters.map(({ value: { name, shape }, decay }) => ({
    name,
    shape,
    decay,
    values: weights.get(name)!,
  }));
}

/** Standard normal, `[C, N, H, W]`. */
export function referenceBatch({ channels, resolution }: Architecture): ScoringBatch {
  const rng = createRng(32);
  return {
    images: Float32Array.from({ length: channels * COUNT * resolution ** 2 }, () => rng.normal()),
    labels: Array.from({ length: COUNT }, (_, i) => (3 * i + 1) % 10),
  };
}
