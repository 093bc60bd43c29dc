/** One network, published or pretrained, trained on a folder of images and shipped like a fitted one. */
import { join } from "node:path";
import { writeFileAtomic } from "../../base/files.js";
import { createRng, formatCount, UsageError } from "../../base/index.js";
import { type Costs, costsOfProfile } from "../../cost/index.js";
import { profileArchitecture } from "../../networks/index.js";
import { type DataFacts, renderTrainReport, type TrainReport } from "../../report/index.js";
import {
  type EpochRecord,
  type Recipe,
  type RunResult,
  runTraining,
  savedCourse,
  type TrainingSetup,
} from "../../training/index.js";
import { type Course, courseLines, courseOf } from "../shared/course.js";
import { openWork, type Work } from "../shared/open-work.js";
import { ship } from "../shared/ship.js";
import { chooseDevice } from "./device.js";
import { findLearningRate } from "./find-rate.js";
import { type FineTuned, finishedPhases, runFineTuning } from "./fine-tune.js";
import { type OpenRun, openRun } from "./open-run.js";
import type { TrainOptions } from "./options.js";
import { chooseParts } from "./parts.js";
import { prepare, type TrainJob } from "./train-job.js";
import { trainReport } from "./train-report.js";
import { watchTraining } from "./watch-training.js";

export type TrainResult = Course & {
  readonly model: string;
  readonly onnx: string;
  /** `report.html`. */
  readonly page: string;
  readonly accuracy: number;
  /** Means of the classes' recalls and of their F1, and the share of the commonest class. */
  readonly balancedAccuracy: number;
  readonly macroF1: number;
  readonly commonest: number;
  readonly count: number;
  readonly costs: Costs;
  readonly curve: readonly EpochRecord[];
  /** As it was for these images; a setback lowers the rate. */
  readonly recipe: Pick<Recipe, "batchSize" | "learningRate">;
  readonly data: DataFacts;
  readonly seed: number;
  readonly report: TrainReport;
};

/**
 * A stopped training goes on from its last checkpoint when called again with the same options, which `resumableRun` finds in its folder.
 *
 * @throws {UsageError} when the folder holds another run, or an option is out of its range.
 */
export async function trainNetwork(options: TrainOptions): Promise<TrainResult> {
  requirePositiveRate(options.learningRate);
  return openWork({ kind: "train", at: "--out", out: options.out }, options, (work) => train(options, work));
}

function requirePositiveRate(rate: TrainOptions["learningRate"]): void {
  if (typeof rate !== "number" || (rate > 0 && rate < Number.POSITIVE_INFINITY)) return;
  throw new UsageError({ at: "--learning-rate", expected: "a finite number above 0", received: String(rate) });
}

async function train(options: TrainOptions, work: Work): Promise<TrainResult> {
  const { out, seed } = options;
  const { progress } = work;
  const job = await prepare(options, work);
  const run = await openRun(job, work);
  const setup = await settle(job, run);
  const costs = costsOfProfile(profileArchitecture(job.architecture));
  const counts = `${formatCount(costs.params)} params, ${formatCount(costs.macs)} MACs`;
  progress.phase("train", `${job.architecture.name}: ${counts}`);
  if (job.pretrained) progress.line(job.pretrained.line);
  const trained = await trainTo(job, setup, run);

  const course = courseOf(trained, job.fineTuning?.plan ?? null);
  progress.line(courseLines(course)[0]!);
  progress.phase("ship", "writing model.onnx and testing it");
  const { engine, recipe } = setup;
  const { tensors, curve } = trained;
  const { goldenPhotos } = options;
  const history = { ...originOf(job), ...course };
  const shipped = await ship({
    ...job,
    engine,
    recipe,
    out,
    seed,
    costs,
    tensors,
    epochs: curve.length,
    goldenPhotos,
    history,
  });
  const report = await trainReport(job, setup, { costs, curve, course, shipped });
  const page = join(out, "report.html");
  await writeFileAtomic(page, renderTrainReport(report));
  const { model, onnx, scores } = shipped;
  return {
    model,
    onnx,
    page,
    accuracy: scores.accuracy,
    balancedAccuracy: scores.balancedAccuracy,
    macroF1: scores.macroF1,
    commonest: scores.commonest,
    count: scores.count,
    costs,
    curve,
    ...course,
    recipe: { batchSize: recipe.batchSize, learningRate: recipe.learningRate },
    data: report.data,
    seed,
    report,
  };
}

/** Parts by the memory, the device by a few steps, the rate by a range test: those that are not given, each chosen once for a run. */
async function settle(job: TrainJob, run: OpenRun): Promise<TrainingSetup> {
  const { options, progress, train, architecture, normalization, distillation } = job;
  const { signal, workers } = options;
  const rng = createRng(options.seed).fork("final");
  const unplaced = { architecture, normalization, rng, distillation, workers };
  const memory = { most: options.trainingMemory };
  const recipe =
    options.accumulate === undefined
      ? await chooseParts({ ...unplaced, recipe: job.recipe }, options.engine, run, memory, progress)
      : job.recipe;
  const kept = { file: join(run.checkpoints.folder, "device.json"), run: run.key };
  const engine = await chooseDevice(options.engine, { ...unplaced, recipe }, train, kept, progress);
  await run.runsOn(engine);
  const setup = { ...unplaced, engine, recipe };
  if (options.learningRate !== "find") return setup;
  return { ...setup, recipe: await findLearningRate(setup, train, run, { signal, progress }) };
}

/** From random weights in one run, from pretrained ones in phases. */
async function trainTo(job: TrainJob, setup: TrainingSetup, { checkpoints }: OpenRun): Promise<RunResult | FineTuned> {
  const { options, progress, dataset, train, validation, epochs, pretrained, fineTuning } = job;
  const fineTune = pretrained && {
    ...fineTuning!,
    tensors: pretrained.tensors,
    images: `${dataset.fingerprint} ${JSON.stringify(pretrained.geometry)}`,
    checkpoints,
    cacheDir: options.cacheDir,
    progress,
  };
  const earlier = fineTune === null ? (await savedCourse(checkpoints, epochs)).curve : await finishedPhases(fineTune);
  if (earlier.length >= epochs) progress.line(`all ${epochs} epochs are in ${options.out}: its files are written anew`);
  const watch = await watchTraining(job, earlier);
  const running = { ...setup, train, validation, signal: options.signal, retries: true, remedy, ...watch };
  return fineTune === null ? runTraining({ ...running, epochs, checkpoints }) : runFineTuning(running, fineTune);
}

/** Of a training that no lower rate helps. */
const remedy =
  "look at the pictures and at which folder each is in; where they are right, give a lower --learning-rate than these, another --recipe, or another --network";

/** What its weights come from, as the model's history tells it. */
const originOf = ({ pretrained, fineTuning, distillation, options }: TrainJob) => ({
  ...(pretrained && { pretrained: pretrained.provenance, ...fineTuning }),
  ...(distillation && { distillation: options.teacher }),
});
