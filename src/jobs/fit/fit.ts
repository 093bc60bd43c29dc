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
import { ensureWritableFolder, requireWritable, writeFileAtomic } from "../../base/files.js";
import { createRng, formatCount, formatPercent, InterruptedError, UsageError } from "../../base/index.js";
import { channelStatistics, type Dataset, requireVariety } from "../../data/index.js";
import { type Folder, openFolder, requireApart, requireFolder } from "../../folders/index.js";
import { type Architecture, profileArchitecture } from "../../networks/index.js";
import { type FitReport, renderFitReport } from "../../report/index.js";
import { type Scaled, scaleToBudget, shrinkBudget } from "../../scaling/index.js";
import { type CostGate, describe, fitsSmallest, imageSpace, requireFeasible, type Trial } from "../../search/index.js";
import type { RunResult } from "../../training/index.js";
import { largestUsefulSide, memoized, recipeFor, sidesUpTo } from "../shared/choices.js";
import { type Course, courseLines, courseOf } from "../shared/course.js";
import { createImagePool } from "../shared/image-pool.js";
import { costsBy } from "../shared/latency-predictor.js";
import { noProgress, type Progress } from "../shared/progress.js";
import { dataFacts, readData } from "../shared/read-data.js";
import { picturesOfMistakes, ship } from "../shared/ship.js";
import { VERSION } from "../shared/version.js";
import { boundsOf, fitJob, planToRepeat } from "./fit-folder.js";
import { createClock, type FitOptions, type Job } from "./job.js";
import { activationsOf, chooseTrial, planTrials } from "./plan.js";
import { type Plan, readStudy, type Study, type StudyBounds, saveStudy } from "./saved-fit.js";
import { search } from "./search-phase.js";
import { trainFully } from "./train-phase.js";
import { armCompute, numberedTrials, trainedTrials } from "./trials.js";

/** The facts of the report, and where the files are. */
export type FitResult = FitReport & Course & { readonly model: string; readonly onnx: string; readonly page: string };

const MISTAKES_SHOWN = 24;

/**
 * A stopped fit goes on when called again with the same options, and so does a finished one: it has nothing left to do.
 *
 * @throws {InfeasibleError} when no network keeps the budget. @throws {DataError} for images that cannot be used.
 * @throws {UsageError} when `out` holds another job, or lies in the images. @throws {ModelError} when what it holds is damaged.
 * @throws {FileError} when `out` cannot be written. @throws {InterruptedError} after the signal: the same call goes on.
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { data, out, cacheDir, signal, overwrite, progress = noProgress } = options;
  const clock = createClock(options.seconds);
  await requireApart(data, { "--out": out, "--cache": cacheDir });
  await requireFolder(out, { kind: "fit", overwrite });
  await requireWritable(cacheDir);
  const maxSize = largestUsefulSide(options.budget, costsBy(options.latency));
  const { seed, trials, epochs } = options;
  // Where the amounts are given, the time decides nothing.
  const seconds = trials === undefined || epochs === undefined ? options.seconds : undefined;
  const dataset = await readData(data, { seed, cacheDir, maxSize, signal, seconds }, progress);
  clock.endReading();
  const whole = gateFor(options, dataset);
  requireFeasible(whole);
  const pool = createImagePool(dataset, { cacheDir, signal, progress, derive: true });
  const owned = fitJob(options, dataset, progress);
  let held: Folder | undefined;
  try {
    const bounds = boundsOf(options, dataset, whole.space, owned);
    // Before anything is removed: it may be this very folder.
    const repeated =
      options.repeat === undefined
        ? null
        : await planToRepeat(options.repeat, owned, bounds, { engine: options.engine, progress });
    held = await openFolder(out, owned);
    await held.runsOn(options.engine);
    const study = await openStudy(options, bounds, repeated, progress);
    clock.add(study.spentSeconds);
    await ensureWritableFolder(join(out, "checkpoints"));
    const train = await pool.get("train", dataset.size);
    requireVariety(train, data);
    const normalization = channelStatistics(train);
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
      return await run(job, whole);
    } catch (error) {
      // Without a trial there is nothing to go on from.
      if (job.study.trials.length > 0) await saveStudy(out, { ...job.study, spentSeconds: clock.spent() });
      throw error;
    }
  } catch (error) {
    await held?.close(error);
    throw error instanceof InterruptedError && held !== undefined ? withHint(error, options) : error;
  } finally {
    pool.close();
    await held?.close();
  }
}

const resolutionsOf = ({ resolutions }: FitOptions, { size }: Dataset) => resolutions ?? sidesUpTo(size);

function gateFor(options: FitOptions, dataset: Dataset): CostGate {
  const { classes, channels } = dataset;
  const space = imageSpace({ classes: classes.length, channels, resolutions: resolutionsOf(options, dataset) });
  return { space, budget: options.budget, costsOf: memoized(costsBy(options.latency)) };
}

async function run(job: Job, whole: CostGate): Promise<FitResult> {
  const { dataset, budget, progress } = job;
  const { space, costsOf } = whole;

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

  const rule = {
    divisor: space.channelDivisor,
    repeats: "nearest",
    resolutions: resolutionsOf(job, dataset),
  } as const;
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
  const course = courseOf(trained, null);
  progress.line(courseLines(course)[0]!);
  const shipped = await ship({
    ...job,
    ...{ architecture, costs, tensors: trained.tensors, epochs: trained.curve.length, history: course },
  });
  const latency = await latencyOf(job, architecture);
  const binding = scaling.binding[0] ?? (mostActivations === null ? "none" : "training time");
  const report = await reportOf(job, { architecture, ...scaling }, binding, chosen, trained, shipped, latency);

  const page = join(job.out, "report.html");
  await writeFileAtomic(page, renderFitReport(report));
  // Last: what is called finished is on the disk.
  job.study = { ...job.study, finished: true, spentSeconds: job.clock.spent() };
  await saveStudy(job.out, job.study);
  return { ...report, ...course, model: shipped.model, onnx: shipped.onnx, page };
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
    course: courseLines(courseOf(trained, null)),
    confusion: shipped.scores.confusion,
    perClass: shipped.scores.perClass,
    mistakes,
  };
}

/** The study to go on with: the one in `out`, or a new one. */
async function openStudy(
  options: FitOptions,
  bounds: StudyBounds,
  repeated: Plan | null,
  progress: Progress,
): Promise<Study> {
  const { out, trials } = options;
  const earlier = await readStudy(out, bounds);
  if (earlier === null) {
    const plan: Plan = repeated ?? (trials === undefined ? {} : { trials });
    const { key } = bounds;
    return { key, plan, follows: repeated !== null, trials: [], rejected: 0, spentSeconds: 0, finished: false };
  }
  if (repeated !== null && JSON.stringify(earlier.plan) !== JSON.stringify(repeated)) {
    throw new UsageError({
      at: "--repeat",
      expected: `a folder for the results in which no fit has begun with other amounts`,
      received: out,
      hint: "give another --out, or --overwrite to begin anew in this one",
    });
  }
  const done = `${trainedTrials(earlier.trials).length} finished trials`;
  if (!earlier.finished) progress.line(`going on in ${out} after ${done}`);
  else progress.line(`the fit in ${out} is finished, with ${done}: only its files are written anew`);
  // What has ended takes no time that happens to be left.
  return { ...earlier, follows: earlier.follows || earlier.finished };
}

function withHint({ facts }: InterruptedError, { out }: FitOptions): InterruptedError {
  return new InterruptedError({
    ...facts,
    hint: `everything finished is in ${out}; the same command goes on from there`,
  });
}
