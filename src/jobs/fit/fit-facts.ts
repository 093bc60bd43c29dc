/** The facts that a fit's report shows. */
import { type Architecture, profileArchitecture } from "../../networks/index.js";
import type { FitReport } from "../../report/index.js";
import type { RunResult } from "../../training/index.js";
import { courseLines, courseOf } from "../shared/course.js";
import { mirroringLine } from "../shared/mirroring.js";
import { dataFacts } from "../shared/read-data.js";
import { picturesOfMistakes, type Shipped } from "../shared/ship.js";
import { VERSION } from "../shared/version.js";
import type { Chosen } from "./candidate-phase.js";
import type { Job } from "./job.js";

const MISTAKES_SHOWN = 24;

/** @param made what its phases gave, in their order. */
export async function fitFacts(
  job: Job,
  made: {
    readonly network: Chosen;
    readonly trained: RunResult;
    readonly shipped: Shipped;
    readonly latency: FitReport["latency"];
  },
): Promise<FitReport> {
  const { dataset, engine, budget } = job;
  const { network, trained, shipped, latency } = made;
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
    costs: network.costs,
    latency,
    accuracy,
    search: network.search ?? null,
    scaling: network.scaling ?? null,
    stoppedBy: network.stoppedBy,
    network: networkOf(network.architecture),
    curve: trained.curve,
    course: [mirroringLine(job.mirroring), ...courseLines(courseOf(trained, null))],
    confusion,
    perClass,
    mistakes: await picturesOfMistakes(shipped, dataset.classes, MISTAKES_SHOWN),
  };
}

const networkOf = (architecture: Architecture): FitReport["network"] => ({
  resolution: architecture.resolution,
  channels: architecture.channels,
  stages: profileArchitecture(architecture).stages,
});
