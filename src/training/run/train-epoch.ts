/** Steps over all images once, by the order of an epoch. */
import type { ImageSet } from "../../data/index.js";
import { balancedBatches, batchesOf } from "../batches/batch.js";
import { learningRateAt } from "../recipe/recipe.js";
import type { PartialEpoch } from "../step/state.js";
import type { EpochRecord } from "./epoch-record.js";
import { download } from "./live-state.js";
import type { StepLoop } from "./stepper.js";
import { stopAt } from "./stop.js";

/** An epoch before it is validated. */
export type EpochResult = Omit<EpochRecord, "validationLoss" | "validationAccuracy">;

export type StepProgress = {
  readonly step: number;
  readonly steps: number;
  /** Of the run, as it is laid out in this epoch. */
  readonly epochs: number;
} & Pick<EpochRecord, "imagesPerSecond" | "waitingForData">;

export type EpochOptions = {
  /** The length of the learning-rate schedule as it stands now. */
  readonly epochs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: (progress: StepProgress) => void;
  /** The next step waits for it. */
  readonly afterStep?: () => Promise<void>;
};

/** Begins an epoch, or goes on where one was stopped. @see Training.trainEpoch */
export async function trainEpoch(
  { architecture, recipe, stepper, loader, pixels, finish, rng }: StepLoop,
  images: ImageSet,
  { signal, onStep, afterStep, ...options }: EpochOptions,
): Promise<EpochResult> {
  const { epoch, within } = stepper.live;
  let done: PartialEpoch = within ?? { steps: 0, loss: 0, correct: 0, epochs: options.epochs };
  const { steps: first, epochs } = done;
  const place = `epoch ${epoch + 1}`;
  const draw = rng.fork(`epoch ${epoch}`);
  const batches = recipe.balance
    ? balancedBatches(images.labels, recipe.batchSize, draw.fork("balanced order"))
    : batchesOf(images.count, recipe.batchSize, draw.fork("order"));
  const rateAfter = (steps: number) => learningRateAt(recipe, epoch + steps / batches.length, epochs);

  const began = performance.now();
  const rngAt = (i: number) => draw.fork(first + i);
  const feed = loader.open({ images, batches: batches.slice(first), pixels, rngAt, finish });
  const pace = () => {
    const seconds = (performance.now() - began) / 1000;
    const imagesPerSecond = ((done.steps - first) * recipe.batchSize) / seconds;
    return { imagesPerSecond, waitingForData: feed.waitedSeconds / seconds };
  };
  while (done.steps < batches.length) {
    stopAt(signal, architecture.name, place);
    // The mean rate over the step, so that the very first step already moves.
    const rate = rateAfter(done.steps + 0.5);
    const where = `${architecture.name}, ${place}, step ${done.steps + 1}`;
    const { loss, correct } = await feed.step((batch) => stepper.step(batch, rate, where));
    done = { steps: done.steps + 1, loss: done.loss + loss, correct: done.correct + correct, epochs };
    stepper.count({ epoch, within: done });
    onStep?.({ step: done.steps, steps: batches.length, epochs, ...pace() });
    await afterStep?.();
  }
  stepper.count({ epoch: epoch + 1, within: null });
  await download(stepper.live);
  return {
    epoch: epoch + 1,
    learningRate: rateAfter(batches.length),
    trainLoss: done.loss / batches.length,
    trainAccuracy: done.correct / (batches.length * recipe.batchSize),
    ...pace(),
  };
}
