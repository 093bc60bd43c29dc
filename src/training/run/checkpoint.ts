/** A training run on disk: weights, statistics and moments and what they belong to as JSON beside them. */
import { ModelError } from "../../base/index.js";
import type { Recipe } from "../recipe/recipe.js";
import { initialMoments } from "../step/optimizer.js";
import { type PartialEpoch, stateFrom, type TrainingState, vectorsOf } from "../step/state.js";
import type { StateLayout } from "../step/state-layout.js";
import type { EpochRecord } from "./epoch-record.js";
import type { Evaluation } from "./evaluation.js";
import type { Setback } from "./setback.js";
import { loadVectors, saveVectors } from "./vector-file.js";

export type Checkpoint = {
  readonly state: TrainingState;
  readonly curve: readonly EpochRecord[];
  /** Of the trained network that the run began with; null where weights were random. */
  readonly start: Evaluation | null;
  readonly setbacks: readonly Setback[];
  /** Identifies network, recipe, data and seed: a checkpoint of another run is refused. */
  readonly run: string;
};

const FORMAT = "bantam-checkpoint-4";

export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { state, curve, start, setbacks, run } = checkpoint;
  await saveVectors(path, vectorsOf(state), {
    format: FORMAT,
    run,
    epoch: String(state.epoch),
    updates: String(state.updates),
    within: JSON.stringify(state.within),
    curve: JSON.stringify(curve),
    start: JSON.stringify(start),
    setbacks: JSON.stringify(setbacks),
  });
}

/**
 * @returns null when there is no such file, or it belongs to another run.
 * @throws {ModelError} when the file is damaged.
 */
export async function loadCheckpoint(path: string, run: string): Promise<Checkpoint | null> {
  const isOlder = (format: string | undefined) => /^bantam-checkpoint-[1-3]$/.test(format ?? "");
  const file = await loadVectors(path, { format: FORMAT, run, isOlder });
  if (file === null) return null;
  const { names, numbers, metadata } = file;
  return {
    run,
    curve: parsed<EpochRecord[]>(metadata.curve, path, "a learning curve"),
    start: parsed<Evaluation | null>(metadata.start, path, "what the run began with"),
    setbacks: parsed<Setback[]>(metadata.setbacks, path, "setbacks"),
    state: stateFrom(names, numbers, {
      epoch: count(metadata.epoch, path, "epochs"),
      updates: count(metadata.updates, path, "updates"),
      within: parsed<PartialEpoch | null>(metadata.within, path, "the part of an epoch"),
    }),
  };
}

function count(text: string | undefined, at: string, what: string): number {
  const value = Number(text ?? Number.NaN);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new ModelError({ at, expected: `a count of ${what}`, received: JSON.stringify(text) ?? "none" });
}

function parsed<T>(text: string | undefined, at: string, what: string): T {
  try {
    return JSON.parse(text ?? "") as T;
  } catch (cause) {
    throw new ModelError({ at, expected: `${what} in JSON`, received: "something else" }, { cause });
  }
}

/** @throws {ModelError} when a state's vectors are not as long as network and recipe have them. */
export function requireFit(
  state: TrainingState,
  layout: StateLayout,
  { optimizer, ema }: Pick<Recipe, "optimizer" | "ema">,
  at: string,
): void {
  const { size } = layout.weights;
  const expected = described(
    size,
    layout.buffers.size,
    initialMoments(optimizer).map(() => size),
    ema !== null,
  );
  const { weights, buffers, moments, average } = state;
  const received = described(
    weights.length,
    buffers.length,
    moments.map(({ length }) => length),
    average !== null,
  );
  if (expected === received) return;
  const hint = "the checkpoint is of another network or recipe: choose another folder, or remove it";
  throw new ModelError({ at, expected, received, hint });
}

const described = (weights: number, statistics: number, moments: readonly number[], hasAverage: boolean) =>
  `${weights} weights, ${statistics} statistics, moments of [${moments.join(", ")}], ${hasAverage ? "averages" : "no averages"}`;
