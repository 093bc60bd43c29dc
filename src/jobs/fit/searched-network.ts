/** The network of a fit with a search: a trial's under half the budget, scaled to the whole. */
import { formatCount, formatPercent } from "../../base/index.js";
import type { Architecture } from "../../networks/index.js";
import type { FitSearch } from "../../report/index.js";
import { type Scaled, scaleToBudget, shrinkBudget } from "../../scaling/index.js";
import { type CostGate, describe, fitsSmallest } from "../../search/index.js";
import { activationsOf } from "../shared/activations.js";
import type { Chosen } from "./candidate-phase.js";
import { resolutionsOf } from "./gate.js";
import type { Job } from "./job.js";
import { type Choice, chooseTrial, planTrials } from "./plan.js";
import { search } from "./search-phase.js";
import { armCompute, numberedTrials } from "./trials.js";

export async function searchNetwork(job: Job, whole: CostGate): Promise<Chosen> {
  // Half of every limit, so that the baseline has room to be scaled by φ ≈ 1; all of it where half fits nothing.
  const half = { ...whole, budget: shrinkBudget(job.budget, 0.5) };
  const gate = fitsSmallest(half) ? half : whole;
  await planTrials(job, gate);
  await search(job, gate);
  const choice = chooseTrial(job);
  announce(job, choice);
  const scaled = scaleUp(job, whole, choice);
  const { architecture, costs, phi, multipliers, binding } = scaled;
  return {
    architecture,
    costs,
    stoppedBy: binding[0] ?? (choice.mostActivations === null ? "none" : "training time"),
    search: searchOf(job, choice),
    scaling: { phi, ...multipliers, baseline: choice.chosen.costs },
  };
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

function searchOf({ study }: Job, { chosen }: Choice): FitSearch {
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
