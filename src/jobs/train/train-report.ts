/** The facts that a training's report shows. */
import type { Costs } from "../../cost/index.js";
import { profileArchitecture } from "../../networks/index.js";
import type { TrainReport } from "../../report/index.js";
import type { EpochRecord, Recipe, TrainingSetup } from "../../training/index.js";
import { type Course, courseLines } from "../shared/course.js";
import { dataFacts } from "../shared/read-data.js";
import { picturesOfMistakes, type Shipped } from "../shared/ship.js";
import { VERSION } from "../shared/version.js";
import type { TrainJob } from "./train-job.js";

const MISTAKES_SHOWN = 12;

export async function trainReport(
  { dataset, architecture, options, recipeName }: TrainJob,
  { engine, recipe }: TrainingSetup,
  made: {
    readonly costs: Costs;
    readonly curve: readonly EpochRecord[];
    readonly course: Course;
    readonly shipped: Shipped;
  },
): Promise<TrainReport> {
  const { costs, curve, course, shipped } = made;
  const { accuracy, confusion, perClass } = shipped.scores;
  return {
    title: `${architecture.name} on ${dataset.name}`,
    createdAt: new Date().toISOString(),
    version: VERSION,
    seed: options.seed,
    threads: engine.threads,
    engine: engine.name,
    data: dataFacts(dataset),
    costs,
    accuracy,
    confusion,
    perClass,
    curve,
    course: courseLines(course),
    settings: settingRows(recipeName, recipe, options.from?.weights ?? null),
    network: {
      resolution: architecture.resolution,
      channels: architecture.channels,
      stages: profileArchitecture(architecture).stages,
    },
    mistakes: await picturesOfMistakes(shipped, dataset.classes, MISTAKES_SHOWN),
  };
}

/** @param from where the weights began; null for random ones. */
function settingRows(name: string, recipe: Recipe, from: string | null): TrainReport["settings"] {
  const { optimizer, learningRate, schedule, batchSize, accumulate } = recipe;
  return [
    ["recipe", name],
    ["optimizer", optimizer.kind],
    ["learning rate", `${Number(learningRate.toPrecision(3))} at its top, ${schedule.kind}`],
    ["batch", `${batchSize} images${accumulate === 1 ? "" : ` in ${accumulate} parts`}`],
    ...(from === null ? [] : [["weights", from] as const]),
  ];
}
