/**
 * The main job: labelled images and a budget in; a trained network that keeps the budget, the files that ship it and the
 * facts for a report out.
 *
 *   dataset → a network of the portfolio, as large as budget and time allow → training → files → test images
 *
 * or, where a search is asked for,
 *
 *   dataset → space → search under half the budget → compound scaling to the whole → training → files → test images
 *
 * The test images are looked at once, at the end, through the shipped file. Every choice before that is made on the
 * validation images.
 */
import { join } from "node:path";
import { writeFileAtomic } from "../../base/files.js";
import { createRng, lastly } from "../../base/index.js";
import { channelStatistics, requireVariety } from "../../data/index.js";
import type { Architecture } from "../../networks/index.js";
import { type FitReport, renderFitReport } from "../../report/index.js";
import { type CostGate, requireFeasible } from "../../search/index.js";
import { largestUsefulSide, mirroredBy, recipeFor, sayBalance } from "../shared/choices.js";
import { type Course, courseLines, courseOf } from "../shared/course.js";
import { costsBy } from "../shared/latency-predictor.js";
import { findMirroring, type Mirroring, mirroringLine } from "../shared/mirroring.js";
import { openWork } from "../shared/open-work.js";
import { ship } from "../shared/ship.js";
import { chooseCandidate } from "./candidate-phase.js";
import { fitFacts } from "./fit-facts.js";
import { openStudy } from "./fit-folder.js";
import { gateFor, resolutionsOf } from "./gate.js";
import { createClock, type FitOptions, isSearch, isTimed, type Job } from "./job.js";
import { saveStudy } from "./saved-fit.js";
import { searchNetwork } from "./searched-network.js";
import { trainFully } from "./train-phase.js";

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
    const mirroring = await mirroringFor(options, { dataset, pool, clock, study, progress: work.progress });
    sayBalance(dataset, options.metric, work.progress);
    const job: Job = {
      ...options,
      progress: work.progress,
      dataset,
      pool,
      clock,
      rng: createRng(seed),
      recipe: mirroredBy(recipeFor(dataset, options.metric), mirroring.on),
      mirroring,
      normalization: channelStatistics(train),
      study: { ...study, plan: { ...study.plan, mirror: mirroring } },
    };
    return lastly(
      () => run(job, gate),
      async () => {
        // Without a trial or a choice there is nothing to go on from.
        if (job.study.trials.length > 0 || job.study.plan.work !== undefined)
          await saveStudy(out, { ...job.study, spentSeconds: clock.spent() });
      },
    );
  });
}

/** Part of the time that is left. */
const MIRROR_SHARE = 0.06;
/** Side of the pictures that are asked, px: the largest there is up to this. */
const MIRROR_SIDE = 32;

/** As it was decided before, or is asked for, or as the pictures say. */
async function mirroringFor(
  options: FitOptions,
  { dataset, pool, clock, study, progress }: Pick<Job, "dataset" | "pool" | "clock" | "study" | "progress">,
): Promise<Mirroring> {
  const { mirror, engine, seed, signal } = options;
  if (study.plan.mirror !== undefined) return study.plan.mirror;
  if (mirror !== undefined) return { on: mirror, why: "as it was asked for" };
  const sides = resolutionsOf(options, dataset);
  const side = sides.findLast((each) => each <= MIRROR_SIDE) ?? Math.min(...sides);
  const found = await findMirroring({
    engine,
    images: await pool.get("train", side),
    classes: dataset.classes,
    recipe: recipeFor(dataset),
    rng: createRng(seed),
    seconds: isTimed(options) ? MIRROR_SHARE * Math.max(1, clock.total - clock.spent()) : undefined,
    signal,
    progress,
  });
  progress.line(mirroringLine(found));
  return found;
}

function readingOf(options: FitOptions) {
  const { budget, latency, seed, seconds } = options;
  const maxSize = largestUsefulSide(budget, costsBy(latency));
  return { seed, maxSize, seconds: isTimed(options) ? seconds : undefined };
}

async function run(job: Job, gate: CostGate): Promise<FitResult> {
  const { out, progress } = job;
  const network = isSearch(job) ? await searchNetwork(job, gate) : await chooseCandidate(job, gate);
  const { architecture, costs } = network;
  const trained = await trainFully(job, architecture);

  progress.phase("ship", "writing model.onnx and testing it");
  const course = courseOf(trained, null);
  progress.line(courseLines(course)[0]!);
  const { tensors, curve } = trained;
  const shipped = await ship({ ...job, architecture, costs, tensors, epochs: curve.length, history: course });
  const latency = await latencyOf(job, architecture);
  const report = await fitFacts(job, { network, trained, shipped, latency });
  const page = join(out, "report.html");
  await writeFileAtomic(page, renderFitReport(report));
  job.study = { ...job.study, finished: true };
  return { ...report, ...course, model: shipped.model, onnx: shipped.onnx, page };
}

/** Measured last, when nothing else runs. */
async function latencyOf({ latency, signal }: Job, architecture: Architecture): Promise<FitReport["latency"]> {
  if (latency === undefined) return null;
  return { on: latency.on, measuredMs: latency.measure && (await latency.measure(architecture, signal)) };
}
