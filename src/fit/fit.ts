/**
 * The main job: labelled images and a budget in; a trained network that keeps the budget, the files that ship it and the
 * facts for a report out.
 *
 *   dataset → space → search under half the budget → compound scaling to the whole → full training → files → test images
 *
 * The test images are looked at once, at the end, through the shipped file. Every choice before that is made on the
 * validation images.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureWritableFolder } from "../base/files.js";
import { createRng, formatCount, formatPercent, InterruptedError } from "../base/index.js";
import { channelStatistics, type Dataset } from "../data/index.js";
import { type Architecture, profileArchitecture } from "../networks/index.js";
import type { FitReport } from "../report/index.js";
import { type Scaled, scaleToBudget, shrinkBudget } from "../scaling/index.js";
import { type CostGate, describe, fitsSmallest, imageSpace, requireFeasible, type Trial } from "../search/index.js";
import { quickRecipe, type RunResult } from "../training/index.js";
import { largestUsefulSide, memoized, recipeFor, sidesUpTo } from "./choices.js";
import { createImagePool } from "./images.js";
import { createClock, type FitOptions, type Job } from "./job.js";
import { costsBy } from "./latency.js";
import { activationsOf, chooseTrial, planTrials } from "./plan.js";
import { noProgress, type Progress } from "./progress.js";
import { dataFacts, readData } from "./read-data.js";
import { search } from "./search-phase.js";
import { picturesOfMistakes, ship } from "./ship-phase.js";
import {
  type Plan,
  recallPlan,
  rememberPlan,
  resumableStudy,
  STUDY_FORMAT,
  type Study,
  saveStudy,
  studyKey,
} from "./study.js";
import { trainFully } from "./train-phase.js";
import { armCompute, numberedTrials, trainedTrials } from "./trials.js";
import { VERSION } from "./version.js";

/** The facts of the report, and where the files are. */
export type FitResult = FitReport & { readonly model: string; readonly onnx: string };

const MISTAKES_SHOWN = 24;

/**
 * @throws {InfeasibleError} when no network keeps the budget. @throws {DataError} for images that cannot be used.
 * @throws {FileError} when `out` cannot be written. @throws {InterruptedError} after the signal: the same call goes on.
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { out, cacheDir, signal, progress = noProgress } = options;
  const clock = createClock(options.seconds);
  await ensureWritableFolder(out);
  await ensureWritableFolder(cacheDir);
  const maxSize = largestUsefulSide(options.budget, costsBy(options.latency));
  const dataset = await readData(options.data, { seed: options.seed, cacheDir, maxSize, signal }, progress);
  const pool = createImagePool(dataset, { cacheDir, signal, progress });
  try {
    const study = await openStudy(options, dataset, progress);
    clock.add(study.spentSeconds);
    const normalization = channelStatistics(await pool.get("train", dataset.size));
    const rng = createRng(options.seed);
    const job: Job = {
      ...options,
      progress,
      dataset,
      pool,
      clock,
      rng,
      recipe: recipeFor(dataset),
      normalization,
      study,
    };
    try {
      return await run(job);
    } catch (error) {
      await saveStudy(out, { ...job.study, spentSeconds: clock.spent() });
      throw error;
    }
  } catch (error) {
    throw error instanceof InterruptedError ? withHint(error, options) : error;
  } finally {
    pool.close();
  }
}

async function run(job: Job): Promise<FitResult> {
  const { dataset, budget, progress } = job;
  const resolutions = job.resolutions ?? sidesUpTo(dataset.size);
  const space = imageSpace({ classes: dataset.classes.length, channels: dataset.channels, resolutions });
  const costsOf = memoized(costsBy(job.latency));
  const whole: CostGate = { space, budget, costsOf };
  requireFeasible(whole);

  // Half of every limit, so that the baseline has room to be scaled by φ ≈ 1; all of it where half fits nothing.
  const half = { ...whole, budget: shrinkBudget(budget, 0.5) };
  const gate = fitsSmallest(half) ? half : whole;
  await planTrials(job, gate);
  await search(job, gate);
  const { chosen, mostActivations, why } = chooseTrial(job);
  const trials = numberedTrials(job.study.trials);
  const { number } = trials.find(({ id }) => id === chosen.id)!;
  const measured = `${formatPercent(chosen.accuracy)} of ${dataset.splits.validation.length} validation images`;
  progress.line(`trial ${number} of ${trials.length} goes on, ${why}: ${measured}, ${describe(chosen.architecture)}`);

  const rule = { divisor: gate.space.channelDivisor, repeats: "nearest", resolutions } as const;
  const inTime = (architecture: Architecture) =>
    mostActivations === null || activationsOf(architecture) <= mostActivations;
  const { architecture: grown, ...scaling } = scaleToBudget(chosen.architecture, budget, rule, costsOf, inTime);
  const architecture = { ...grown, name: dataset.name };
  const { costs } = scaling;
  progress.line(
    `scaled by φ = ${scaling.phi.toFixed(2)} to ${formatCount(costs.params)} params, ${formatCount(costs.macs)} MACs`,
  );

  const trained = await trainFully(job, architecture);
  progress.phase("ship", "writing model.onnx and testing it");
  const shipped = await ship({ ...job, architecture, costs, tensors: trained.tensors, epochs: trained.curve.length });
  const latency = await latencyOf(job, architecture);
  const binding = scaling.binding[0] ?? (mostActivations === null ? "none" : "training time");
  const report = await reportOf(job, { architecture, ...scaling }, binding, chosen, trained, shipped, latency);

  job.study = { ...job.study, finished: true, spentSeconds: job.clock.spent() };
  await saveStudy(job.out, job.study);
  await rememberPlan(job.cacheDir, job.study.key, job.study.plan);
  return { ...report, model: shipped.model, onnx: shipped.onnx };
}

/** Measured last, when nothing else runs. */
async function latencyOf({ latency, signal }: Job, architecture: Architecture): Promise<FitReport["latency"]> {
  if (latency === undefined) return null;
  return { on: latency.on, measuredMs: latency.measure && (await latency.measure(architecture, signal)) };
}

