/** Steps that are tried for what they show, and leave the state as it was. */
import { DivergenceError } from "../../base/index.js";
import type { ImageSet } from "../../data/index.js";
import { assemble, batchesOf } from "../batches/batch.js";
import { download } from "./live-state.js";
import type { StepLoop, Stepper } from "./stepper.js";
import { stopAt } from "./stop.js";

const MEASURED_STEPS = 7;
/** The first runs fill ONNX Runtime's arena and the caches. */
const WARM_UP = 2;

/** @see Training.measureStep */
export function measureStep(loop: StepLoop, images: ImageSet, tooLong: number): Promise<number> {
  const { architecture, recipe, stepper, pixels, finish } = loop;
  return withoutTrace(stepper, async () => {
    const rng = loop.rng.fork("measure");
    const indices = batchesOf(images.count, recipe.batchSize, rng)[0]!;
    const seconds: number[] = [];
    for (let i = 0; i < MEASURED_STEPS; i++) {
      const began = performance.now();
      const batch = finish(assemble(architecture, images, indices, pixels, rng), rng);
      await stepper.step(batch, 0, `${architecture.name}, measured`);
      const took = (performance.now() - began) / 1000;
      // The very first also builds what the later ones run, a graphics chip's shaders above all.
      if (i >= 1 && took > tooLong) return took;
      if (i >= WARM_UP) seconds.push(took);
    }
    return seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)]!;
  });
}

export type RateOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: (done: number) => void;
};

/** A loss so many times the least one will not come back. */
const EXPLODED = 4;

/** @see Training.tryRates */
export function tryRates(
  loop: StepLoop,
  images: ImageSet,
  rates: readonly number[],
  { signal, onStep }: RateOptions,
): Promise<number[]> {
  const { architecture, recipe, stepper, pixels, finish } = loop;
  return withoutTrace(stepper, async () => {
    const draw = loop.rng.fork("rates");
    const losses: number[] = [];
    let batches: number[][] = [];
    try {
      for (const [i, rate] of rates.entries()) {
        stopAt(signal, architecture.name, `the test of rate ${i + 1} of ${rates.length}`);
        if (batches.length === 0) batches = batchesOf(images.count, recipe.batchSize, draw.fork(`order ${i}`));
        const rng = draw.fork(i);
        const batch = finish(assemble(architecture, images, batches.pop()!, pixels, rng), rng);
        const { loss } = await stepper.step(batch, rate, `${architecture.name}, rate ${rate}`);
        if (loss > EXPLODED * Math.min(...losses)) break;
        losses.push(loss);
        onStep?.(losses.length);
      }
    } catch (error) {
      if (!(error instanceof DivergenceError)) throw error;
    }
    return losses;
  });
}

async function withoutTrace<T>(stepper: Stepper, work: () => Promise<T>): Promise<T> {
  const before = stepper.live;
  await download(before); // what is on the device goes with the first step
  try {
    return await work();
  } finally {
    stepper.move(before);
  }
}
