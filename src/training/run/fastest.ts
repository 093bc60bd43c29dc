/** Which device trains a network fastest, found out with whole steps of that network. */
import { DivergenceError, EngineError, lastly } from "../../base/index.js";
import type { ImageSet } from "../../data/index.js";
import type { Engine } from "../../runtime/index.js";
import { createTraining, type TrainingSetup } from "./training.js";

/** @param stepSeconds null where the engine cannot train this network. */
export type MeasuredEngine = { readonly engine: Engine; readonly stepSeconds: number | null };

/** A device so many times slower than the best so far is not measured any further. */
const HOPELESS = 2;

/**
 * Seconds for a step on each engine, in the order in which they are given.
 * @throws {EngineError} what the last one said, when none can train the network.
 */
export async function measureEngines(
  engines: readonly Engine[],
  setup: Omit<TrainingSetup, "engine">,
  images: ImageSet,
): Promise<{ readonly fastest: Engine; readonly measured: readonly MeasuredEngine[] }> {
  const measured: MeasuredEngine[] = [];
  let best = { engine: undefined as Engine | undefined, seconds: Number.POSITIVE_INFINITY };
  let refusal: unknown;
  for (const engine of engines) {
    const stepSeconds = await stepSecondsOn(engine, setup, images, HOPELESS * best.seconds).catch((error: unknown) => {
      // A device may lack an operator or memory, or reckon wrongly: the others are there for that.
      if (!(error instanceof EngineError || error instanceof DivergenceError)) throw error;
      refusal = error;
      return null;
    });
    measured.push({ engine, stepSeconds });
    if (stepSeconds !== null && stepSeconds < best.seconds) best = { engine, seconds: stepSeconds };
  }
  if (best.engine === undefined) throw refusal;
  return { fastest: best.engine, measured };
}

async function stepSecondsOn(
  engine: Engine,
  setup: Omit<TrainingSetup, "engine">,
  images: ImageSet,
  tooLong: number,
): Promise<number> {
  const training = await createTraining({ ...setup, engine });
  return lastly(
    () => training.measureStep(images, tooLong),
    () => training.dispose(),
  );
}
