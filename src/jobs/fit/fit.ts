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
import { writeFileAtomic } from "../../base/files.js";
import { createRng, formatCount, formatPercent, lastly } from "../../base/index.js";
import { channelStatistics, type Dataset, requireVariety } from "../../data/index.js";
import type { Architecture } from "../../networks/index.js";
import { type FitReport, renderFitReport } from "../../report/index.js";
import { type Scaled, scaleToBudget, shrinkBudget } from "../../scaling/index.js";
import { type CostGate, describe, fitsSmallest, imageSpace, requireFeasible } from "../../search/index.js";
import { activationsOf } from "../shared/activations.js";
import { largestUsefulSide, memoized, recipeFor, sidesUpTo } from "../shared/choices.js";
import { type Course, courseLines, courseOf } from "../shared/course.js";
import { costsBy } from "../shared/latency-predictor.js";
import { openWork } from "../shared/open-work.js";
import { ship } from "../shared/ship.js";
import { fitFacts } from "./fit-facts.js";
import { openStudy } from "./fit-folder.js";
import { createClock, type FitOptions, isTimed, type Job } from "./job.js";
import { type Choice, chooseTrial, planTrials } from "./plan.js";
import { saveStudy } from "./saved-fit.js";
import { search } from "./search-phase.js";
import { trainFully } from "./train-phase.js";
import { numberedTrials } from "./trials.js";

/** The facts of the report, and where the files are. */
export type FitResult = FitReport & Course & { readonly model: string; readonly onnx: string; readonly page: string };

/**
 * A stopped fit goes on when called again with the same options, and so does a finished one: it has nothing left to do.
 *
 * @throws {InfeasibleError} when no network keeps the budget. @throws {DataError} for images that cannot be used.
 * @throws {UsageError} when `out` holds another job, or lies in the images. @throws {ModelError} when what it holds is damaged.
 * @throws {FileError} when `out` cannot be written. @throws {InterruptedError} after the signal: the same call goes on.
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { data, out, seed } = options;
  const clock = createClock(options.seconds);
  return openWork({ kind: "fit", at: "--out", out }, options, async (work) => {
    const { dataset, pool } = await work.read({ ...readingOf(options), derive: true });
    clock.endReading();
    const gate = gateFor(options, dataset);
    requireFeasible(gate);
    const study = await openStudy(options, dataset, gate.space, work);
    clock.add(study.spentSeconds);
    const train = await pool.get("train", dataset.size);
    requireVariety(train, data);
    const job: Job = {
      ...options,
      progress: work.progress,
      dataset,
      pool,
      clock,
      rng: createRng(seed),
      recipe: recipeFor(dataset),
      normalization: channelStatistics(train),
      study,
    };
    return lastly(
      () => run(job, gate),
      async () => {
        // Without a trial there is nothing to go on from.
        if (job.study.trials.length > 0) await saveStudy(out, { ...job.study, spentSeconds: clock.spent() });
      },
    );
  });
}

function readingOf(options: FitOptions) {
  const { budget, latency, seed, seconds } = options;
  const maxSize = largestUsefulSide(budget, costsBy(latency));
  return { seed, maxSize, seconds: isTimed(options) ? seconds : undefined };
}

const resolutionsOf = ({ resolutions }: FitOptions, { size }: Dataset) => resolutions ?? sidesUpTo(size);

function gateFor(options: FitOptions, dataset: Dataset): CostGate {
  const { classes, channels } = dataset;
  const space = imageSpace({ classes: classes.length, channels, resolutions: resolutionsOf(options, dataset) });
  return { space, budget: options.budget, costsOf: memoized(costsBy(options.latency)) };
}

async function run(job: Job, whole: CostGate): Promise<FitResult> {
  const { out, progress } = job;
  // Half of every limit, so that the baseline has room to be scaled by φ ≈ 1; all of it where half fits nothing.
  const half = { ...whole, budget: shrinkBudget(job.budget, 0.5) };
  const gate = fitsSmallest(half) ? half : whole;
  await planTrials(job, gate);
  await search(job, gate);
  const choice = chooseTrial(job);
  announce(job, choice);
  const scaled = scaleUp(job, whole, choice);
  const { architecture, costs } = scaled;
  const trained = await trainFully(job, architecture);

  progress.phase("ship", "writing model.onnx and testing it");
  const course = courseOf(trained, null);
  progress.line(courseLines(course)[0]!);
  const { tensors, curve } = trained;
  const shipped = await ship({ ...job, architecture, costs, tensors, epochs: curve.length, history: course });
  const latency = await latencyOf(job, architecture);
  const report = await fitFacts(job, { choice, scaled, trained, shipped, latency });
  const page = join(out, "report.html");
  await writeFileAtomic(page, renderFitReport(report));
  job.study = { ...job.study, finished: true };
  return { ...report, ...course, model: shipped.model, onnx: shipped.onnx, page };
}

function announce({ study, dataset, progress }: Job, { chosen, why }: Choice): void {
  const trials = numberedTrials(study.trials);
  const { number } = trials.find(({ id }) => id === chosen.id)!;
  const measured = `${formatPercent(chosen.accuracy)} of ${dataset.splits.validation.length} validation images`;
  progress.line(`trial ${number} of ${trials.length} goes on, ${why}: ${measured}, ${describe(chosen.architecture)}`);
}

/** The chosen network along φ, up to the whole budget or to what can be trained in time. */
function scaleUp(job: Job, { space, costsOf }: CostGate, { chosen, mostActivations }: Choice): Scaled {
  const { budget, dataset, progress } = job;
  const rule = {
    divisor: space.channelDivisor,
    repeats: "nearest",
    resolutions: resolutionsOf(job, dataset),
  } as const;
  const inTime = (architecture: Architecture) =>
    mostActivations === null || activationsOf(architecture) <= mostActivations;
  const scaled = scaleToBudget(chosen.architecture, budget, rule, costsOf, inTime);
  const { params, macs } = scaled.costs;
  progress.line(`scaled by φ = ${scaled.phi.toFixed(2)} to ${formatCount(params)} params, ${formatCount(macs)} MACs`);
  return { ...scaled, architecture: { ...scaled.architecture, name: dataset.name } };
}

/** Measured last, when nothing else runs. */
async function latencyOf({ latency, signal }: Job, architecture: Architecture): Promise<FitReport["latency"]> {
  if (latency === undefined) return null;
  return { on: latency.on, measuredMs: latency.measure && (await latency.measure(architecture, signal)) };
}
