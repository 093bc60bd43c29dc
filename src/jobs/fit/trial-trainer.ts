/** One short training of a candidate, on part of the images. */
import { DivergenceError, formatPercent } from "../../base/index.js";
import { type Assignment, bestTrial, type Outcome } from "../../search/index.js";
import { warmingUpWithin } from "../../training/index.js";
import { partOfImages, type ShortProgress, trainBriefly } from "../shared/short-training.js";
import type { Job } from "./job.js";
import { objective, searchEnd } from "./plan.js";
import type { Plan } from "./saved-fit.js";
import { trainedTrials } from "./trials.js";

export type TrialPlan = Required<Pick<Plan, "trialEpochs" | "trialImages">> & Plan;

/** A network that leaves the finite numbers scores nothing; whatever else breaks a training is not the candidate's fault, and is thrown. */
export function trialTrainer(job: Job, { trialEpochs: epochs, trialImages, trials }: TrialPlan) {
  const { rng, normalization, signal, engine, workers } = job;
  const images = partOfImages(job.pool, job.dataset, trialImages, rng);
  const recipe = warmingUpWithin(job.recipe, epochs);
  const onStep = progressOf(job, epochs, trials);
  const isFailure = (error: unknown) => error instanceof DivergenceError;
  return async ({ id, architecture }: Assignment): Promise<Outcome> => {
    const own = { architecture, rng: rng.fork(`trial ${id}`) };
    const setup = { engine, workers, recipe, normalization, epochs, images, signal };
    return (await trainBriefly({ ...setup, ...own, onStep, isFailure })).outcome;
  };
}

function progressOf(job: Job, trialEpochs: number, wanted: number | undefined) {
  const { clock, progress } = job;
  const [began, limit] = [clock.spent(), searchEnd(clock)];
  return ({ epoch, done: ofTrial, imagesPerSecond }: ShortProgress) => {
    const { trials } = job.study;
    const finished = trainedTrials(trials).length;
    const done =
      wanted === undefined ? (clock.spent() - began) / Math.max(limit - began, 1) : (finished + ofTrial) / wanted;
    const best = trials.length === 0 ? [] : [`best ${formatPercent(bestTrial(trials, objective.reward).accuracy)}`];
    progress.update({
      text: `trial ${finished + 1}${wanted === undefined ? "" : ` of ${wanted}`}, epoch ${epoch}/${trialEpochs}`,
      fraction: Math.min(done, 1),
      columns: [...best, `${Math.round(imagesPerSecond)} images/s`],
      secondsLeft: clock.total - clock.spent(),
    });
  };
}
