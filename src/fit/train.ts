/** One published network trained on a folder of images and shipped like a fitted one. */
import { join } from "node:path";
import { ensureWritableFolder } from "../base/files.js";
import { createRng, DivergenceError, formatCount, formatPercent } from "../base/index.js";
import { type Costs, costsOfProfile } from "../cost/index.js";
import { channelStatistics, type Dataset, type ImageSet, openDataset } from "../data/index.js";
import { type BuildOptions, buildArchitecture, profileArchitecture } from "../networks/index.js";
import type { Engine } from "../runtime/index.js";
import {
  createTraining,
  type EpochRecord,
  type FoundRecipe,
  finishedEpochs,
  forBatch,
  type Recipe,
  rateFrom,
  recipeNamed,
  risingRates,
  runTraining,
  type TrainingSetup,
} from "../training/index.js";
import { batchSizeFor } from "./choices.js";
import { createImagePool } from "./images.js";
import { openMetrics } from "./metrics.js";
import { noProgress, type Progress } from "./progress.js";
import { ship } from "./ship-phase.js";
import { studyKey } from "./study.js";

export type TrainOptions = {
  readonly data: string;
  readonly network: Pick<BuildOptions, "width" | "depth" | "resolution"> & { readonly name: string };
  /** By default `quick`. */
  readonly recipe?: FoundRecipe | undefined;
  /** By default the recipe's. */
  readonly epochs?: number | undefined;
  /** `"find"`: by a range test before the training. */
  readonly learningRate?: number | "find" | undefined;
  readonly batchSize?: number | undefined;
  readonly out: string;
  /** Event files beside `metrics.jsonl`. */
  readonly tensorboard?: boolean | undefined;
  readonly seed: number;
  readonly engine: Engine;
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
};

export type TrainResult = {
  readonly model: string;
  readonly onnx: string;
  readonly accuracy: number;
  readonly count: number;
  readonly costs: Costs;
  readonly curve: readonly EpochRecord[];
  readonly seed: number;
};

/** A stopped training goes on from its last finished epoch when called again with the same options. */
export async function trainNetwork(options: TrainOptions): Promise<TrainResult> {
  const { data, network, out, seed, engine, cacheDir, signal, progress = noProgress } = options;
  await ensureWritableFolder(join(out, "checkpoints"));
  await ensureWritableFolder(cacheDir);
  progress.phase("data", "reading images");
  const onProgress = (done: number, total: number, text: string) => progress.update({ text, fraction: done / total });
  const dataset = await openDataset(data, { seed, cacheDir, maxSize: network.resolution, signal, onProgress });
  const pool = createImagePool(dataset, { cacheDir, signal, progress });
  try {
    const { name, resolution = dataset.size, ...multipliers } = network;
    const architecture = buildArchitecture(name, {
      ...multipliers,
      resolution,
      classes: dataset.classes.length,
      channels: dataset.channels,
    });
    const named = options.recipe ?? recipeNamed("quick");
    const epochs = options.epochs ?? named.epochs;
    const fitted = recipeOf(named.recipe, dataset, options);
    const train = await pool.get("train", resolution);
    const normalization = channelStatistics(train);
    const rng = createRng(seed).fork("final");
    const recipe =
      options.learningRate === "find"
        ? await withFoundRate({ engine, architecture, recipe: fitted, normalization, rng }, train, progress)
        : fitted;
    const costs = costsOfProfile(profileArchitecture(architecture));
    progress.phase(
      "train",
      `${architecture.name}: ${formatCount(costs.params)} params, ${formatCount(costs.macs)} MACs`,
    );
    const run = studyKey({
      ...{ data: dataset.fingerprint, architecture, recipe, epochs, seed },
      ...{ engine: engine.name, threads: engine.threads },
    });
    const checkpoints = { folder: join(out, "checkpoints"), run };
    const metrics = await openMetrics(out, {
      earlier: await finishedEpochs(checkpoints),
      tensorboard: options.tensorboard ?? false,
    });
    const trained = await runTraining({
      engine,
      architecture,
      recipe,
      normalization,
      epochs,
      rng,
      train,
      validation: await pool.get("validation", resolution),
      signal,
      checkpoints,
      onStep: (epoch, { step, steps, imagesPerSecond }) =>
        progress.update({
          text: `epoch ${epoch}/${epochs}`,
          fraction: (epoch - 1 + step / steps) / epochs,
          columns: [`${Math.round(imagesPerSecond)} images/s`],
          secondsLeft: ((epochs - epoch + 1 - step / steps) * steps * recipe.batchSize) / imagesPerSecond,
        }),
      onEpoch: async (record) => {
        const { epoch, trainLoss, validationAccuracy } = record;
        progress.line(
          `epoch ${String(epoch).padStart(3)}/${epochs}   loss ${trainLoss.toFixed(3)}   validation ${formatPercent(validationAccuracy)}`,
        );
        await metrics.add(record);
      },
    });
    progress.phase("ship", "writing model.onnx and testing it");
    const { model, onnx, scores } = await ship({
      dataset,
      pool,
      engine,
      out,
      seed,
      recipe,
      normalization,
      architecture,
      costs,
      tensors: trained.tensors,
      epochs: trained.curve.length,
    });
    return { model, onnx, accuracy: scores.accuracy, count: scores.count, costs, curve: trained.curve, seed };
  } finally {
    pool.close();
  }
}

/** The recipe for this data: batches that it fills, and mirrored only where that leaves the class. */
function recipeOf(recipe: Recipe, dataset: Dataset, options: Pick<TrainOptions, "batchSize" | "learningRate">): Recipe {
  const batchSize = options.batchSize ?? Math.min(recipe.batchSize, batchSizeFor(dataset.splits.train.length));
  const scaled = forBatch(recipe, batchSize);
  return {
    ...scaled,
    learningRate: typeof options.learningRate === "number" ? options.learningRate : scaled.learningRate,
    augmentation: { ...recipe.augmentation, flip: recipe.augmentation.flip && dataset.channels === 3 },
  };
}

const RATES = risingRates(1e-4, 10, 100);

/** @throws {DivergenceError} when no rate lets the loss fall. */
async function withFoundRate(setup: TrainingSetup, images: ImageSet, progress: Progress): Promise<Recipe> {
  progress.phase("rate", `trying ${RATES.length} learning rates, a step each`);
  const training = await createTraining(setup);
  try {
    const found = rateFrom(RATES, await training.tryRates(images, RATES));
    if (found === null) {
      throw new DivergenceError({
        at: `${setup.architecture.name}, learning rates from ${RATES[0]} to ${RATES.at(-1)}`,
        expected: "a rate at which the loss falls",
        received: "none",
        hint: "look at the labels, or give --learning-rate",
      });
    }
    const learningRate = Number(found.toPrecision(2));
    progress.line(`learning rate ${learningRate}, found for batches of ${setup.recipe.batchSize}`);
    return { ...setup.recipe, learningRate };
  } finally {
    await training.dispose();
  }
}
