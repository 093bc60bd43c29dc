/** The facts that a training's report shows. */
import type { Costs } from "../../cost/index.js";
import type { Dataset } from "../../data/index.js";
import { type Architecture, profileArchitecture } from "../../networks/index.js";
import type { TrainReport } from "../../report/index.js";
import type { Engine } from "../../runtime/index.js";
import type { EpochRecord, Recipe } from "../../training/index.js";
import { dataFacts } from "../shared/read-data.js";
import { picturesOfMistakes, type Shipped } from "../shared/ship.js";
import { VERSION } from "../shared/version.js";

const MISTAKES_SHOWN = 12;

export async function trainReport(trained: {
  readonly dataset: Dataset;
  readonly engine: Engine;
  readonly seed: number;
  readonly architecture: Architecture;
  readonly costs: Costs;
  readonly recipe: Recipe;
  readonly recipeName: string;
  /** Where the weights began; null for random ones. */
  readonly from: string | null;
  readonly curve: readonly EpochRecord[];
  /** See `courseLines`. */
  readonly course: readonly string[];
  readonly shipped: Shipped;
}): Promise<TrainReport> {
  const { dataset, engine, seed, architecture, costs, curve, course, shipped } = trained;
  const { classes, name } = dataset;
  const { accuracy, confusion, perClass } = shipped.scores;
  return {
    title: `${architecture.name} on ${name}`,
    ...{ createdAt: new Date().toISOString(), version: VERSION, seed, threads: engine.threads, engine: engine.name },
    data: dataFacts(dataset),
    ...{ costs, accuracy, confusion, perClass, curve, course, settings: settingsOf(trained) },
    network: { resolution: architecture.resolution, stages: profileArchitecture(architecture).stages },
    mistakes: await picturesOfMistakes(shipped, classes, MISTAKES_SHOWN),
  };
}

function settingsOf({
  recipe,
  recipeName,
  from,
}: {
  readonly recipe: Recipe;
  readonly recipeName: string;
  readonly from: string | null;
}): TrainReport["settings"] {
  const { optimizer, learningRate, schedule, batchSize, accumulate } = recipe;
  return [
    ["recipe", recipeName],
    ["optimizer", optimizer.kind],
    ["learning rate", `${Number(learningRate.toPrecision(3))} at its top, ${schedule.kind}`],
    ["batch", `${batchSize} images${accumulate === 1 ? "" : ` in ${accumulate} parts`}`],
    ...(from === null ? [] : [["weights", from] as const]),
  ];
}
