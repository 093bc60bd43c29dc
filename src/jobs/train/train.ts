/** One network, published or pretrained, trained on a folder of images and shipped like a fitted one. */
import { join } from "node:path";
import { ensureWritableFolder, writeFileAtomic } from "../../base/files.js";
import { commandLine, createRng, formatCount, UsageError } from "../../base/index.js";
import { type Costs, costsOfProfile } from "../../cost/index.js";
import { channelStatistics, type Dataset, requireVariety } from "../../data/index.js";
import { isTrained, profileArchitecture } from "../../networks/index.js";
import { type DataFacts, renderTrainReport, sparkline, type TrainReport } from "../../report/index.js";
import {
  type Distillation,
  defaultPlan,
  type EpochRecord,
  type FoundRecipe,
  forBatch,
  normsOf,
  partSize,
  type Recipe,
  recipeNamed,
  runTraining,
  type StepProgress,
  savedCourse,
} from "../../training/index.js";
import { batchSizeFor, batchWithin } from "../shared/choices.js";
import { type Course, courseLines, courseOf, type PhaseSetback, setbackInWords } from "../shared/course.js";
import { openWork, type Work } from "../shared/open-work.js";
import { epochLine, type Progress, paceOf } from "../shared/progress.js";
import { ship } from "../shared/ship.js";
import { chooseDevice } from "./device.js";
import { findLearningRate } from "./find-rate.js";
import { type FineTune, finishedPhases, runFineTuning } from "./fine-tune.js";
import { fingerprintOf } from "./fingerprint.js";
import { openMetrics } from "./metrics.js";
import { heldByTraining, openRun } from "./open-run.js";
import type { TrainOptions } from "./options.js";
import { chooseParts } from "./parts.js";
import { loadWeights, startOf } from "./starting-point.js";
import { distillationFor, loadTeacher } from "./teacher.js";
import { trainReport } from "./train-report.js";
import { settingsOf } from "./train-settings.js";

