/** What a training takes of the processor's memory, before any of it is taken; and into how many parts that puts a batch. */
import { arenaUse, type LoweringOptions } from "../../onnx/index.js";
import { pixelCount } from "../batches/batch.js";
import { partSize } from "../step/accumulation.js";
import { initialMoments } from "../step/optimizer.js";
import { stateLayout } from "../step/state-layout.js";
import { buildEvaluation, buildTrainingStep } from "../step/step.js";
import { buildUpdate } from "../step/update.js";
import { evaluationBatch } from "./evaluation.js";
import type { TrainingSetup } from "./training.js";

export type MemoryOfTraining = Pick<TrainingSetup, "architecture" | "recipe" | "tuning" | "distillation"> & {
  readonly engine: Pick<TrainingSetup["engine"], "kernels">;
};

export type TrainingMemory = {
  readonly parts: readonly { readonly what: string; readonly bytes: number }[];
  /** Their sum: beside what the process held before, and the images. */
  readonly bytes: number;
};

/** ONNX Runtime's arena hands out whole chunks: 3 to 10 % more than was asked for, over six networks. */
const CHUNKS = 1.05;
/** The state before a step, after it, and at the end of the last epoch, which somebody may have read. */
const STATES = 3;
/** The step's batch, and two that a worker has ahead. */
const BATCHES = 3;
/** Two sessions' nodes, and what building them leaves on the heap: 20 to 40 MB over six networks. */
const SESSIONS = 28e6;

/** @throws {UsageError} when the batch does not come apart into the recipe's parts. */
export function planTrainingMemory({
  architecture,
  recipe,
  tuning,
  distillation,
  engine,
}: MemoryOfTraining): TrainingMemory {
  const layout = stateLayout(architecture, tuning);
  const options: LoweringOptions = { name: "", layout: "channel-major", kernels: engine.kernels };
  const { graph, noise } = buildTrainingStep(architecture, recipe, layout, { tuning, distillation });
  const evaluation = buildEvaluation(architecture, evaluationBatch(recipe), layout, tuning);
  const update = recipe.accumulate === 1 ? 0 : arenaUse(buildUpdate(recipe, layout), options).peakBytes;

  const { weights, buffers } = layout;
  const moments = initialMoments(recipe.optimizer).length;
  const averages = recipe.ema === null ? 0 : weights.size + buffers.size;
  const state = 4 * (weights.size * (1 + moments) + buffers.size + averages);
  const sums = recipe.accumulate === 1 ? 0 : 2 * 4 * (weights.size + buffers.size);
  const masks = noise.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const batch = 4 * (pixelCount(architecture, recipe.batchSize) + masks);
  const ofPart = recipe.accumulate === 1 ? 0 : batch / recipe.accumulate;
  const evaluated = 4 * pixelCount(architecture, evaluationBatch(recipe));

  const parts = [
    { what: "activations and gradients", bytes: CHUNKS * arenaUse(graph, options).peakBytes },
    { what: "evaluation", bytes: CHUNKS * arenaUse(evaluation, options).peakBytes },
    { what: "weights, moments, averages", bytes: STATES * state + sums + CHUNKS * update },
    { what: "batches", bytes: BATCHES * batch + ofPart + evaluated },
    { what: "graphs and sessions", bytes: SESSIONS },
  ].map(({ what, bytes }) => ({ what, bytes: Math.round(bytes) }));
  return { parts, bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Batch norm needs some images to average over. */
const LEAST_IMAGES = 8;

export type FittingParts = {
  readonly accumulate: number;
  readonly memory: TrainingMemory;
  /** Of the batch as the recipe has it. */
  readonly whole: TrainingMemory;
  readonly fits: boolean;
};

/**
 * The fewest parts, a multiple of the recipe's, in which a batch goes through the network within so many bytes. Where none
 * do, the most parts of at least eight images.
 */
export function partsWithin(setup: MemoryOfTraining, bytes: number): FittingParts {
  const { batchSize, accumulate } = setup.recipe;
  const planOf = (parts: number) => planTrainingMemory({ ...setup, recipe: { ...setup.recipe, accumulate: parts } });
  const whole = planOf(accumulate);
  if (whole.bytes <= bytes) return { accumulate, memory: whole, whole, fits: true };
  const most = partSize(setup.recipe) / LEAST_IMAGES;
  let least = { accumulate, memory: whole };
  for (let factor = 2; factor <= most; factor++) {
    const parts = accumulate * factor;
    if (batchSize % parts !== 0) continue;
    least = { accumulate: parts, memory: planOf(parts) };
    if (least.memory.bytes <= bytes) return { ...least, whole, fits: true };
  }
  return { ...least, whole, fits: false };
}
