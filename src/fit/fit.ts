/**
 * The main job: labelled images and a budget in; a trained network that keeps the budget, the files that ship it and the
 * facts for a report out.
 *
 *   dataset → space → search under half the budget → compound scaling to the whole → full training → files → test images
 *
 * The test images are looked at once, at the end, through the shipped file. Every choice before that is made on the
 * validation images.
 */
import { join } from "node:path";
import { ensureWritableFolder, writeFileAtomic } from "../base/files.js";
import { createRng, formatCount, formatDuration, formatPercent, type Rng } from "../base/index.js";
import { type Costs, costsOfProfile } from "../cost/index.js";
import { channelStatistics, type Dataset, encodePng, openDataset, SIZES } from "../data/index.js";
import { type Architecture, profileArchitecture } from "../networks/index.js";
import type { FitReport } from "../report/index.js";
import type { Engine } from "../runtime/index.js";
import { type Budget, type Scaled, scaleToBudget, shrinkBudget } from "../scaling/index.js";
import {
  armCompute,
  bestTrial,
  CHANNEL_DIVISOR,
  type CostGate,
  describe,
  fitsSmallest,
  imageSpace,
  propose,
  requireFeasible,
  type Trial,
} from "../search/index.js";
import { evaluateClassifier, exportOnnx, type Model, openClassifier, saveModel } from "../shipping/index.js";
import {
  createTraining,
  type Normalization,
  quickRecipe,
  type Recipe,
  type RunResult,
  runTraining,
} from "../training/index.js";
import { createImagePool, type ImagePool, subset } from "./images.js";
import { noProgress, type Progress } from "./progress.js";
import { type Plan, recallPlan, rememberPlan, resumableStudy, type Study, saveStudy, studyKey } from "./study.js";
import { VERSION } from "./version.js";

export type FitOptions = {
  /** A folder of class folders, or of IDX files. */
  readonly data: string;
  readonly budget: Budget;
  /** Time for all of it; kept within a tenth. */
  readonly seconds: number;
  /** Folder for the results; created where missing. */
  readonly out: string;
  readonly seed: number;
  readonly engine: Engine;
  /** Decoded images and plans; may be deleted at any time. */
  readonly cacheDir: string;
  /** Instead of the clock: exactly so many trials, and so many epochs of final training. */
  readonly trials?: number | undefined;
  readonly epochs?: number | undefined;
  /** Sides of the images to search over, px; by default what data and budget suggest. */
  readonly resolutions?: readonly number[] | undefined;
  readonly command?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
};

export type FitResult = FitReport & {
  /** Paths of the files. */
  readonly model: string;
  readonly onnx: string;
};

/** Of the whole time. What is left over goes to data, export and test. */
const SEARCH_SHARE = 0.35;
/** A run may end so much after its time, relative to it. */
const OVERRUN = 1.06;
/** Part of the remaining time that the final schedule is laid out for; the rest absorbs a slower moment of the machine. */
const SAFETY = 0.9;
/** Seconds kept for export, test and report. */
const RESERVE = 4;
const EVOLUTION = { population: 6, sample: 3 };
const TRIALS_WANTED = 16;
const MOST_TRIAL_EPOCHS = 3;
const MOST_FINAL_EPOCHS = 120;
const GOLDENS = 3;
const MISTAKES_SHOWN = 24;

