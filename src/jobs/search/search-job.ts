/** What a search works with, once its images are read. */
import { createRng, type Rng } from "../../base/index.js";
import { channelStatistics, type Dataset, type Normalization, requireVariety } from "../../data/index.js";
import { costOf } from "../../scaling/index.js";
import { type CostGate, imageSpace, type Objective, requireFeasible, reward } from "../../search/index.js";
import { type Recipe, warmingUpWithin } from "../../training/index.js";
import { mirroredBy, recipeFor, sidesUpTo } from "../shared/choices.js";
import type { ImagePool } from "../shared/image-pool.js";
import { costsBy } from "../shared/latency-predictor.js";
import type { Progress } from "../shared/progress.js";
import { type ImagesBySide, partOfImages } from "../shared/short-training.js";
import { VERSION } from "../shared/version.js";
import { defaultScore, defaultSupernet, type SearchOptions, startsWarm } from "./search-options.js";

type SearchBeginning = {
  readonly options: SearchOptions;
  /** As `performance.now()` gives it, before anything was read. */
  readonly began: number;
  readonly progress: Progress;
  readonly dataset: Dataset;
};

export type SearchJob = SearchBeginning & {
  readonly gate: CostGate;
  /** Candidates that the gate turned away so far. */
  readonly rejected: () => number;
  readonly objective: Objective;
  /** Of a trial, and how many of them are for training. */
  readonly images: ImagesBySide;
  readonly trainImages: number;
  readonly normalization: Normalization;
  readonly recipe: Recipe;
  readonly rng: Rng;
  /** Of the study. */
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
};

/** @throws {InfeasibleError} when no candidate keeps the budget. @throws {DataError} when all images are the same. */
export async function prepareSearch(read: SearchBeginning, pool: ImagePool): Promise<SearchJob> {
  const { options, dataset } = read;
  let rejected = 0;
  const gate = gateFor(options, dataset, () => {
    rejected++;
  });
  requireFeasible(gate);
  const all = await pool.get("train", dataset.size);
  requireVariety(all, options.data);
  const trainImages = Math.min(options.images ?? all.count, all.count);
  const recipe = mirroredBy(recipeFor(dataset, options.metric), options.mirror);
  const rng = createRng(options.seed);
  return {
    ...read,
    gate,
    rejected: () => rejected,
    objective: objectiveOf(options),
    images: partOfImages(pool, dataset, trainImages, rng),
    trainImages,
    normalization: channelStatistics(all),
    recipe,
    rng,
    name: options.name ?? dataset.name,
    settings: settingsOf(options, dataset, gate, trainImages, recipe),
  };
}

function gateFor({ budget, latency, space }: SearchOptions, dataset: Dataset, onRejected: () => void): CostGate {
  const { classes, channels, size } = dataset;
  const facts = { classes: classes.length, channels, resolutions: sidesUpTo(size) };
  return { space: (space ?? imageSpace)(facts), budget, costsOf: costsBy(latency), onRejected };
}

function objectiveOf({ axes, target }: SearchOptions): Objective {
  return {
    costs: axes,
    reward: ({ accuracy, costs }) =>
      target === undefined ? accuracy : reward(accuracy, costOf(costs, target.cost), target.value, target.exponents),
  };
}

/** All that the trials depend on: a study goes on with the same. */
function settingsOf(
  options: SearchOptions,
  { fingerprint, shape }: Dataset,
  { budget, space }: CostGate,
  images: number,
  recipe: Recipe,
) {
  const { strategy, epochs, axes, target, earlyStopping, latency, seed, engine } = options;
  return {
    version: VERSION,
    data: fingerprint,
    shape,
    strategy,
    options: options.strategyOptions,
    budget,
    space,
    epochs,
    images,
    axes,
    target,
    earlyStopping,
    ...(latency && { latency: latency.fingerprint }),
    ...(startsWarm(options) && { warmStart: true }),
    ...(strategy === "prefiltered" && { score: options.score ?? defaultScore }),
    ...(strategy === "supernet" && { supernet: options.supernet ?? defaultSupernet }),
    recipe: warmingUpWithin(recipe, epochs),
    seed,
    engine: engine.name,
    threads: engine.threads,
  };
}
