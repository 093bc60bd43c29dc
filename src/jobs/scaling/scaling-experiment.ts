/** What the search for coefficients and the scaling study have in common: images, baseline, training, and the store of points. */
import { join, resolve } from "node:path";
import { writeFileAtomic } from "../../base/files.js";
import { createRng, EngineError, formatCount, lastly, looksLikeServer, meanOf, tInterval } from "../../base/index.js";
import { channelStatistics, type Dataset, type Shape } from "../../data/index.js";
import { type Asked, type Difference, imagesOf, keyOf, requireApart } from "../../folders/index.js";
import { countArchitecture } from "../../networks/index.js";
import type { ScalingConditions, StudiedPoint } from "../../report/index.js";
import type { Engine } from "../../runtime/index.js";
import type { Measured, ScaledPoint } from "../../scaling/index.js";
import { shownPlace } from "../../study/index.js";
import { type Recipe, warmingUpWithin } from "../../training/index.js";
import { recipeFor } from "../shared/choices.js";
import type { ImagePool } from "../shared/image-pool.js";
import { type Held, openWork } from "../shared/open-work.js";
import type { Progress } from "../shared/progress.js";
import { dataFacts } from "../shared/read-data.js";
import { trainBriefly, wholeImages } from "../shared/short-training.js";
import { VERSION } from "../shared/version.js";
import { type Baseline, baselineFor } from "./baseline.js";
import { openPoints, type PointConditions, type TrainedPoint } from "./points.js";
import { type TrainPoint, trainPoints } from "./train-points.js";

export type ScalingOptions = {
  /** A folder of class folders, or of IDX files. */
  readonly data: string;
  /** A list of pictures to leave out, as `bantam check` writes it. */
  readonly exclude?: string | undefined;
  /** How pictures become squares; by default as their shapes suggest. */
  readonly shape?: Shape | undefined;
  /** As `baselineFor` takes it. */
  readonly baseline?: string | undefined;
  /** Folder or `postgres://` address of the trainings. */
  readonly study: string;
  /** Folder for tables, figures and networks; created where missing. */
  readonly out: string;
  /** Of each training. */
  readonly epochs: number;
  /** How many; they are 0, 1, 2, … */
  readonly seeds: number;
  /** Trains points again that failed before. */
  readonly retry: boolean;
  /** Forgets what was trained before under these conditions, and takes the folder from another job. */
  readonly overwrite?: boolean | undefined;
  readonly engine: Engine;
  readonly cacheDir: string;
  /** The command line that does this again. */
  readonly command: string;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
};

/** Points under all seeds, ready to be drawn. */
export type Trained<Plan> = {
  readonly plan: Plan;
  readonly baseline: Baseline;
  readonly conditions: ScalingConditions;
  readonly points: readonly StudiedPoint[];
};

/** Of the training images: the share that judges. Twice that of a fit, as differences of a point or less are looked for. */
const VALIDATION_FRACTION = 0.25;
/** The images are divided once, whatever the seed of a training: another division would add its own spread. */
const SPLIT_SEED = 0;
/** Side at which images are first looked at, px; each network's own comes later. */
const FIRST_SIDE = 64;

/**
 * Trains the points of a plan under every seed, those excepted that are in the folder from an earlier call.
 *
 * @param plan gives the points, once the baseline is known. @param use writes what came of them, while the folder is held.
 * @throws {UsageError} when `out` holds another job, or lies in the images. @throws {DataError} for images that cannot be used.
 * @throws {EngineError} when not one training ended.
 * @throws {InterruptedError} after the signal: the same call goes on.
 */
export async function trainPlan<Plan extends { readonly points: readonly ScaledPoint[] }, Result>(
  options: ScalingOptions,
  plan: (baseline: Baseline) => Plan,
  use: (trained: Trained<Plan>) => Promise<Result>,
): Promise<Result> {
  const { data, out, study } = options;
  await requireApart(data, { "--study": looksLikeServer(study) ? undefined : study });
  return openWork({ kind: "scaling", at: "--study", out }, options, async (work) => {
    const { dataset, pool } = await work.read({
      seed: SPLIT_SEED,
      maxSize: FIRST_SIDE,
      validationFraction: VALIDATION_FRACTION,
    });
    const baseline = await baselineFor(options.baseline, dataset);
    const planned = plan(baseline);
    const recipe = recipeFor(dataset);
    const conditions = pointConditions(options, dataset, baseline, recipe);
    await work.hold(out, heldByScaling(options, conditions.facts));
    const store = await openPoints(study, conditions);
    work.resumeBy(`every finished training is in ${shownPlace(study)}; go on with\n  ${options.command}`);
    return lastly(async () => {
      const train = await pointTrainer(options, dataset, pool, recipe);
      announce(dataset, baseline, planned.points, work.progress);
      await decodeAll(pool, planned.points);
      work.progress.phase("train");
      const trained = await trainPoints({
        points: planned.points,
        seeds: seedsOf(options.seeds),
        store,
        train,
        retry: options.retry,
        progress: work.progress,
        signal: options.signal,
      });
      const points = planned.points.map((point) => studiedPoint(point, trained, dataset.nativeSize));
      requireOne(points);
      return use({ conditions: conditionsOf(options, dataset, baseline), points, plan: planned, baseline });
    }, store.close);
  });
}

