import { afterEach, describe, expect, test, vi } from "vitest";
import { createRng, FileError, InterruptedError } from "../../base/index.js";
import { startBatchWorkers } from "../../data/batch-workers.js";
import type { ImageSet } from "../../data/index.js";
import { chooseEngine } from "../../runtime/index.js";
import { createTraining, type TrainingSetup } from "../run/training.js";
import { halves, halvesNetwork, halvesNormalization, halvesRecipe } from "../testing/halves.js";
import { sharedHalves } from "../testing/shared-halves.js";
import { createLoader, type Loader } from "./loader.js";
import { chooseWorkers } from "./workers.js";

vi.mock(import("../../data/batch-workers.js"), { spy: true });
afterEach(() => void vi.mocked(startBatchWorkers).mockClear());

const engine = await chooseEngine("auto", 1);
const images = sharedHalves(40, 1);
const validation = sharedHalves(24, 2);

const setup = (changes: Partial<TrainingSetup>): TrainingSetup => ({
  engine,
  recipe: halvesRecipe,
  normalization: halvesNormalization,
  rng: createRng(3),
  architecture: { ...halvesNetwork, dropout: 0.2, dropPath: 0.3 },
  ...changes,
});

type Recipe = TrainingSetup["recipe"];

async function trained(recipe: Recipe, workers: number) {
  const training = await createTraining(setup({ recipe, workers }));
  try {
    const results = [];
    for (let i = 0; i < 2; i++) {
      const { imagesPerSecond: _, waitingForData, ...result } = await training.trainEpoch(images, { epochs: 2 });
      expect(waitingForData).toBeGreaterThan(0);
      expect(waitingForData).toBeLessThanOrEqual(1);
      results.push(result, await training.evaluate(validation));
    }
    return { state: training.state, results };
  } finally {
    await training.dispose();
  }
}

const augmentation = { shift: 0.1, flip: false, erase: 0.3 };
const policy = { kind: "randaugment", ops: 2, magnitude: 9 } as const;
const both = { mixup: 0.2, cutmix: 1 };

describe("weights do not depend on the number of workers", () => {
  test.each([
    ["plain", halvesRecipe],
    ["mixup", { ...halvesRecipe, augmentation, mixing: { mixup: 0.4, cutmix: 0 } }],
    ["CutMix", { ...halvesRecipe, augmentation, mixing: { mixup: 0, cutmix: 1 } }],
    [
      "a policy on crops, with both",
      { ...halvesRecipe, augmentation: { ...augmentation, crop: 0.3, policy }, mixing: both },
    ],
  ] satisfies [string, Recipe][])("%s", async (_, recipe) => {
    const here = await trained(recipe, 0);
    expect(startBatchWorkers).not.toHaveBeenCalled();
    const there = await trained(recipe, 2);
    expect(startBatchWorkers).toHaveBeenCalledExactlyOnceWith(2);
    expect(there).toEqual(here);
  });

  test("nor on a stop in the middle, after which others are given up", async () => {
    const recipe = { ...halvesRecipe, augmentation, mixing: both };
    const training = await createTraining(setup({ recipe, workers: 2 }));
    try {
      for (const stopAfter of [1, 3]) {
        const controller = new AbortController();
        const onStep = ({ step }: { step: number }) => step === stopAfter && controller.abort();
        const stopped = training.trainEpoch(images, { epochs: 2, signal: controller.signal, onStep });
        await expect(stopped).rejects.toThrow(InterruptedError);
        await training.evaluate(validation);
      }
      for (let i = 0; i < 2; i++) await training.trainEpoch(images, { epochs: 2 });
      expect(training.state).toEqual((await trained(recipe, 0)).state);
    } finally {
      await training.dispose();
    }
  });
});

test("pictures that only this thread can read need no workers", async () => {
  const training = await createTraining(setup({ workers: 2 }));
  await training.trainEpoch(halves(16, 1), { epochs: 1 });
  await training.dispose();
  expect(startBatchWorkers).not.toHaveBeenCalled();
});

