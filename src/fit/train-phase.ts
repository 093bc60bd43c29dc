/** The full training of the network that was found and scaled. */
import { join } from "node:path";
import { formatCount } from "../base/index.js";
import type { ImageSet } from "../data/index.js";
import { keyOf } from "../folders/index.js";
import { type Architecture, profileArchitecture } from "../networks/index.js";
import { createTraining, type RunResult, runTraining } from "../training/index.js";
import type { Job } from "./job.js";
import { epochLine, paceOf } from "./progress.js";
import { MOST_FINAL_EPOCHS, saveStudy } from "./study.js";

/** Part of the time left that is laid out; the rest absorbs what the last epoch takes longer than those before it. */
const SAFETY = 0.97;
/** Seconds kept for export, test and report. */
const RESERVE = 4;

/** Trains the scaled network for as long as there is time, or as the plan says. */
export async function trainFully(job: Job, architecture: Architecture): Promise<RunResult> {
  const { progress, clock, pool, rng, engine, workers, recipe, normalization, signal, out, study } = job;
  progress.phase("train", `training ${formatCount(profileArchitecture(architecture).params)} parameters`);
  const train = await pool.get("train", architecture.resolution);
  const validation = await pool.get("validation", architecture.resolution);
  const setup = { engine, architecture, recipe, normalization, workers, rng: rng.fork("final") };
  const checkpoints = join(out, "checkpoints");
  const total = schedule(job, job.epochs === undefined ? await measureEpoch(setup, train) : 0);
  return runTraining({
    ...setup,
    epochs: total,
    train,
    validation,
    signal,
    checkpoints: { folder: checkpoints, run: `${study.key}-${keyOf(architecture)}` },
    onStep: (epoch, { step, steps, imagesPerSecond, ...pace }) => {
      const epochs = total(epoch);
      progress.update({
        text: `epoch ${epoch}/${epochs}`,
        fraction: (epoch - 1 + step / steps) / epochs,
        columns: paceOf({ imagesPerSecond, ...pace }),
        secondsLeft: ((epochs - epoch + 1 - step / steps) * steps * recipe.batchSize) / imagesPerSecond,
      });
    },
    onEpoch: async (record) => {
      progress.line(epochLine(record, total(record.epoch)));
      await saveStudy(out, { ...job.study, spentSeconds: clock.spent() });
    },
  });
}

/** Seconds for one epoch, before one was run. */
async function measureEpoch(setup: Parameters<typeof createTraining>[0], train: ImageSet): Promise<number> {
  const training = await createTraining(setup);
  try {
    return (await training.measureStep(train)) * Math.max(1, Math.floor(train.count / setup.recipe.batchSize));
  } finally {
    await training.dispose();
  }
}

/**
 * How many epochs there are in all, as it stands before epoch `next`: what was laid out for that epoch earlier, or as many
 * as still fit at the pace so far. One is always trained.
 */
function schedule(job: Job, expectedSeconds: number): (next: number) => number {
  const { clock, epochs } = job;
  const began = { at: clock.spent(), done: job.study.plan.schedule?.length ?? 0 };
  return (next) => {
    const { plan, follows } = job.study;
    const laidOut = plan.schedule ?? [];
    if (next <= laidOut.length) return laidOut[next - 1]!;
    if (follows) return laidOut.length;
    const total = epochs ?? fitting(next);
    // Epochs that ended on disk just before the process was killed, their entries not.
    const lost = new Array<number>(next - 1 - laidOut.length).fill(total);
    if (next <= total) job.study = { ...job.study, plan: { ...plan, schedule: [...laidOut, ...lost, total] } };
    return total;
  };

  function fitting(next: number): number {
    const done = next - 1 - began.done;
    const pace = done > 0 ? (clock.spent() - began.at) / done : expectedSeconds;
    const left = (clock.total - clock.spent() - RESERVE) * SAFETY;
    return Math.max(1, Math.min(MOST_FINAL_EPOCHS, next - 1 + Math.floor(left / pace)));
  }
}
