/**
 * One step of training a published network, with random weights, images and labels from fixed seeds: run by the tests here, and
 * by `scripts/golden` in PyTorch.
 */
import { createRng } from "../../base/index.js";
import { type Architecture, buildArchitecture, buildNetwork } from "../../networks/index.js";
import { randomImage, randomWeights } from "../../networks/testing/random-weights.js";
import { type Runner, trainingRunners } from "../../ops/testing/engine.js";
import { quickRecipe, type Recipe } from "../recipe/recipe.js";
import { pack, unpack } from "../step/flat.js";
import { names, stateLayout } from "../step/state-layout.js";
import { buildTrainingStep } from "../step/step.js";

export type StepCase = {
  /** With the prefix of its dialect. */
  readonly name: string;
  readonly width: number;
  readonly resolution: number;
  readonly labelSmoothing: number;
  /** Of the images, 22 where it is missing. */
  readonly imageSeed?: number;
};

const BATCH = 8;
const CLASSES = 10;
export const LEARNING_RATE = 0.1;

/** Without momentum, the first moment after a step is the gradient itself; without decay, that of the loss alone. */
const recipeFor = ({ labelSmoothing }: StepCase): Recipe => ({
  ...quickRecipe,
  optimizer: { kind: "sgd", momentum: 0, nesterov: false },
  batchSize: BATCH,
  weightDecay: 0,
  labelSmoothing,
});

/**
 * All five strides, as other programs keep them; no dropout, no drop path. A norm momentum of a half shows both what is kept and
 * what the batch adds.
 */
function architectureFor({ name, width, resolution }: StepCase): Architecture {
  const published = buildArchitecture(name, { width, classes: CLASSES });
  return { ...published, resolution, dropout: 0, dropPath: 0, norm: { ...published.norm, momentum: 0.5 } };
}

/** What goes into the step. Weights and statistics are in the order of the inference graph. */
export function referenceInputs(step: StepCase) {
  const architecture = architectureFor(step);
  const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });
  return {
    architecture,
    tensors: graph.parameters.map(({ value, trainable }) => ({ name: value.name, shape: value.shape, trainable })),
    weights: randomWeights(graph, createRng(21)),
    image: randomImage(architecture, BATCH, createRng(step.imageSeed ?? 22)),
    labels: Array.from({ length: BATCH }, (_, i) => (3 * i + 1) % CLASSES),
  };
}

export type StepResult = {
  readonly loss: number;
  /** `[N, K]`. */
  readonly logits: readonly number[];
  /** By name of the weight. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly nextWeights: ReadonlyMap<string, Float32Array>;
  /** Running statistics by name. */
  readonly nextStatistics: ReadonlyMap<string, Float32Array>;
};

const runnerNamed = (name: string) => trainingRunners.find((runner) => runner.name === name)!;

/** As it is shipped: ONNX Runtime, channel-major, float32. */
export const engine: Runner = runnerNamed("cpu, channel-major");
/** The same graph, node by node in float64. */
export const interpreter: Runner = runnerNamed("the interpreter");

export async function runReferenceStep(step: StepCase, runner: Runner): Promise<StepResult> {
  const { architecture, weights, image, labels } = referenceInputs(step);
  const layout = stateLayout(architecture);
  const { graph } = buildTrainingStep(architecture, recipeFor(step), layout);
  const targets = new Float32Array(BATCH * CLASSES);
  for (const [i, label] of labels.entries()) targets[i * CLASSES + label] = 1;
  const outputs = await runner.run(
    graph,
    new Map([
      [names.image, image.data],
      [names.targets, targets],
      [names.weights, pack(layout.weights, weights)],
      [names.buffers, pack(layout.buffers, weights)],
      [names.moment(0), new Float32Array(layout.weights.size)],
      [names.learningRate, Float32Array.of(LEARNING_RATE)],
      [names.statisticsMomentum, Float32Array.of(architecture.norm.momentum)],
    ]),
  );
  const floats = (name: string) => Float32Array.from(outputs.get(name)!);
  return {
    loss: floats(names.loss)[0]!,
    logits: Array.from(floats(names.logits)),
    gradients: unpack(layout.weights, floats(names.next(names.moment(0)))),
    nextWeights: unpack(layout.weights, floats(names.next(names.weights))),
    nextStatistics: unpack(layout.buffers, floats(names.next(names.buffers))),
  };
}