export async function fit(options: FitOptions): Promise<FitResult> {
  const { out, seed, engine, cacheDir, budget, signal, progress = noProgress } = options;
  const began = performance.now();
  await ensureWritableFolder(out);
  await ensureWritableFolder(cacheDir);

  progress.phase("data", "reading images");
  const dataset = await openDataset(options.data, {
    seed,
    cacheDir,
    maxSize: largestUsefulSide(budget),
    signal,
    onProgress: (done, total, what) => progress.update({ text: what, fraction: done / total }),
  });
  reportData(dataset, progress);
  const pool = createImagePool(dataset, { cacheDir, signal, progress });
  try {
    const key = studyKey({
      version: VERSION,
      data: dataset.fingerprint,
      budget,
      seconds: options.seconds,
      seed,
      engine: engine.name,
      threads: engine.threads,
      trials: options.trials,
      epochs: options.epochs,
      resolutions: options.resolutions,
      recipe: quickRecipe,
    });
    const earlier = await resumableStudy(out, key);
    if (earlier !== null) progress.line(`going on from ${earlier.trials.length} finished trials in ${out}`);
    const recalled = earlier?.plan ?? (await recallPlan(cacheDir, key));
    const clock = createClock(options.seconds, earlier?.spentSeconds ?? 0, began);
    const job: Job = {
      ...options,
      progress,
      dataset,
      pool,
      clock,
      rng: createRng(seed),
      recipe: recipeFor(dataset),
      normalization: channelStatistics(await pool.get("train", dataset.size)),
      study: {
        key,
        plan: {
          ...recalled,
          ...(options.trials && { trials: options.trials }),
          ...(options.epochs && { finalEpochs: options.epochs }),
        },
        trials: earlier?.trials ?? [],
        rejected: earlier?.rejected ?? 0,
        spentSeconds: earlier?.spentSeconds ?? 0,
        finished: false,
      },
    };
    try {
      return await run(job);
    } finally {
      if (!job.study.finished) await saveStudy(out, { ...job.study, spentSeconds: clock.spent() });
    }
  } finally {
    pool.close();
  }
}

type Clock = {
  /** Seconds since the start, earlier runs included. */
  spent(): number;
  readonly total: number;
};

function createClock(total: number, before: number, began: number): Clock {
  return { total, spent: () => before + (performance.now() - began) / 1000 };
}

/** Everything a fit knows; `study` grows. */
type Job = Omit<FitOptions, "progress"> & {
  readonly progress: Progress;
  readonly dataset: Dataset;
  readonly pool: ImagePool;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly recipe: Recipe;
  readonly normalization: Normalization;
  study: Study;
};

async function run(job: Job): Promise<FitResult> {
  const { dataset, budget, progress } = job;
  const resolutions = job.resolutions ?? SIZES.filter((size) => size <= dataset.size).slice(-3);
  const space = imageSpace({ classes: dataset.classes.length, channels: dataset.channels, resolutions });
  const costsOf = memoized((architecture: Architecture) => costsOfProfile(profileArchitecture(architecture)));
  const whole: CostGate = { space, budget, costsOf };
  requireFeasible(whole);

  // Half of every limit, so that the baseline has room to be scaled by φ ≈ 1; all of it where half fits nothing.
  const half = { ...whole, budget: shrinkBudget(budget, 0.5) };
  const gate: CostGate = {
    ...(fitsSmallest(half) ? half : whole),
    onRejected: () => {
      job.study = { ...job.study, rejected: job.study.rejected + 1 };
    },
  };
  await search(job, gate);
  const chosen = bestTrial(job.study.trials);
  progress.line(
    `best of ${job.study.trials.length} trials: ${formatPercent(chosen.accuracy)} with ${describe(chosen.candidate)}`,
  );

  const scaled = scaleToBudget(chosen.architecture, budget, { divisor: CHANNEL_DIVISOR, resolutions }, costsOf);
  const architecture = { ...scaled.architecture, name: `${dataset.name}-fit` };
  progress.line(
    `scaled by φ = ${scaled.phi.toFixed(2)} to ${formatCount(scaled.costs.params)} params, ${formatCount(scaled.costs.macs)} MACs`,
  );

  const trained = await trainFully(job, architecture);
  return ship(job, { chosen, scaled: { ...scaled, architecture }, trained });
}

