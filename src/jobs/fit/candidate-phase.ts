/** The network of a fit without a search: the portfolio's first candidate, at the size that makes most of budget and time. */
import { formatCount, InfeasibleError } from "../../base/index.js";
import { bestWithin, portfolio, type Sized, trainingWork } from "../../portfolio/index.js";
import type { FitScaling, FitSearch } from "../../report/index.js";
import { type CostGate, describe, requireFeasible } from "../../search/index.js";
import { resolutionsOf } from "./gate.js";
import type { Job } from "./job.js";
import { imagesWanted, measureStep, secondsLeft } from "./plan.js";

const [first] = portfolio;

export type Chosen = Pick<Sized, "architecture" | "costs"> & {
  /** What stopped the network from growing. */
  readonly stoppedBy: string;
  /** Where there was one. */
  readonly search?: FitSearch;
  readonly scaling?: FitScaling;
};

export async function chooseCandidate(job: Job, gate: CostGate): Promise<Chosen> {
  const { dataset, progress } = job;
  const largest = sizeWithin(job, gate);
  const work = await workInTime(job, largest);
  const sized = work === null ? largest : sizeWithin(job, gate, work);
  const { params, macs } = sized.costs;
  progress.line(`${describe(sized.architecture)}: ${formatCount(params)} params, ${formatCount(macs)} MACs`);
  const isSmaller = trainingWork(sized.architecture) < trainingWork(largest.architecture);
  return {
    architecture: { ...sized.architecture, name: dataset.name },
    costs: sized.costs,
    stoppedBy: isSmaller ? "training time" : (sized.binding[0] ?? "none"),
  };
}

/** Where even the smallest of the rule is too large, the smallest network of all. */
function sizeWithin(job: Job, gate: CostGate, work?: number): Omit<Sized, "size"> {
  const { classes, channels } = job.dataset;
  const input = { classes: classes.length, channels };
  try {
    return bestWithin(first!.shape, { ...gate, input, sides: resolutionsOf(job, job.dataset), work });
  } catch (error) {
    if (!(error instanceof InfeasibleError)) throw error;
    const { architecture, costs } = requireFeasible(gate);
    return { architecture, costs, binding: [] };
  }
}

/** Of a network that can be trained well in the time there is; null where that is no limit. Decided once. */
async function workInTime(job: Job, { architecture }: Omit<Sized, "size">): Promise<number | null> {
  const { plan } = job.study;
  if (plan.work !== undefined) return plan.work;
  let work: number | null = null;
  if (job.epochs === undefined) {
    const imagesPerSecond = job.recipe.batchSize / (await measureStep(job, architecture));
    work = Math.round((trainingWork(architecture) * imagesPerSecond * secondsLeft(job)) / imagesWanted(job));
  }
  job.study = { ...job.study, plan: { ...plan, work } };
  return work;
}
