/** One published network trained on a folder of images and shipped like a fitted one. */
import { join } from "node:path";
import { ensureWritableFolder } from "../base/files.js";
import { createRng, formatCount, formatPercent } from "../base/index.js";
import { type Costs, costsOfProfile } from "../cost/index.js";
import { channelStatistics, openDataset } from "../data/index.js";
import { type BuildOptions, buildArchitecture, profileArchitecture } from "../networks/index.js";
import type { Engine } from "../runtime/index.js";
import { type EpochRecord, quickRecipe, type Recipe, runTraining } from "../training/index.js";
import { batchSizeFor } from "./choices.js";
import { createImagePool } from "./images.js";
import { noProgress, type Progress } from "./progress.js";
import { ship } from "./ship-phase.js";
import { studyKey } from "./study.js";

export type TrainOptions = {
  readonly data: string;
  readonly network: Pick<BuildOptions, "width" | "depth" | "resolution"> & { readonly name: string };
  readonly epochs: number;
  readonly learningRate?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly out: string;
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
  const { data, network, epochs, out, seed, engine, cacheDir, signal, progress = noProgress } = options;
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
    const batchSize = options.batchSize ?? batchSizeFor(dataset.splits.train.length);
    const learningRate = options.learningRate ?? (quickRecipe.learningRate * batchSize) / quickRecipe.batchSize;
    const augmentation = { ...quickRecipe.augmentation, flip: dataset.channels === 3 };
    const recipe: Recipe = { ...quickRecipe, batchSize, learningRate, augmentation };
    const train = await pool.get("train", resolution);
    const normalization = channelStatistics(train);
    const costs = costsOfProfile(profileArchitecture(architecture));
    progress.phase(
      "train",
      `${architecture.name}: ${formatCount(costs.params)} params, ${formatCount(costs.macs)} MACs`,
    );
    const trained = await runTraining({
      engine,
      architecture,
      recipe,
      normalization,
      epochs,
      rng: createRng(seed).fork("final"),
      train,
      validation: await pool.get("validation", resolution),
      signal,
      checkpoints: {
        folder: join(out, "checkpoints"),
        run: studyKey({
          data: dataset.fingerprint,
          architecture,
          recipe,
          epochs,
          seed,
          engine: engine.name,
          threads: engine.threads,
        }),
      },
      onStep: (epoch, { step, steps, imagesPerSecond }) =>
        progress.update({
          text: `epoch ${epoch}/${epochs}`,
          fraction: (epoch - 1 + step / steps) / epochs,
          columns: [`${Math.round(imagesPerSecond)} images/s`],
          secondsLeft: ((epochs - epoch + 1 - step / steps) * steps * batchSize) / imagesPerSecond,
        }),
      onEpoch: ({ epoch, trainLoss, validationAccuracy }) =>
        progress.line(
          `epoch ${String(epoch).padStart(3)}/${epochs}   loss ${trainLoss.toFixed(3)}   validation ${formatPercent(validationAccuracy)}`,
        ),
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