export type TrainResult = Course & {
  readonly model: string;
  readonly onnx: string;
  /** `report.html`. */
  readonly page: string;
  readonly accuracy: number;
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

async function train(options: TrainOptions, { progress, read, hold, resumeBy }: Work): Promise<TrainResult> {
  const { data, network, from, out, seed, cacheDir, env, signal } = options;
  const context = { env, signal, progress };
  const loaded = await loadWeights(options, context);
  const teacherModel = options.teacher && (await loadTeacher(options.teacher, context));
  const maxSize = network?.resolution ?? network?.table?.resolution ?? loaded?.architecture.resolution;
  const { dataset, pool } = await read({ seed, maxSize, geometry: loaded?.preprocessing });
  const { architecture, pretrained } = startOf(loaded, dataset, options);
  const distillation =
    teacherModel && distillationFor(teacherModel, options.teacher!, dataset.classes, architecture, progress);
  const { resolution } = architecture;
  const named = options.recipe ?? recipeNamed("quick");
  const batchNorm = from?.batchNorm ?? "frozen";
  const plan =
    pretrained && (from?.plan ?? defaultPlan(options.epochs ?? named.epochs, normsOf(pretrained.tensors, batchNorm)));
  const epochs = plan?.reduce((sum, phase) => sum + phase.epochs, 0) ?? options.epochs ?? named.epochs;
  for (const { part } of plan ?? []) isTrained(architecture, part); // finds fault before anything is decoded
  const fitted = recipeOf(named, dataset, options, progress);
  const train = await pool.get("train", resolution);
  const validation = await pool.get("validation", resolution);
  requireVariety(train, data);
  const normalization = pretrained?.normalization ?? channelStatistics(train);
  const rng = createRng(seed).fork("final");
  const isToBeFound = options.learningRate === "find";
  const folder = join(out, "checkpoints");
  const job = {
    settings: settingsOf(options),
    facts: {
      ...{ data: dataset.fingerprint, network: architecture, epochs, seed },
      recipe: {
        ...fitted,
        ...(isToBeFound && { learningRate: "find" }),
        // Where it follows from the memory, the run keeps it itself.
        accumulate: options.accumulate,
      },
      ...(pretrained && { weights: fingerprintOf(architecture, pretrained.tensors), plan, batchNorm, normalization }),
      ...(pretrained && { geometry: pretrained.geometry }),
      ...(distillation && { distillation: keyOf(distillation) }),
    },
  };
  const held = await hold(out, heldByTraining(job, folder));
  const again = commandLine(["bantam", "train"], { resume: out });
  resumeBy(`everything finished is in ${out}; ${again} goes on`);
  const run = await openRun(out, held);
  await ensureWritableFolder(folder);
  const unplaced = { architecture, normalization, rng, distillation, workers: options.workers };
  const choice = { file: join(folder, "device.json"), run: run.key };
  const memory = { most: options.trainingMemory };
  const divided =
    options.accumulate === undefined
      ? await chooseParts({ ...unplaced, recipe: fitted }, options.engine, run, memory, progress)
      : fitted;
  const engine = await chooseDevice(options.engine, { ...unplaced, recipe: divided }, train, choice, progress);
  await held.runsOn(engine);
  const setup = { ...unplaced, engine };
  const recipe = isToBeFound
    ? await findLearningRate({ ...setup, recipe: divided }, train, run, { signal, progress })
    : divided;
  const costs = costsOfProfile(profileArchitecture(architecture));
  progress.phase("train", `${architecture.name}: ${formatCount(costs.params)} params, ${formatCount(costs.macs)} MACs`);
  if (pretrained) progress.line(pretrained.line);
  const everySeconds = options.checkpointSeconds;
  const fineTune: FineTune | null = pretrained && {
    ...{ plan: plan!, batchNorm, tensors: pretrained.tensors },
    ...{ run: run.key, everySeconds, images: `${dataset.fingerprint} ${JSON.stringify(pretrained.geometry)}` },
    ...{ folder, cacheDir, progress },
  };
  const checkpoints = { folder, run: run.key, everySeconds };
  const earlier = fineTune === null ? (await savedCourse(checkpoints, epochs)).curve : await finishedPhases(fineTune);
  if (earlier.length >= epochs) progress.line(`all ${epochs} epochs are in ${out}: its files are written anew`);
  const metrics = await openMetrics(out, { earlier, tensorboard: options.tensorboard ?? false });
  const accuracies = earlier.map(({ validationAccuracy }) => validationAccuracy);
  const running = {
    ...{ ...setup, recipe, train, validation, signal, retries: true, remedy },
    onNotice: (text: string) => progress.line(text, "warning"),
    onStep: (epoch: number, { step, steps, imagesPerSecond, ...pace }: StepProgress) =>
      progress.update({
        text: `epoch ${epoch}/${epochs}`,
        fraction: (epoch - 1 + step / steps) / epochs,
        columns: [...paceOf({ imagesPerSecond, ...pace }), sparkline(accuracies)].filter((text) => text !== ""),
        secondsLeft: ((epochs - epoch + 1 - step / steps) * steps * recipe.batchSize) / imagesPerSecond,
      }),
    onEpoch: async (record: EpochRecord) => {
      progress.line(epochLine(record, epochs));
      accuracies.push(record.validationAccuracy);
      await metrics.add(record);
    },
    onSetback: async (setback: PhaseSetback, curve: readonly EpochRecord[]) => {
      progress.line(setbackInWords(setback), "warning");
      accuracies.splice(curve.length);
      await metrics.replace(curve);
    },
  };
  const trained =
    fineTune === null ? await runTraining({ ...running, epochs, checkpoints }) : await runFineTuning(running, fineTune);
  const course = courseOf(trained, plan);
  progress.line(courseLines(course)[0]!);
  progress.phase("ship", "writing model.onnx and testing it");
  const shipped = await ship({
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
    goldenPhotos: options.goldenPhotos,
    history: {
      ...(pretrained && { pretrained: pretrained.provenance, plan, batchNorm }),
      ...(distillation && { distillation: options.teacher }),
      ...course,
    },
  });
  const { model, onnx, scores } = shipped;
  const { curve } = trained;
  const report = await trainReport({
    ...{ dataset, engine, seed, architecture, costs, recipe, curve, shipped },
    ...{ recipeName: named.name, from: from?.weights ?? null, course: courseLines(course) },
  });
  const page = join(out, "report.html");
  await writeFileAtomic(page, renderTrainReport(report));
  return {
    model,
    onnx,
    page,
    accuracy: scores.accuracy,
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

/** Of a training that no lower rate helps. */
const remedy =
  "look at the pictures and at which folder each is in; where they are right, give a lower --learning-rate than these, another --recipe, or another --network";

function requirePositiveRate(rate: TrainOptions["learningRate"]): void {
  if (typeof rate !== "number" || (rate > 0 && rate < Number.POSITIVE_INFINITY)) return;
  throw new UsageError({ at: "--learning-rate", expected: "a finite number above 0", received: String(rate) });
}

const keyOf = ({ teacher: { architecture, tensors, mean, std }, temperature, weight }: Distillation) => ({
  ...{ teacher: fingerprintOf(architecture, tensors), mean, std, temperature, weight },
});

/** The recipe for this data: batches that it fills, and mirrored only where that leaves the class, or where its file says so. */
function recipeOf(
  { recipe, ownAugmentation = false }: FoundRecipe,
  dataset: Dataset,
  options: Pick<TrainOptions, "batchSize" | "accumulate" | "learningRate">,
  progress: Progress,
): Recipe {
  const pictures = dataset.splits.train.length;
  const batchSize =
    options.batchSize === undefined
      ? batchSizeFor(pictures, recipe.batchSize)
      : batchWithin(options.batchSize, pictures, options.accumulate);
  if (options.batchSize !== undefined && batchSize < options.batchSize) {
    progress.line(
      `batches of ${batchSize} in place of ${options.batchSize}: there are ${pictures} training pictures`,
      "warning",
    );
  }
  const scaled = forBatch(recipe, batchSize);
  const fitted = {
    ...scaled,
    // A recipe's own parts may be too many for the smaller batches of few images.
    accumulate: options.accumulate ?? commonDivisor(recipe.accumulate, batchSize),
    learningRate: typeof options.learningRate === "number" ? options.learningRate : scaled.learningRate,
    augmentation: {
      ...recipe.augmentation,
      flip: recipe.augmentation.flip && (ownAugmentation || dataset.channels === 3),
    },
  };
  partSize(fitted);
  return fitted;
}

/** The greatest. */
const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));
