/** The full training of the network that was found and scaled. */
import { join } from "node:path";
import { formatCount, lastly } from "../../base/index.js";
import type { ImageSet } from "../../data/index.js";
import { keyOf } from "../../folders/index.js";
import { type Architecture, profileArchitecture } from "../../networks/index.js";
import { createTraining, type RunResult, runTraining } from "../../training/index.js";
import { setbackInWords } from "../shared/course.js";
import { epochLine, paceOf } from "../shared/progress.js";
import type { Job } from "./job.js";
import { MOST_FINAL_EPOCHS, saveStudy } from "./saved-fit.js";

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
  // Looked at only at the end, but decoded now: what that takes is then known before the epochs are laid out.
  await pool.get("test", architecture.resolution);
  const setup = { engine, architecture, recipe, normalization, workers, rng: rng.fork("final") };
  const checkpoints = join(out, "checkpoints");
  const total = schedule(job, job.epochs === undefined ? await measureEpoch(setup, train) : 0);
  let planned = 0;
  return runTraining({
    ...setup,
    epochs: total,
    retries: true,
    remedy: "look at the pictures and at which folder each is in, or try another --seed",
    train,
    validation,
    signal,
    checkpoints: { folder: checkpoints, run: `${study.key}-${keyOf(architecture)}` },
    onStep: (epoch, { step, steps, epochs, imagesPerSecond, ...pace }) => {
      planned = epochs;
      progress.update({
        text: `epoch ${epoch}/${epochs}`,
        fraction: (epoch - 1 + step / steps) / epochs,
        columns: paceOf({ imagesPerSecond, ...pace }),
        secondsLeft: ((epochs - epoch + 1 - step / steps) * steps * recipe.batchSize) / imagesPerSecond,
      });
    },
    onEpoch: async (record) => {
      progress.line(epochLine(record, planned));
      await saveStudy(out, { ...job.study, spentSeconds: clock.spent() });
    },
    onSetback: (setback) => progress.line(setbackInWords(setback), "warning"),
  });
}

/** Seconds for one epoch, before one was run. */
async function measureEpoch(setup: Parameters<typeof createTraining>[0], train: ImageSet): Promise<number> {
  const training = await createTraining(setup);
  const stepSeconds = await lastly(
    () => training.measureStep(train),
    () => training.dispose(),
  );
  return stepSeconds * Math.max(1, Math.floor(train.count / setup.recipe.batchSize));
}

/**
 * How many epochs there are in all, as it stands before epoch `next`: what was laid out for that epoch earlier, or as many
 * as still fit at the pace so far. One is always trained. Epochs that were lost have their entries too, so that a run which follows
 * the plan loses and finds the same.
 */
function schedule(job: Job, expectedSeconds: number): (next: number, lost: number) => number {
  const { clock, epochs } = job;
  const began = { at: clock.spent(), done: job.study.plan.schedule?.length ?? 0 };
  return (next, lost) => {
    const { plan, follows } = job.study;
    const laidOut = plan.schedule ?? [];
    const begun = next - 1 + lost;
    if (begun < laidOut.length) return laidOut[begun]!;
    if (follows) return next - 1;
    const total = epochs ?? fitting(next, begun);
    // Epochs that ended on disk just before the process was killed, their entries not.
    const forgotten = new Array<number>(begun - laidOut.length).fill(total);
    if (next <= total) job.study = { ...job.study, plan: { ...plan, schedule: [...laidOut, ...forgotten, total] } };
    return total;
  };

  function fitting(next: number, begun: number): number {
    const done = begun - began.done;
    const pace = done > 0 ? (clock.spent() - began.at) / done : expectedSeconds;
    const left = (clock.total - clock.spent() - RESERVE) * SAFETY;
    return Math.max(1, Math.min(MOST_FINAL_EPOCHS, next - 1 + Math.floor(left / pace)));
  }
}