/** Short trainings until their number or their time is reached; each is on disk before the next begins. */
async function search(job: Job, gate: CostGate): Promise<void> {
  const { progress, clock, pool, rng, normalization, signal, out, engine } = job;
  progress.phase("search");
  const limit = clock.total * SEARCH_SHARE;
  if (job.study.plan.trialEpochs === undefined) await planTrials(job, gate, limit - clock.spent());
  const {
    trialEpochs,
    trialImages,
    trials: wanted,
  } = job.study.plan as Required<Pick<Plan, "trialEpochs" | "trialImages">> & Plan;

  const train = await pool.get("train", job.dataset.size);
  const indices = rng
    .fork("trial images")
    .shuffle(Array.from({ length: train.count }, (_, i) => i))
    .slice(0, trialImages);
  const began = clock.spent();
  const firstOpen = job.study.trials.length;
  while (wanted === undefined ? true : job.study.trials.length < wanted) {
    const { trials } = job.study;
    const average = (clock.spent() - began) / Math.max(1, trials.length - firstOpen);
    // Without a plan: as long as another trial of average length would still end in time.
    if (wanted === undefined && trials.length > EVOLUTION.population + 1 && clock.spent() + average > limit) break;
    if (wanted === undefined && trials.length > 0 && clock.spent() > limit * 1.3) break;
    const proposal = propose(gate, trials, EVOLUTION, rng.fork("search"));
    const { resolution } = proposal.architecture;
    const trialBegan = performance.now();
    const name = `trial ${proposal.id + 1}${wanted === undefined ? "" : ` of ${wanted}`}`;
    const result = await runTraining({
      engine,
      architecture: proposal.architecture,
      recipe: { ...job.recipe, warmupEpochs: Math.min(job.recipe.warmupEpochs, trialEpochs / 4) },
      normalization,
      epochs: trialEpochs,
      rng: rng.fork(`trial ${proposal.id}`),
      train: subset(await pool.get("train", resolution), indices),
      validation: await pool.get("validation", resolution),
      signal,
      onStep: (epoch, { step, steps, imagesPerSecond }) => {
        const done =
          wanted === undefined
            ? (clock.spent() - began) / Math.max(limit - began, 1)
            : (proposal.id + (epoch - 1 + step / steps) / trialEpochs) / wanted;
        progress.update({
          text: `${name}, epoch ${epoch}/${trialEpochs}`,
          fraction: Math.min(done, 1),
          columns: [...bestSoFar(trials), `${Math.round(imagesPerSecond)} images/s`],
          secondsLeft: clock.total - clock.spent(),
        });
      },
    });
    const accuracy = result.curve.at(-1)!.validationAccuracy;
    const trial: Trial = {
      ...proposal,
      accuracy,
      compute: proposal.costs.macs * trialImages * trialEpochs,
      seconds: (performance.now() - trialBegan) / 1000,
    };
    job.study = { ...job.study, trials: [...trials, trial], spentSeconds: clock.spent() };
    await saveStudy(out, job.study);
    progress.line(trialLine(trial));
  }
  job.study = { ...job.study, plan: { ...job.study.plan, trials: job.study.trials.length } };
}

/** How long a trial may be, from the speed of one network of the space. */
async function planTrials(job: Job, gate: CostGate, seconds: number): Promise<void> {
  const { rng, pool, engine, recipe, normalization } = job;
  const sample = propose(gate, [], EVOLUTION, rng.fork("search"));
  const train = await pool.get("train", sample.architecture.resolution);
  let trialEpochs = 1;
  let trialImages = train.count;
  if (job.trials === undefined) {
    const training = await createTraining({
      engine,
      architecture: sample.architecture,
      recipe,
      normalization,
      epochs: 1,
      rng,
    });
    const stepSeconds = await training.measureStep(train);
    await training.dispose();
    const images = (seconds / TRIALS_WANTED / stepSeconds) * recipe.batchSize;
    trialEpochs = Math.max(1, Math.min(MOST_TRIAL_EPOCHS, Math.floor(images / train.count)));
    trialImages = Math.min(train.count, Math.max(Math.round(images), 4 * recipe.batchSize));
  }
  job.study = { ...job.study, plan: { ...job.study.plan, trialEpochs, trialImages } };
}

