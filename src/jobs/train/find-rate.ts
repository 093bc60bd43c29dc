/** The learning rate by a range test before a training, once for a run. */
import { DivergenceError, lastly } from "../../base/index.js";
import type { ImageSet } from "../../data/index.js";
import { createTraining, type Recipe, rateFrom, risingRates, type TrainingSetup } from "../../training/index.js";
import type { Progress } from "../shared/progress.js";
import type { OpenRun } from "./open-run.js";

const RATES = risingRates(1e-4, 10, 100);

/**
 * The recipe with the rate that was found, now or by an earlier call, after which the run keeps it.
 *
 * @throws {DivergenceError} when no rate lets the loss fall. @throws {InterruptedError} within a step of the signal.
 */
export async function findLearningRate(
  setup: TrainingSetup,
  images: ImageSet,
  run: OpenRun,
  { signal, progress }: { readonly signal?: AbortSignal | undefined; readonly progress: Progress },
): Promise<Recipe> {
  const { recipe } = setup;
  if (run.learningRate !== null) return { ...recipe, learningRate: run.learningRate };
  progress.phase("rate", `trying ${RATES.length} learning rates, a step each`);
  const training = await createTraining(setup);
  const onStep = (done: number) =>
    progress.update({ text: `rate ${done} of ${RATES.length}`, fraction: done / RATES.length });
  const losses = await lastly(
    () => training.tryRates(images, RATES, { signal, onStep }),
    () => training.dispose(),
  );
  const found = rateFrom(RATES, losses);
  if (found === null) {
    throw new DivergenceError({
      at: `${setup.architecture.name}, learning rates from ${RATES[0]} to ${RATES.at(-1)}`,
      expected: "a rate at which the loss falls",
      received: "none",
      hint: "look at the labels, or give --learning-rate",
    });
  }
  const learningRate = Number(found.toPrecision(2));
  await run.keepLearningRate(learningRate);
  progress.line(`learning rate ${learningRate}, found for batches of ${recipe.batchSize}`);
  return { ...recipe, learningRate };
}
