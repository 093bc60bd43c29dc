/** The search: short trainings of candidates that keep their share of the budget, two strategies at equal compute. */
import { formatCount, formatDuration, formatPercent } from "../../base/index.js";
import { type CostGate, createStrategy, describe, runSearch } from "../../search/index.js";
import type { Job } from "./job.js";
import { EVOLUTION, objective } from "./plan.js";
import { saveStudy } from "./saved-fit.js";
import { stopRule } from "./stop-rule.js";
import { type TrialPlan, trialTrainer } from "./trial-trainer.js";
import { type NumberedTrial, numberedTrials, trainedTrials } from "./trials.js";

/** Short trainings until their number or their time is reached; each is on disk before the next begins. */
export async function search(job: Job, gate: CostGate): Promise<void> {
  const { progress, rng, out, clock } = job;
  progress.phase("search");
  const recorded = job.study.trials;
  // A search that goes on makes all its proposals again, and counts what was turned away from the first.
  job.study = { ...job.study, rejected: 0 };
  const onRejected = () => {
    job.study = { ...job.study, rejected: job.study.rejected + 1 };
  };
  const plan = job.study.plan as TrialPlan;
  await runSearch({
    arms: [createStrategy("evolution", EVOLUTION), createStrategy("random")],
    gate: { ...gate, onRejected },
    objective,
    epochs: plan.trialEpochs,
    images: plan.trialImages,
    rng: rng.fork("search"),
    recorded,
    train: trialTrainer(job, plan),
    ends: () => true,
    until: stopRule(clock, plan.trials, recorded),
    record: async (trial) => {
      const trials = [...job.study.trials, trial];
      job.study = { ...job.study, trials, spentSeconds: clock.spent() };
      await saveStudy(out, job.study);
      if (trial.sameAs === null) progress.line(trialLine(numberedTrials(trials).at(-1)!));
    },
  });
  job.study = { ...job.study, plan: { ...job.study.plan, trials: trainedTrials(job.study.trials).length } };
}

function trialLine({ number, strategy, state, accuracy, costs, seconds, architecture, error }: NumberedTrial): string {
  const head = `trial ${String(number).padStart(2)} ${strategy.padEnd(9)}`;
  if (state === "failed") return `${head} failed: ${error?.split("\n")[0]}  ${describe(architecture)}`;
  const figures = [
    formatPercent(accuracy).padStart(6),
    `${formatCount(costs.params)} params`.padStart(14),
    `${formatCount(costs.macs)} MACs`.padStart(12),
  ];
  return `${head} ${figures.join("  ")}  ${formatDuration(seconds).padStart(6)}  ${describe(architecture)}`;
}