/** Trains the scaled network for as long as there is time, or as the plan says. */
async function trainFully(job: Job, architecture: Architecture): Promise<RunResult> {
  const { progress, clock, pool, rng, engine, recipe, normalization, signal, out, study } = job;
  progress.phase("train", `training ${formatCount(profileArchitecture(architecture).params)} parameters`);
  const train = await pool.get("train", architecture.resolution);
  const validation = await pool.get("validation", architecture.resolution);
  const setup = { engine, architecture, recipe, normalization, rng: rng.fork("final") };
  if (study.plan.finalEpochs === undefined) {
    const training = await createTraining({ ...setup, epochs: 1 });
    const epochSeconds =
      (await training.measureStep(train)) * Math.max(1, Math.floor(train.count / recipe.batchSize)) + 0.3;
    await training.dispose();
    const seconds = (clock.total - clock.spent() - RESERVE) * SAFETY;
    const finalEpochs = Math.max(1, Math.min(MOST_FINAL_EPOCHS, Math.floor(seconds / epochSeconds)));
    job.study = { ...job.study, plan: { ...job.study.plan, finalEpochs } };
    await saveStudy(out, { ...job.study, spentSeconds: clock.spent() });
  }
  const { finalEpochs: epochs, finalStop } = job.study.plan as Required<Pick<Plan, "finalEpochs">> & Plan;
  const checkpoints = join(out, "checkpoints");
  await ensureWritableFolder(checkpoints);
  let epochBegan = performance.now();
  const result = await runTraining({
    ...setup,
    epochs,
    train,
    validation,
    signal,
    checkpoints: { folder: checkpoints, run: studyKey({ study: study.key, architecture, epochs }) },
    onStep: (epoch, { step, steps, imagesPerSecond }) =>
      progress.update({
        text: `epoch ${epoch}/${epochs}`,
        fraction: (epoch - 1 + step / steps) / epochs,
        columns: [`${Math.round(imagesPerSecond)} images/s`],
        secondsLeft: ((epochs - epoch + 1 - step / steps) * steps * recipe.batchSize) / imagesPerSecond,
      }),
    onEpoch: ({ epoch, trainLoss, validationAccuracy, imagesPerSecond }) => {
      const figures = `loss ${trainLoss.toFixed(3)}   validation ${formatPercent(validationAccuracy)}   ${Math.round(imagesPerSecond)} images/s`;
      progress.line(`epoch ${String(epoch).padStart(3)}/${epochs}   ${figures}`);
    },
    mayContinue: ({ epoch }) => {
      const epochSeconds = (performance.now() - epochBegan) / 1000;
      epochBegan = performance.now();
      if (finalStop !== undefined) return epoch < finalStop;
      const isTimed = job.epochs === undefined;
      return !isTimed || clock.spent() + epochSeconds + RESERVE < clock.total * OVERRUN;
    },
  });
  if (result.curve.length < epochs) {
    job.study = { ...job.study, plan: { ...job.study.plan, finalStop: result.curve.length } };
    progress.line(`stopped after ${result.curve.length} of ${epochs} epochs to keep the time`);
  }
  return result;
}

type Outcome = { readonly chosen: Trial; readonly scaled: Scaled; readonly trained: RunResult };

async function ship(job: Job, { chosen, scaled, trained }: Outcome): Promise<FitResult> {
  const { dataset, pool, out, engine, normalization, budget, study, clock, seed, progress, cacheDir } = job;
  progress.phase("ship", "writing model.onnx and testing it");
  const { architecture, costs } = scaled;
  const preprocessing = { ...pool.geometry(architecture.resolution), mean: normalization.mean, std: normalization.std };
  const model: Model = {
    architecture,
    tensors: trained.tensors,
    classes: dataset.classes,
    preprocessing,
    costs,
    history: {
      bantam: VERSION,
      data: { name: dataset.name, fingerprint: dataset.fingerprint },
      seed,
      recipe: job.recipe,
      epochs: trained.curve.length,
    },
  };
  const paths = { model: join(out, "model.safetensors"), onnx: join(out, "model.onnx") };
  const validation = await pool.get("validation", architecture.resolution);
  const bytes = architecture.resolution ** 2 * architecture.channels;
  const pictures = Array.from({ length: Math.min(GOLDENS, validation.count) }, (_, i) => {
    const pixels = new Uint8Array(bytes);
    validation.read(Math.floor((i * validation.count) / GOLDENS), pixels, 0);
    return pixels;
  });
  await saveModel(paths.model, model);
  await writeFileAtomic(paths.onnx, await exportOnnx(model, engine, pictures));

  const test = await pool.get("test", architecture.resolution);
  const classifier = await openClassifier(paths.onnx, engine);
  const scores = await evaluateClassifier(classifier, test);
  await classifier.dispose();
  const mistakes = await Promise.all(
    scores.mistakes.slice(0, MISTAKES_SHOWN).map(async ({ index, truth, predicted, probability }) => {
      const pixels = new Uint8Array(bytes);
      test.read(index, pixels, 0);
      const png = await encodePng(pixels, architecture.resolution, architecture.channels);
      return {
        source: test.sources[index]!,
        truth: dataset.classes[truth]!,
        predicted: dataset.classes[predicted]!,
        probability,
        image: `data:image/png;base64,${png.toString("base64")}`,
      };
    }),
  );

  const { trials } = study;
  const report: FitReport = {
    title: dataset.name,
    command: job.command ?? "fit()",
    createdAt: new Date().toISOString(),
    version: VERSION,
    seed,
    seconds: clock.spent(),
    threads: engine.threads,
    engine: engine.name,
    data: {
      name: dataset.name,
      classes: dataset.classes,
      train: dataset.splits.train.length,
      validation: dataset.splits.validation.length,
      test: dataset.splits.test.length,
      skipped: dataset.skipped,
    },
    budget,
    costs,
    accuracy: scores.accuracy,
    search: {
      trials: trials.map(({ id, strategy, parent, costs: { params, macs }, accuracy, seconds, candidate }) => ({
        id,
        strategy,
        parent,
        params,
        macs,
        accuracy,
        seconds,
        summary: describe(candidate),
      })),
      evolutionMacs: armCompute(trials, "evolution"),
      randomMacs: armCompute(trials, "random"),
      chosen: chosen.id,
      epochs: study.plan.trialEpochs ?? 1,
      rejectedByCost: study.rejected,
    },
    scaling: { phi: scaled.phi, ...scaled.multipliers, binding: scaled.binding[0] ?? "none", baseline: chosen.costs },
    network: { resolution: architecture.resolution, stages: profileArchitecture(architecture).stages },
    curve: trained.curve,
    confusion: scores.confusion,
    perClass: scores.perClass,
    mistakes,
  };
  job.study = { ...job.study, finished: true, spentSeconds: clock.spent() };
  await saveStudy(out, job.study);
  await rememberPlan(cacheDir, job.study.key, job.study.plan);
  return { ...report, ...paths };
}

