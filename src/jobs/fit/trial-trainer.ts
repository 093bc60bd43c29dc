/** One short training of a candidate, on part of the images. */
import { DivergenceError, formatPercent } from "../../base/index.js";
import { subset } from "../../data/index.js";
import { type Assignment, bestTrial, type Outcome } from "../../search/index.js";
import { type EpochRecord, runTraining, type StepProgress } from "../../training/index.js";
import type { Job } from "./job.js";
import { objective, searchEnd } from "./plan.js";
import type { Plan } from "./saved-fit.js";
import { trainedTrials } from "./trials.js";

export type TrialPlan = Required<Pick<Plan, "trialEpochs" | "trialImages">> & Plan;

export type TrialTrainer = {
  train(assignment: Assignment): Promise<Outcome>;
  /** Throws what broke the last training, where that was not the candidate's fault. */
  rethrow(): void;
};

export async function createTrialTrainer(
  job: Job,
  { trialEpochs, trialImages, trials }: TrialPlan,
): Promise<TrialTrainer> {
  const { clock, pool, rng, normalization, signal, engine, workers, recipe } = job;
  const train = await pool.get("train", job.dataset.size);
  const indices = rng
    .fork("trial images")
    .shuffle(Array.from({ length: train.count }, (_, i) => i))
    .slice(0, trialImages);
  const show = progressOf(job, trialEpochs, trials);
  let broken: unknown = null;

  return {
    async train({ id, architecture }) {
      const began = clock.spent();
      const curve: EpochRecord[] = [];
      const outcome = (state: Outcome["state"], error: string | null): Outcome => ({
        state,
        curve: curve.map(({ validationAccuracy }) => validationAccuracy),
        seconds: clock.spent() - began,
        imagesPerSecond: curve.at(-1)?.imagesPerSecond ?? 0,
        error,
      });
      try {
        await runTraining({
          engine,
          workers,
          architecture,
          recipe: { ...recipe, warmupEpochs: Math.min(recipe.warmupEpochs, trialEpochs / 4) },
          normalization,
          epochs: trialEpochs,
          rng: rng.fork(`trial ${id}`),
          train: subset(await pool.get("train", architecture.resolution), indices),
          validation: await pool.get("validation", architecture.resolution),
          signal,
          onStep: show,
          onEpoch: (record) => void curve.push(record),
        });
        return outcome("finished", null);
      } catch (error) {
        // A network that leaves the finite numbers scores nothing, and the search goes on.
        if (error instanceof DivergenceError) return outcome("failed", error.message);
        broken = error;
        throw error;
      }
    },
    rethrow() {
      if (broken !== null) throw broken;
    },
  };
}

function progressOf(job: Job, trialEpochs: number, wanted: number | undefined) {
  const { clock, progress } = job;
  const [began, limit] = [clock.spent(), searchEnd(clock)];
  return (epoch: number, { step, steps, imagesPerSecond }: StepProgress) => {
    const { trials } = job.study;
    const finished = trainedTrials(trials).length;
    const done =
      wanted === undefined
        ? (clock.spent() - began) / Math.max(limit - began, 1)
        : (finished + (epoch - 1 + step / steps) / trialEpochs) / wanted;
    const best = trials.length === 0 ? [] : [`best ${formatPercent(bestTrial(trials, objective.reward).accuracy)}`];
    progress.update({
      text: `trial ${finished + 1}${wanted === undefined ? "" : ` of ${wanted}`}, epoch ${epoch}/${trialEpochs}`,
      fraction: Math.min(done, 1),
      columns: [...best, `${Math.round(imagesPerSecond)} images/s`],
      secondsLeft: clock.total - clock.spent(),
    });
  };
}
