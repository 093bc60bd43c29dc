/** The search: short trainings of candidates that keep their share of the budget, two strategies at equal compute. */
import { DivergenceError, formatCount, formatDuration, formatPercent } from "../base/index.js";
import { bestTrial, type CostGate, describe, propose, type Trial } from "../search/index.js";
import { type RunResult, runTraining } from "../training/index.js";
import { subset } from "./images.js";
import type { Job } from "./job.js";
import { EVOLUTION, SEARCH_SHARE } from "./plan.js";
import { type Plan, saveStudy } from "./study.js";

/** Short trainings until their number or their time is reached; each is on disk before the next begins. */
export async function search(job: Job, gate: CostGate): Promise<void> {
  const { progress, clock, pool, rng, normalization, signal, out, engine } = job;
  progress.phase("search");
  const counting: CostGate = {
    ...gate,
    onRejected: () => {
      job.study = { ...job.study, rejected: job.study.rejected + 1 };
    },
  };
  const limit = clock.total * SEARCH_SHARE;
  const {
    trialEpochs,
    trialImages,
    trials: wanted,
  } = job.study.plan as Required<Pick<Plan, "trialEpochs" | "trialImages">> & Plan;

  const train = await pool.get("train", job.dataset.size);
  const indices = rng
    .fork("trial images")
    .shuffle(Array.from({ length: train.count }, (_, i) => i))
    .slice(0, trialImages);
  const began = clock.spent();
  const firstOpen = job.study.trials.length;
  while (wanted === undefined ? true : job.study.trials.length < wanted) {
    const { trials } = job.study;
    const average = (clock.spent() - began) / Math.max(1, trials.length - firstOpen);
    // Without a plan: as long as another trial of average length would still end in time.
    if (wanted === undefined && trials.length > EVOLUTION.population + 1 && clock.spent() + average > limit) break;
    if (wanted === undefined && trials.length > 0 && clock.spent() > limit * 1.3) break;
    const proposal = propose(counting, trials, EVOLUTION, rng.fork("search"));
    const { resolution } = proposal.architecture;
    const trialBegan = performance.now();
    const name = `trial ${proposal.id + 1}${wanted === undefined ? "" : ` of ${wanted}`}`;
    const curve = await survivors(
      runTraining({
        engine,
        architecture: proposal.architecture,
        recipe: { ...job.recipe, warmupEpochs: Math.min(job.recipe.warmupEpochs, trialEpochs / 4) },
        normalization,
        epochs: trialEpochs,
        rng: rng.fork(`trial ${proposal.id}`),
        train: subset(await pool.get("train", resolution), indices),
        validation: await pool.get("validation", resolution),
        signal,
        onStep: (epoch, { step, steps, imagesPerSecond }) => {
          const done =
            wanted === undefined
              ? (clock.spent() - began) / Math.max(limit - began, 1)
              : (proposal.id + (epoch - 1 + step / steps) / trialEpochs) / wanted;
          progress.update({
            text: `${name}, epoch ${epoch}/${trialEpochs}`,
            fraction: Math.min(done, 1),
            columns: [...bestSoFar(trials), `${Math.round(imagesPerSecond)} images/s`],
            secondsLeft: clock.total - clock.spent(),
          });
        },
      }),
    );
    const accuracy = curve.at(-1)?.validationAccuracy ?? 0;
    const trial: Trial = {
      ...proposal,
      accuracy,
      compute: proposal.costs.macs * trialImages * trialEpochs,
      seconds: (performance.now() - trialBegan) / 1000,
      imagesPerSecond: curve.at(-1)?.imagesPerSecond ?? 0,
    };
    job.study = { ...job.study, trials: [...trials, trial], spentSeconds: clock.spent() };
    await saveStudy(out, job.study);
    progress.line(trialLine(trial));
  }
  job.study = { ...job.study, plan: { ...job.study.plan, trials: job.study.trials.length } };
}

/** A trial that leaves the finite numbers scores nothing; the search goes on. */
async function survivors(training: Promise<RunResult>): Promise<RunResult["curve"]> {
  try {
    return (await training).curve;
  } catch (error) {
    if (error instanceof DivergenceError) return [];
    throw error;
  }
}

const bestSoFar = (trials: readonly Trial[]) =>
  trials.length === 0 ? [] : [`best ${formatPercent(bestTrial(trials).accuracy)}`];

function trialLine({ id, strategy, accuracy, costs, seconds, architecture }: Trial): string {
  const figures = [
    formatPercent(accuracy).padStart(6),
    `${formatCount(costs.params)} params`.padStart(14),
    `${formatCount(costs.macs)} MACs`.padStart(12),
  ];
  return `trial ${String(id + 1).padStart(2)} ${strategy.padEnd(9)} ${figures.join("  ")}  ${formatDuration(seconds).padStart(6)}  ${describe(architecture)}`;
}
