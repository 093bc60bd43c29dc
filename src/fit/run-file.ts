/** `run.json`: what a training in a folder was begun with, so that it goes on from the folder alone. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { toFileError, writeFileAtomic } from "../base/files.js";
import { ModelError } from "../base/index.js";
import { architectureSchema } from "../networks/index.js";
import type { Engine } from "../runtime/index.js";
import { type FoundRecipe, recipeNamed, recipeSchema } from "../training/index.js";
import type { TrainOptions } from "./train.js";
import { VERSION } from "./version.js";

/** What a run is asked for, as plain data: all but where it happens. */
export type RunSettings = Omit<
  TrainOptions,
  "out" | "overwrite" | "engine" | "workers" | "cacheDir" | "env" | "signal" | "progress" | "checkpointSeconds"
>;

export type RunFile = {
  /** Identifies `facts`. */
  readonly key: string;
  readonly settings: RunSettings;
  /** Everything that results depend on: contents of the data, layers of the network, recipe for this data, epochs, seed. */
  readonly facts: Readonly<Record<string, unknown>>;
  /**
   * Another engine, or another number of threads, goes on from the same checkpoints, and rounds differently. null before one is chosen.
   */
  readonly engine: Pick<Engine, "name" | "device" | "threads"> | null;
  /** By the range test; null where it was given, or is not found yet. */
  readonly learningRate: number | null;
  /** Of a batch, by the memory there was at the beginning; null where they were given, or are not chosen yet. */
  readonly parts: number | null;
};

const FORMAT = "bantam-run-1";

const plan = z.array(z.looseObject({ part: z.string(), epochs: z.int().min(1), learningRate: z.number().positive() }));

const schema = z.looseObject({
  format: z.literal(FORMAT),
  key: z.string(),
  settings: z.looseObject({
    data: z.string(),
    network: z.looseObject({ name: z.string().optional(), table: architectureSchema.optional() }).optional(),
    from: z.looseObject({ weights: z.string(), plan: plan.optional() }).optional(),
    teacher: z.looseObject({ weights: z.string(), temperature: z.number(), weight: z.number() }).optional(),
    recipe: z.looseObject({
      name: z.string(),
      epochs: z.int().min(1),
      recipe: recipeSchema,
      ownAugmentation: z.boolean().optional(),
    }),
    epochs: z.int().min(1).optional(),
    learningRate: z.union([z.number().positive(), z.literal("find")]).optional(),
    batchSize: z.int().min(1).optional(),
    accumulate: z.int().min(1).optional(),
    trainingMemory: z.number().positive().optional(),
    tensorboard: z.boolean().optional(),
    goldenPhotos: z.boolean().optional(),
    seed: z.int().min(0),
  }),
  facts: z.record(z.string(), z.unknown()),
  engine: z
    .object({ name: z.string(), device: z.literal(["cpu", "wasm", "webgpu"]), threads: z.int().min(1) })
    .nullable(),
  learningRate: z.number().positive().nullable(),
  parts: z.int().min(1).nullable(),
});

/** As they are kept: files by paths that hold from everywhere. */
export function settingsOf(options: TrainOptions): RunSettings {
  const { out, overwrite, engine, workers, cacheDir, env, signal, progress, checkpointSeconds, ...settings } = options;
  const located = <Source extends { readonly weights: string }>(source: Source | undefined): Source | undefined =>
    source && { ...source, weights: source.weights.startsWith("hf:") ? source.weights : resolve(source.weights) };
  const { data, from, teacher } = settings;
  return {
    ...{ ...settings, data: resolve(data), from: located(from), teacher: located(teacher) },
    recipe: foundRecipe(options),
  };
}

function foundRecipe(options: TrainOptions): FoundRecipe {
  const found: FoundRecipe = options.recipe ?? recipeNamed("quick");
  const { name, epochs, recipe, ownAugmentation } = found;
  return { name, epochs, recipe, ...(ownAugmentation && { ownAugmentation }) };
}

export const runFilePath = (folder: string) => join(folder, "run.json");

export async function saveRunFile(folder: string, run: RunFile): Promise<void> {
  const document = { format: FORMAT, bantam: VERSION, ...run };
  await writeFileAtomic(runFilePath(folder), `${JSON.stringify(document, null, 1)}\n`);
}

/** @returns null when there is none. @throws {ModelError} when it is not one of this version. */
export async function readRunFile(folder: string): Promise<RunFile | null> {
  const at = runFilePath(folder);
  const text = await readFile(at, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw toFileError(error, at, "read");
  });
  if (text === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const received = "something else";
    throw new ModelError({ at, expected: "a run in JSON", received, hint: rescue }, { cause });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data as unknown as RunFile;
  const [first] = result.error.issues;
  const place = first!.path.join(".");
  throw new ModelError({
    at,
    expected: `a run as this version writes it (${FORMAT})`,
    received:
      place === "format" ? JSON.stringify((json as { format?: unknown })?.format) : `${place}: ${first!.message}`,
    hint: rescue,
  });
}

const rescue = "remove it and call `bantam train` with the options of the run: its checkpoints are gone on from";