test("what goes wrong in a worker ends the epoch as itself, and the state is that of the last step", async () => {
  const held = { kind: "file", handle: 2 ** 20, path: "lost.pixels" } as const;
  const share = () => ({ ...images.read.share!(), held });
  const lost: ImageSet = { ...images, read: Object.assign(() => {}, { share }) };
  const training = await createTraining(setup({ workers: 1 }));
  try {
    await training.trainEpoch(images, { epochs: 2 });
    const { state } = training;
    const error = await training.trainEpoch(lost, { epochs: 2 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FileError);
    expect((error as FileError).facts.at).toBe("lost.pixels");
    expect(training.state).toBe(state);
    await training.trainEpoch(images, { epochs: 2 });
    expect(training.state.epoch).toBe(2);
  } finally {
    await training.dispose();
  }
});

describe("by default the first steps decide", () => {
  /** Steps of so many seconds on batches of so many, by a clock of their own. */
  async function paced(
    loader: (clock: { now: () => number; cores: number }) => Loader,
    assemble: number,
    step: number,
  ) {
    let milliseconds = 0;
    const slow = Object.assign(
      (...args: Parameters<ImageSet["read"]>) => {
        milliseconds += (1000 * assemble) / 8;
        images.read(...args);
      },
      { share: images.read.share! },
    );
    const made = loader({ now: () => milliseconds, cores: 4 });
    const batches = Array.from({ length: 12 }, (_, i) => Array.from({ length: 8 }, (_, k) => (i + k) % images.count));
    const pixels = { ...halvesNormalization, augmentation };
    const feed = made.open({ images: { ...images, read: slow }, batches, pixels, rngAt: (i) => createRng(i) });
    const calls: number[] = [];
    const seen: number[] = [];
    for (let i = 0; i < batches.length; i++) {
      await feed.step(async ({ image }) => {
        milliseconds += 1000 * step;
        seen.push((image.data as Float32Array).reduce((sum, value) => sum + value, 0));
        calls.push(vi.mocked(startBatchWorkers).mock.calls.length);
      });
    }
    await made.dispose();
    return { calls, seen, waited: feed.waitedSeconds };
  }
  const architecture = halvesNetwork;

  test("for workers where assembling takes long", async () => {
    const { calls, seen, waited } = await paced((clock) => createLoader({ architecture, threads: 1, ...clock }), 2, 1);
    expect(calls, "after four steps").toEqual([0, 0, 0, 0, ...new Array(8).fill(1)]);
    expect(startBatchWorkers).toHaveBeenCalledExactlyOnceWith(2);
    expect(waited, "for the four").toBe(8);
    const alone = await paced((clock) => createLoader({ architecture, threads: 1, workers: 0, ...clock }), 2, 1);
    expect(seen).toEqual(alone.seen);
    expect(alone.waited).toBe(24);
  });

  test("for none where it does not", async () => {
    await paced((clock) => createLoader({ architecture, threads: 1, ...clock }), 0.01, 1);
    expect(startBatchWorkers).not.toHaveBeenCalled();
  });

  test.each([
    // assemble, step, threads, cores
    [0.01, 1, 2, 2, 0, "it takes too little"],
    [0.5, 1, 2, 2, 1, "(0.5 + 2) / 2 beside 1.5"],
    [0.5, 1, 1, 1, 0, "one core does one thing at a time"],
    [6, 1, 2, 2, 2, "6 beside 4"],
    [0.5, 1, 4, 16, 1, "hidden behind the step"],
    [4, 1, 4, 16, 4, "four of them keep up"],
    [1000, 1, 4, 64, 16, "never more than sixteen"],
    [0.5, 1, 8, 2, 1, "threads beyond the cores do not work"],
  ])(
    "assembling %d s, step %d s on %d threads of %d cores: %d, %s",
    (assembleSeconds, stepSeconds, threads, cores, count) => {
      expect(chooseWorkers({ assembleSeconds, stepSeconds, threads, cores })).toBe(count);
    },
  );
});
