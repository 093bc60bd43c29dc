/** A training whose state lies on a device of its own. */
import { describe, expect, test } from "vitest";
import { createRng, DivergenceError } from "../../base/index.js";
import { webGpuForTests } from "../../runtime/testing/webgpu.js";
import type { TrainingState } from "../step/state.js";
import { halves, halvesNetwork, halvesNormalization, halvesRecipe } from "../testing/halves.js";
import { liveOf, stateOf } from "./live-state.js";
import { createTraining, type TrainingSetup } from "./training.js";

const engine = await webGpuForTests();
const images = halves(32, 1);
/** Few kinds of node: a chip in software takes its time over each. */
const architecture = {
  ...halvesNetwork,
  stages: halvesNetwork.stages.slice(0, 1),
  head: { conv: null, hidden: null, activation: "relu" },
} as const;

/** A training with averages, disposed at the end. */
async function withTraining<T>(
  skip: (reason: string) => never,
  work: (training: Awaited<ReturnType<typeof createTraining>>) => Promise<T>,
  changes: Partial<TrainingSetup> = {},
): Promise<T> {
  const training = await createTraining({
    engine: typeof engine === "string" ? skip(engine) : engine,
    architecture,
    recipe: { ...halvesRecipe, ema: 0.9 },
    normalization: halvesNormalization,
    rng: createRng(1),
    ...changes,
  });
  try {
    return await work(training);
  } finally {
    await training.dispose();
  }
}

test("a state goes through it unchanged", () => {
  const vector = (...numbers: number[]) => Float32Array.of(...numbers);
  const average = { weights: vector(6), buffers: vector(7, 8) };
  const state: TrainingState = {
    weights: vector(1),
    buffers: vector(2, 3),
    moments: [vector(4), vector(5)],
    average,
    epoch: 2,
    updates: 9,
    within: { steps: 1, loss: 2, correct: 3, epochs: 4 },
  };
  const live = liveOf(state);
  expect(stateOf(live)).toEqual(state);
  expect(stateOf(live), "one object").toBe(stateOf(live));
  expect(stateOf(liveOf({ ...state, average: null })).average).toBeNull();
});

describe("on a graphics chip", { timeout: 240_000 }, () => {
  test("the state stays there within an epoch, and a snapshot brings it", async ({ skip }) => {
    await withTraining(skip, async (training) => {
      const start = training.state;
      const snapshots: TrainingState[] = [];
      let step = 0;
      const afterStep = async () => {
        if (++step === 2) expect(() => training.state).toThrow("internal: weights was not brought");
        if (step === 3) snapshots.push(await training.snapshot(), training.state);
      };
      await training.trainEpoch(images, { epochs: 1, afterStep });
      const [third, again] = snapshots;
      expect(again).toBe(third);
      expect(third).toMatchObject({ updates: 3, within: { steps: 3 } });
      expect(third!.weights).not.toEqual(start.weights);
      expect(training.state).toMatchObject({ updates: 4, epoch: 1, within: null });
      expect(training.state.weights).not.toEqual(third!.weights);
    });
  });

  test("from a snapshot it goes on to the same bytes, and a measurement leaves no trace", async ({ skip }) => {
    let third: TrainingState | undefined;
    let step = 0;
    const whole = await withTraining(skip, async (training) => {
      const afterStep = async () => {
        if (++step === 3) third = await training.snapshot();
      };
      await training.trainEpoch(images, { epochs: 1, afterStep });
      return training.state;
    });
    const resumed = async () =>
      withTraining(
        skip,
        async (training) => {
          await training.measureStep(images);
          expect(training.state).toEqual(third);
          await training.trainEpoch(images, { epochs: 1 });
          const before = training.state;
          await training.tryRates(images, [0.1, 0.2]);
          expect(training.state).toBe(before);
          await training.evaluate(images);
          return before;
        },
        { state: third! },
      );
    expect(await resumed()).toEqual(whole);
  });

  test("a divergence is seen there, named, and leaves the state before it", async ({ skip }) => {
    const recipe = { ...halvesRecipe, learningRate: 1e20, warmupEpochs: 0 };
    await withTraining(
      skip,
      async (training) => {
        const run = async () => {
          for (;;) await training.trainEpoch(images, { epochs: 20 });
        };
        await expect(run()).rejects.toThrow(DivergenceError);
        const { weights, moments } = await training.snapshot();
        for (const numbers of [weights, ...moments]) expect(numbers.every(Number.isFinite)).toBe(true);
      },
      { recipe },
    );
  });
});