/** Everything but point and seed that an accuracy depends on: other conditions are another study, in the same place. */
function pointConditions(
  { epochs, overwrite, signal }: ScalingOptions,
  { name, fingerprint, shape, splits }: Dataset,
  { architecture }: Baseline,
  recipe: Recipe,
): PointConditions & { readonly facts: object } {
  // Neither engine nor threads: their accuracies differ by rounding alone, far less than those of two seeds.
  const facts = {
    data: fingerprint,
    shape,
    splits: [SPLIT_SEED, VALIDATION_FRACTION],
    baseline: { ...architecture, name: "" },
    recipe,
    epochs,
  };
  const settings = { version: VERSION, ...facts };
  return {
    facts,
    name: `${name}-${architecture.name}-${keyOf(settings).slice(0, 8)}`,
    settings,
    epochs,
    images: splits.train.length,
    overwrite,
    signal,
  };
}

const heldByScaling = ({ data, baseline = "none" }: ScalingOptions, facts: object): Held => ({
  facts,
  settings: { data: resolve(data), baseline },
  words: { options: { shape: "--shape", epochs: "--epochs" }, special: { data: imagesOf, baseline: baselinesOf } },
});

async function pointTrainer(
  { engine, epochs, signal }: ScalingOptions,
  dataset: Dataset,
  pool: ImagePool,
  recipe: Recipe,
): Promise<TrainPoint> {
  const normalization = channelStatistics(await pool.get("train", dataset.size));
  const images = wholeImages(pool);
  return async ({ key, architecture }, seed, onStep) => {
    const { outcome } = await trainBriefly({
      engine,
      architecture,
      normalization,
      epochs,
      images,
      signal,
      recipe: warmingUpWithin(recipe, epochs),
      rng: createRng(seed).fork(`point ${key}`),
      onStep: ({ done }) => onStep(done),
    });
    return outcome;
  };
}

/** Before the first training, so that none waits for its pictures and is timed with the wait. */
async function decodeAll(pool: ImagePool, points: readonly ScaledPoint[]): Promise<void> {
  for (const side of new Set(points.map(({ architecture }) => architecture.resolution))) {
    await pool.get("train", side);
    await pool.get("validation", side);
  }
}

function baselinesOf(there: Asked, asked: Asked): Difference[] {
  const [before, now] = [String(there.settings.baseline), String(asked.settings.baseline)];
  if (before !== now) return [{ what: "--baseline", there: before, asked: now }];
  // The same word for another network: a file of other contents, or images of another size or number of classes.
  return there.facts.data === asked.facts.data
    ? [{ what: "--baseline", there: `${before} as it was`, asked: "another" }]
    : [];
}

const seedsOf = (count: number) => Array.from({ length: count }, (_, seed) => seed);

function announce(
  dataset: Dataset,
  { architecture }: Baseline,
  points: readonly ScaledPoint[],
  progress: Progress,
): void {
  const { nativeSize } = dataset;
  const { params, macs } = countArchitecture(architecture);
  progress.line(
    `baseline ${architecture.name} at ${architecture.resolution} px: ${formatCount(params)} params, ${formatCount(macs)} MACs; ${points.length} ${points.length === 1 ? "point" : "points"}`,
  );
  const enlarged = points.filter((point) => point.architecture.resolution > nativeSize).length;
  if (enlarged > 0)
    progress.line(
      `for ${enlarged} points the images are enlarged beyond their own ${nativeSize} px, which adds no detail`,
    );
}

/** A point with the trainings of all seeds, those of the network that it shares with an earlier one. */
function studiedPoint(point: ScaledPoint, trained: readonly TrainedPoint[], nativeSize: number): StudiedPoint {
  const { key, multipliers, architecture, params, macs, sameAs } = point;
  const own = trained.filter((each) => each.key === (sameAs ?? key));
  const finished = own.filter(({ state }) => state === "finished");
  const accuracies = finished.map(({ curve }) => curve.at(-1)!);
  return {
    key,
    ...multipliers,
    side: architecture.resolution,
    isEnlarged: architecture.resolution > nativeSize,
    params,
    macs,
    accuracies,
    ...(accuracies.length === 0 ? { mean: null, interval: null } : tInterval(accuracies)),
    failures: own.flatMap(({ error }) => (error === null ? [] : [error])),
    seconds: finished.length === 0 ? 0 : meanOf(finished.map(({ seconds }) => seconds)),
  };
}

export const measuredOf = ({ key, macs, accuracies }: StudiedPoint): Measured => ({ key, macs, accuracies });

function requireOne(points: readonly StudiedPoint[]): void {
  if (points.some(({ mean }) => mean !== null)) return;
  const failures = points.flatMap((point) => point.failures);
  throw new EngineError({
    at: "scaling",
    expected: "a training that ends",
    received: `${failures.length} that failed; the first: ${failures[0]}`,
    hint: "--retry-failed trains them again",
  });
}

function conditionsOf(
  { command, engine, epochs, seeds }: ScalingOptions,
  dataset: Dataset,
  { architecture }: Baseline,
): ScalingConditions {
  const { params, macs } = countArchitecture(architecture);
  const { name, classes, splits, nativeSize } = dataset;
  return {
    command,
    createdAt: new Date().toISOString(),
    version: VERSION,
    engine: engine.name,
    data: {
      name,
      classes: classes.length,
      side: nativeSize,
      train: splits.train.length,
      validation: splits.validation.length,
      read: dataFacts(dataset),
    },
    baseline: { name: architecture.name, side: architecture.resolution, params, macs },
    epochs,
    seeds: seedsOf(seeds),
  };
}

/** @returns their paths, in the same order. */
export async function writeResults(folder: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  const paths: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await writeFileAtomic(path, text);
    paths.push(path);
  }
  return paths;
}
