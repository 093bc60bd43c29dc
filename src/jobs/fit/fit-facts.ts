/** The facts that a fit's report shows. */
import { type Architecture, profileArchitecture } from "../../networks/index.js";
import type { FitReport } from "../../report/index.js";
import type { Scaled } from "../../scaling/index.js";
import { describe } from "../../search/index.js";
import type { RunResult } from "../../training/index.js";
import { courseLines, courseOf } from "../shared/course.js";
import { dataFacts } from "../shared/read-data.js";
import { picturesOfMistakes, type Shipped } from "../shared/ship.js";
import { VERSION } from "../shared/version.js";
import type { Job } from "./job.js";
import type { Choice } from "./plan.js";
import { armCompute, numberedTrials } from "./trials.js";

const MISTAKES_SHOWN = 24;

/** @param made what its phases gave, in their order. */
export async function fitFacts(
  job: Job,
  made: {
    readonly choice: Choice;
    readonly scaled: Scaled;
    readonly trained: RunResult;
    readonly shipped: Shipped;
    readonly latency: FitReport["latency"];
  },
): Promise<FitReport> {
  const { dataset, engine, budget } = job;
  const { scaled, trained, shipped, latency } = made;
  const { accuracy, confusion, perClass } = shipped.scores;
  return {
    title: dataset.name,
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
    accuracy,
    search: searchOf(job, made.choice),
    scaling: scalingOf(scaled, made.choice),
    network: networkOf(scaled.architecture),
    curve: trained.curve,
    course: courseLines(courseOf(trained, null)),
    confusion,
    perClass,
    mistakes: await picturesOfMistakes(shipped, dataset.classes, MISTAKES_SHOWN),
  };
}

function searchOf({ study }: Job, { chosen }: Choice): FitReport["search"] {
  const trials = numberedTrials(study.trials);
  return {
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
  };
}

function scalingOf({ phi, multipliers, binding }: Scaled, { chosen, mostActivations }: Choice): FitReport["scaling"] {
  const limit = binding[0] ?? (mostActivations === null ? "none" : "training time");
  return { phi, ...multipliers, binding: limit, baseline: chosen.costs };
}

const networkOf = (architecture: Architecture): FitReport["network"] => ({
  resolution: architecture.resolution,
  stages: profileArchitecture(architecture).stages,
});
