/** Everything a training run carries from one step to the next. */
import type { Rng } from "../../base/index.js";
import { type Architecture, buildNetwork, initializeParameters, type Tuning } from "../../networks/index.js";
import type { Recipe } from "../recipe/recipe.js";
import { pack, unpack } from "./flat.js";
import { initialMoments } from "./optimizer.js";
import { names, type StateLayout } from "./state-layout.js";

export type TrainedNetwork = {
  readonly architecture: Architecture;
  /** Weights and batch-norm statistics by name. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
};

/** Of a trained network: the part that goes on. `tensors` are those of the whole network, as it was, by name. */
export type TunedPart = Tuning & Pick<TrainedNetwork, "tensors">;

export type TrainingState = {
  readonly weights: Float32Array;
  readonly buffers: Float32Array;
  readonly moments: readonly Float32Array[];
  /** Epochs that are done. */
  readonly epoch: number;
  /** Updates that were made. */
  readonly updates: number;
  /** Moving averages of weights and statistics; null where the recipe has none. */
  readonly average: Pick<TrainingState, "weights" | "buffers"> | null;
  /** What there is of an epoch that was begun; null between two epochs. */
  readonly within: PartialEpoch | null;
};

export type PartialEpoch = {
  /** Steps that are done. */
  readonly steps: number;
  /** Sums over those. */
  readonly loss: number;
  readonly correct: number;
  /** How long the run was to be when the epoch began. */
  readonly epochs: number;
};

export function initialState(
  architecture: Architecture,
  layout: StateLayout,
  recipe: Pick<Recipe, "optimizer" | "ema">,
  rng: Rng,
): TrainingState {
  const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });
  return startOf(initializeParameters(graph, rng), layout, recipe);
}

/** Before the first step, from given weights and statistics. */
export function startOf(
  tensors: ReadonlyMap<string, Float32Array>,
  layout: StateLayout,
  { optimizer, ema }: Pick<Recipe, "optimizer" | "ema">,
): TrainingState {
  const start = { weights: pack(layout.weights, tensors), buffers: pack(layout.buffers, tensors) };
  return {
    ...start,
    moments: initialMoments(optimizer).map((start) => new Float32Array(layout.weights.size).fill(start)),
    epoch: 0,
    updates: 0,
    average: ema === null ? null : start,
    within: null,
  };
}

/** What is evaluated and shipped. */
export const shippedOf = (state: Pick<TrainingState, "weights" | "buffers" | "average">) => state.average ?? state;

/** Weights and batch-norm statistics by name, as `networks` and files know them. */
export function namedTensors(
  layout: StateLayout,
  state: Pick<TrainingState, "weights" | "buffers">,
): Map<string, Float32Array> {
  return new Map([...unpack(layout.weights, state.weights), ...unpack(layout.buffers, state.buffers)]);
}

/** The vectors of a state, by the names of the step's inputs. */
export function vectorsOf({ weights, buffers, moments, average }: TrainingState): Map<string, Float32Array> {
  const vectors = new Map(Object.entries({ weights, buffers }));
  for (const [i, moment] of moments.entries()) vectors.set(names.moment(i), moment);
  if (average === null) return vectors;
  return vectors.set(names.average(names.weights), average.weights).set(names.average(names.buffers), average.buffers);
}

/** The other way. @param known the names of the vectors that there are. */
export function stateFrom(
  known: Iterable<string>,
  numbers: (name: string) => Float32Array,
  counts: Pick<TrainingState, "epoch" | "updates" | "within">,
): TrainingState {
  const all = [...known];
  const part = (nameOf: (name: string) => string) => ({
    weights: numbers(nameOf(names.weights)),
    buffers: numbers(nameOf(names.buffers)),
  });
  return {
    ...counts,
    ...part((name) => name),
    moments: all.filter((name) => name.startsWith("moments.")).map((_, i) => numbers(names.moment(i))),
    average: all.includes(names.average(names.weights)) ? part(names.average) : null,
  };
}