async function reportOf(
  job: Job,
  scaled: Scaled,
  binding: string,
  chosen: Trial,
  trained: RunResult,
  shipped: Awaited<ReturnType<typeof ship>>,
  latency: FitReport["latency"],
): Promise<FitReport> {
  const { dataset, engine, study, budget } = job;
  const { classes, name } = dataset;
  const trials = numberedTrials(study.trials);
  const mistakes = await picturesOfMistakes(shipped, classes, MISTAKES_SHOWN);
  return {
    title: name,
    command: job.command ?? "fit()",
    createdAt: new Date().toISOString(),
    version: VERSION,
    seed: job.seed,
    seconds: job.clock.spent(),
    threads: engine.threads,
    engine: engine.name,
    data: dataFacts(dataset),
    budget,
    costs: scaled.costs,
    latency,
    accuracy: shipped.scores.accuracy,
    search: {
      trials: trials.map(({ number, strategy, parent, costs: { params, macs }, accuracy, seconds, architecture }) => ({
        id: number,
        strategy,
        parent,
        params,
        macs,
        accuracy,
        seconds,
        summary: describe(architecture),
      })),
      evolutionMacs: armCompute(study.trials, "evolution"),
      randomMacs: armCompute(study.trials, "random"),
      chosen: trials.find(({ id }) => id === chosen.id)!.number,
      epochs: study.plan.trialEpochs ?? 1,
      rejectedByCost: study.rejected,
    },
    scaling: { phi: scaled.phi, ...scaled.multipliers, binding, baseline: chosen.costs },
    network: { resolution: scaled.architecture.resolution, stages: profileArchitecture(scaled.architecture).stages },
    curve: trained.curve,
    confusion: shipped.scores.confusion,
    perClass: shipped.scores.perClass,
    mistakes,
  };
}

/** The study to go on with: a stopped one in `out`, or a new one, following the plan of an earlier run where there is one. */
async function openStudy(options: FitOptions, dataset: Dataset, progress: Progress): Promise<Study> {
  const { out, cacheDir, budget, seconds, seed, engine, trials, epochs, resolutions } = options;
  const key = studyKey({
    format: STUDY_FORMAT,
    version: VERSION,
    data: dataset.fingerprint,
    budget,
    seconds,
    seed,
    engine: engine.name,
    threads: engine.threads,
    trials,
    epochs,
    resolutions,
    recipe: quickRecipe,
    latency: options.latency?.fingerprint,
  });
  const earlier = await resumableStudy(out, key);
  if (earlier !== null) {
    progress.line(`going on in ${out} after ${trainedTrials(earlier.trials).length} finished trials`);
    return earlier;
  }
  // Checkpoints of an earlier run in this folder are not this run's.
  await rm(join(out, "checkpoints"), { recursive: true, force: true });
  const recalled = await recallPlan(cacheDir, key);
  const plan: Plan = recalled ?? (trials === undefined ? {} : { trials });
  return { key, plan, follows: recalled !== null, trials: [], rejected: 0, spentSeconds: 0, finished: false };
}

function withHint({ facts }: InterruptedError, { out }: FitOptions): InterruptedError {
  return new InterruptedError({
    ...facts,
    hint: `everything finished is in ${out}; the same command goes on from there`,
  });
}
