/** How the time is divided. Measured speed enters here alone; all that follows from it is in the study's plan. */
import { DivergenceError, formatPercent, lastly } from "../../base/index.js";
import type { Architecture } from "../../networks/index.js";
import { bestTrial, type CostGate, type Objective, sampleFeasible, type Trial } from "../../search/index.js";
import { createTraining, type Recipe } from "../../training/index.js";
import { activationsOf } from "../shared/activations.js";
import { type Clock, isTimed, type Job } from "./job.js";
import type { Plan } from "./saved-fit.js";
import { trainedTrials } from "./trials.js";

/** Part of the time after reading that the search may take. */
export const SEARCH_SHARE = 0.25;
export const EVOLUTION = { population: 6, sample: 3 };
export const objective: Objective = { costs: ["params", "macs"], reward: ({ accuracy }) => accuracy };
const TRIALS_WANTED = 16;
const LEAST_SECONDS = 1;
const MOST_TRIAL_STEPS = 400;
/** A full training should have this many steps, and see every image this often. */
const FINAL_STEPS = 2000;
const FINAL_EPOCHS = 12;
/** Of few images each should be seen oftener: from 3 to 45 epochs of 7,000 the accuracy rose from 84.8 to 92.0 %. */
const MORE_EPOCHS = { epochs: 40, images: 400_000 };

/** When the search is to end, in seconds of the clock. */
export const searchEnd = ({ total, reading }: Pick<Clock, "total" | "reading">): number =>
  reading() + Math.max(0, total - reading()) * SEARCH_SHARE;

/** Decides, once, how long a trial is. */
export async function planTrials(job: Job, gate: CostGate): Promise<void> {
  if (job.study.plan.trialEpochs !== undefined) return;
  const train = await job.pool.get("train", job.dataset.size);
  const plan = isTimed(job) ? await timedPlan(job, gate, train.count) : { trialEpochs: 1, trialImages: train.count };
  job.study = { ...job.study, plan: { ...job.study.plan, ...plan } };
}

async function timedPlan(job: Job, gate: CostGate, images: number): Promise<Plan> {
  const { rng, recipe, clock } = job;
  const { architecture } = sampleFeasible(gate, rng.fork("timed"));
  const stepSeconds = await measureStep(job, architecture);
  const trialSeconds = (searchEnd(clock) - clock.spent()) / TRIALS_WANTED;
  const affordable = (trialSeconds * recipe.batchSize) / stepSeconds;
  return {
    trialEpochs: Math.max(1, Math.min(mostTrialEpochs(recipe, images), Math.floor(affordable / images))),
    trialImages: Math.min(images, Math.max(Math.round(affordable), 4 * recipe.batchSize)),
  };
}

/** Seconds. */
export async function measureStep(job: Job, architecture: Architecture): Promise<number> {
  const { rng, pool, engine, recipe, normalization } = job;
  const train = await pool.get("train", architecture.resolution);
  const training = await createTraining({ engine, architecture, recipe, normalization, rng });
  return lastly(
    () => training.measureStep(train),
    () => training.dispose(),
  );
}

/** However fast they are. */
export const mostTrialEpochs = ({ batchSize }: Pick<Recipe, "batchSize">, images: number): number =>
  Math.max(1, Math.floor((MOST_TRIAL_STEPS * batchSize) / images));

export type Choice = {
  readonly chosen: Trial;
  /** That its network may be scaled to; null where time sets no limit. */
  readonly mostActivations: number | null;
  /** The rule, as people are told it. */
  readonly why: string;
};

/**
 * Which trial's network to go on with: the most accurate of those that can be trained well in the time that is left. A
 * network that is too slow for that is no use, however well it fits. How fast one is was measured in its trial; a larger one
 * of its kind takes time in proportion to its activations.
 */
export function chooseTrial(job: Job): Choice {
  const { plan } = job.study;
  const trials = trainedTrials(job.study.trials);
  requireOne(trials);
  const best = bestTrial(trials, objective.reward);
  const top = trials.length === 1 ? "the only one" : "the best of them";
  const isBest = ({ id }: Trial) => id === best.id;
  const beaten = () => `${formatPercent(best.accuracy)} was reached by trial ${trials.indexOf(best) + 1}`;
  if (plan.choice !== undefined) {
    const chosen = job.study.trials[plan.choice.trial]!;
    const why = isBest(chosen) ? top : `as it was chosen before, by the time there was then (${beaten()})`;
    return { ...plan.choice, chosen, why };
  }
  const [seconds, wanted] = [secondsLeft(job), imagesWanted(job)];
  const affordable = ({ imagesPerSecond, architecture }: Trial) =>
    job.epochs === undefined
      ? (activationsOf(architecture) * imagesPerSecond * seconds) / wanted
      : Number.POSITIVE_INFINITY;
  const sound = trials.filter(({ state }) => state !== "failed");
  const fast = sound.filter((trial) => activationsOf(trial.architecture) <= affordable(trial));
  const fastest = sound.toSorted((a, b) => b.imagesPerSecond - a.imagesPerSecond).slice(0, 1);
  const chosen = bestTrial(fast.length > 0 ? fast : fastest, objective.reward);
  const rule =
    fast.length > 0
      ? `the best of ${fast.length} that can be trained well in the time left`
      : "the fastest, as none can be trained well in the time left";
  const most = affordable(chosen);
  const mostActivations = Number.isFinite(most) ? Math.round(most) : null;
  job.study = { ...job.study, plan: { ...plan, choice: { trial: chosen.id, mostActivations } } };
  return { chosen, mostActivations, why: isBest(chosen) ? top : `${rule} (${beaten()})` };
}

/** Where none is left, the network is to be one that an epoch is soon trained of. */
export const secondsLeft = ({ clock }: Job): number => Math.max(LEAST_SECONDS, clock.total - clock.spent());

/** How many a full training should see. */
export const imagesWanted = ({ recipe, dataset }: Job): number =>
  Math.max(
    FINAL_STEPS * recipe.batchSize,
    FINAL_EPOCHS * dataset.splits.train.length,
    Math.min(MORE_EPOCHS.epochs * dataset.splits.train.length, MORE_EPOCHS.images),
  );

function requireOne(trials: readonly Trial[]): void {
  if (trials.some(({ state }) => state !== "failed")) return;
  throw new DivergenceError({
    at: `the search, all ${trials.length} trials`,
    expected: "one whose numbers stay finite",
    received: `failed ones, the first of them: ${trials[0]?.error?.split("\n")[0]}`,
    hint: "look at the pictures and at which folder each is in",
  });
}
