/** A training run on disk: weights, statistics and moments as safetensors, what they belong to as JSON beside them. */
import { readIfThere, writeFileAtomic } from "../../base/files.js";
import { ModelError } from "../../base/index.js";
import { decodeSealed, encodeSealed, type Tensor } from "../../weights/index.js";
import type { Recipe } from "../recipe/recipe.js";
import { initialMoments } from "../step/optimizer.js";
import type { PartialEpoch, TrainingState } from "../step/state.js";
import type { StateLayout } from "../step/state-layout.js";
import type { EpochRecord } from "./epoch-record.js";
import type { Evaluation } from "./evaluation.js";
import type { Setback } from "./setback.js";

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
  const vector = (data: Float32Array): Tensor => ({ dtype: "F32", shape: [data.length], data });
  const tensors = new Map<string, Tensor>([
    ["weights", vector(state.weights)],
    ["buffers", vector(state.buffers)],
    ...state.moments.map((moment, i) => [`moments.${i}`, vector(moment)] as const),
    ...(state.average === null
      ? []
      : ([
          ["average.weights", vector(state.average.weights)],
          ["average.buffers", vector(state.average.buffers)],
        ] as const)),
  ]);
  const metadata = {
    format: FORMAT,
    run,
    epoch: String(state.epoch),
    updates: String(state.updates),
    within: JSON.stringify(state.within),
    curve: JSON.stringify(curve),
    start: JSON.stringify(start),
    setbacks: JSON.stringify(setbacks),
  };
  await writeFileAtomic(path, encodeSealed(tensors, metadata));
}

/**
 * @returns null when there is no such file, or it belongs to another run.
 * @throws {ModelError} when the file is damaged.
 */
export async function loadCheckpoint(path: string, run: string): Promise<Checkpoint | null> {
  const bytes = await readIfThere(path);
  if (bytes === null) return null;
  const { tensors, metadata } = decodeSealed(bytes, path, (format) => /^bantam-checkpoint-[1-3]$/.test(format ?? ""));
  if (metadata.format !== FORMAT || metadata.run !== run) return null;
  const floats = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (tensor?.dtype !== "F32") throw new ModelError({ at: path, expected: `a tensor ${name}`, received: "none" });
    return tensor.data;
  };
  const moments = [...tensors.keys()].filter((name) => name.startsWith("moments."));
  return {
    run,
    curve: parsed<EpochRecord[]>(metadata.curve, path, "a learning curve"),
    start: parsed<Evaluation | null>(metadata.start, path, "what the run began with"),
    setbacks: parsed<Setback[]>(metadata.setbacks, path, "setbacks"),
    state: {
      weights: floats("weights"),
      buffers: floats("buffers"),
      moments: moments.map((_, i) => floats(`moments.${i}`)),
      epoch: count(metadata.epoch, path, "epochs"),
      updates: count(metadata.updates, path, "updates"),
      average: tensors.has("average.weights")
        ? { weights: floats("average.weights"), buffers: floats("average.buffers") }
        : null,
      within: parsed<PartialEpoch | null>(metadata.within, path, "the part of an epoch"),
    },
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
