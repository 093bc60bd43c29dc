/** What a training keeps in the `run.json` of its folder, so that it goes on from the folder alone. */
import { resolve } from "node:path";
import { z } from "zod";
import { shapes } from "../../data/index.js";
import { architectureSchema } from "../../networks/index.js";
import { type FoundRecipe, recipeNamed, recipeSchema } from "../../training/index.js";
import { metrics } from "../shared/choices.js";
import type { TrainOptions } from "./options.js";

/** What a run is asked for, as plain data: all but where it happens. */
export type RunSettings = Omit<
  TrainOptions,
  "out" | "overwrite" | "engine" | "workers" | "cacheDir" | "env" | "signal" | "progress" | "checkpointSeconds"
>;

const plan = z.array(z.looseObject({ part: z.string(), epochs: z.int().min(1), learningRate: z.number().positive() }));

export const trainSchema = z.looseObject({
  settings: z.looseObject({
    data: z.string(),
    exclude: z.string().optional(),
    metric: z.enum(metrics).optional(),
    mirror: z.boolean().optional(),
    shape: z.enum(shapes).optional(),
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
  /** By the range test; null where it was given, or is not found yet. */
  learningRate: z.number().positive().nullable().default(null),
  /** Of a batch, by the memory there was at the beginning; null where they were given, or are not chosen yet. */
  parts: z.int().min(1).nullable().default(null),
});

/** As they are kept: files by paths that hold from everywhere. */
export function settingsOf(options: TrainOptions): RunSettings {
  const { out, overwrite, engine, workers, cacheDir, env, signal, progress, checkpointSeconds, ...settings } = options;
  const located = <Source extends { readonly weights: string }>(source: Source | undefined): Source | undefined =>
    source && { ...source, weights: source.weights.startsWith("hf:") ? source.weights : resolve(source.weights) };
  const { data, exclude, from, teacher } = settings;
  return {
    ...settings,
    data: resolve(data),
    exclude: exclude && resolve(exclude),
    from: located(from),
    teacher: located(teacher),
    recipe: foundRecipe(options),
  };
}

function foundRecipe(options: TrainOptions): FoundRecipe {
  const found: FoundRecipe = options.recipe ?? recipeNamed("quick");
  const { name, epochs, recipe, ownAugmentation } = found;
  return { name, epochs, recipe, ...(ownAugmentation && { ownAugmentation }) };
}