/** The largest side at which the smallest network of the space uses at most a quarter of the budget. */
function largestUsefulSide(budget: Budget): number {
  const costsOf = (architecture: Architecture): Costs => costsOfProfile(profileArchitecture(architecture));
  const fits = (size: number) =>
    fitsSmallest({
      space: imageSpace({ classes: 2, channels: 3, resolutions: [size] }),
      budget: shrinkBudget(budget, 0.25),
      costsOf,
    });
  return SIZES.findLast((size) => size <= 224 && fits(size)) ?? SIZES[0]!;
}

/** Photos of things may be mirrored; digits and letters, and shoes that all point one way, may not. */
function recipeFor(dataset: Dataset): Recipe {
  const flip = dataset.channels === 3;
  const batchSize = Math.min(
    quickRecipe.batchSize,
    2 ** Math.max(3, Math.floor(Math.log2(dataset.splits.train.length / 12))),
  );
  return { ...quickRecipe, batchSize, augmentation: { ...quickRecipe.augmentation, flip } };
}

function reportData({ name, classes, splits, skipped, size }: Dataset, progress: Progress): void {
  const counts = `${splits.train.length} train, ${splits.validation.length} validation, ${splits.test.length} held-out test images`;
  progress.line(`${name}: ${classes.length} classes, ${counts}, ${size} px`);
  for (const { source, reason } of skipped.slice(0, 5)) progress.line(`skipped ${source}: ${reason}`);
  if (skipped.length > 5) progress.line(`skipped ${skipped.length - 5} more: they are listed in the report`);
}

const bestSoFar = (trials: readonly Trial[]) =>
  trials.length === 0 ? [] : [`best ${formatPercent(bestTrial(trials).accuracy)}`];

function trialLine({ id, strategy, accuracy, costs, seconds, candidate }: Trial): string {
  const figures = [
    formatPercent(accuracy).padStart(6),
    `${formatCount(costs.params)} params`.padStart(14),
    `${formatCount(costs.macs)} MACs`.padStart(12),
  ];
  return `trial ${String(id + 1).padStart(2)} ${strategy.padEnd(9)} ${figures.join("  ")}  ${formatDuration(seconds).padStart(6)}  ${describe(candidate)}`;
}

function memoized<T>(count: (architecture: Architecture) => T): (architecture: Architecture) => T {
  const known = new Map<string, T>();
  return (architecture) => {
    const key = JSON.stringify(architecture);
    const value = known.get(key) ?? count(architecture);
    known.set(key, value);
    return value;
  };
}
