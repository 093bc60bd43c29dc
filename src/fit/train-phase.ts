/** The full training of the network that was found and scaled. */
import { join } from "node:path";
import { ensureWritableFolder } from "../base/files.js";
import { formatCount, formatPercent } from "../base/index.js";
import { type Architecture, profileArchitecture } from "../networks/index.js";
import { createTraining, type RunResult, runTraining } from "../training/index.js";
import type { Job } from "./job.js";
import { type Plan, saveStudy, studyKey } from "./study.js";

/** A run may end so much after its time, relative to it. */
const OVERRUN = 1.06;
/** Part of the remaining time that the final schedule is laid out for; the rest absorbs a slower moment of the machine. */
const SAFETY = 0.9;
/** Seconds kept for export, test and report. */
const RESERVE = 4;
const MOST_FINAL_EPOCHS = 120;

/** Trains the scaled network for as long as there is time, or as the plan says. */
export async function trainFully(job: Job, architecture: Architecture): Promise<RunResult> {
  const { progress, clock, pool, rng, engine, recipe, normalization, signal, out, study } = job;
  progress.phase("train", `training ${formatCount(profileArchitecture(architecture).params)} parameters`);
  const train = await pool.get("train", architecture.resolution);
  const validation = await pool.get("validation", architecture.resolution);
  const setup = { engine, architecture, recipe, normalization, rng: rng.fork("final") };
  if (study.plan.finalEpochs === undefined) {
    const training = await createTraining({ ...setup, epochs: 1 });
    const epochSeconds =
      (await training.measureStep(train)) * Math.max(1, Math.floor(train.count / recipe.batchSize)) + 0.3;
    await training.dispose();
    const seconds = (clock.total - clock.spent() - RESERVE) * SAFETY;
    const finalEpochs = Math.max(1, Math.min(MOST_FINAL_EPOCHS, Math.floor(seconds / epochSeconds)));
    job.study = { ...job.study, plan: { ...job.study.plan, finalEpochs } };
    await saveStudy(out, { ...job.study, spentSeconds: clock.spent() });
  }
  const { finalEpochs: epochs, finalStop } = job.study.plan as Required<Pick<Plan, "finalEpochs">> & Plan;
  const checkpoints = join(out, "checkpoints");
  await ensureWritableFolder(checkpoints);
  let epochBegan = performance.now();
  const result = await runTraining({
    ...setup,
    epochs,
    train,
    validation,
    signal,
    checkpoints: { folder: checkpoints, run: studyKey({ study: study.key, architecture, epochs }) },
    onStep: (epoch, { step, steps, imagesPerSecond }) =>
      progress.update({
        text: `epoch ${epoch}/${epochs}`,
        fraction: (epoch - 1 + step / steps) / epochs,
        columns: [`${Math.round(imagesPerSecond)} images/s`],
        secondsLeft: ((epochs - epoch + 1 - step / steps) * steps * recipe.batchSize) / imagesPerSecond,
      }),
    onEpoch: ({ epoch, trainLoss, validationAccuracy, imagesPerSecond }) => {
      const figures = `loss ${trainLoss.toFixed(3)}   validation ${formatPercent(validationAccuracy)}   ${Math.round(imagesPerSecond)} images/s`;
      progress.line(`epoch ${String(epoch).padStart(3)}/${epochs}   ${figures}`);
    },
    mayContinue: ({ epoch }) => {
      const epochSeconds = (performance.now() - epochBegan) / 1000;
      epochBegan = performance.now();
      if (finalStop !== undefined) return epoch < finalStop;
      const isTimed = job.epochs === undefined;
      return !isTimed || clock.spent() + epochSeconds + RESERVE < clock.total * OVERRUN;
    },
  });
  if (result.curve.length < epochs) {
    job.study = { ...job.study, plan: { ...job.study.plan, finalStop: result.curve.length } };
    progress.line(`stopped after ${result.curve.length} of ${epochs} epochs to keep the time`);
  }
  return result;
}
