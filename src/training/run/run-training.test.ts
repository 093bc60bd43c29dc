import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRng, DivergenceError, InterruptedError } from "../../base/index.js";
import { temporaryFolder } from "../../data/testing/fixtures.js";
import { chooseEngine } from "../../runtime/index.js";
import { halves, halvesNetwork, halvesNormalization, halvesRecipe } from "../testing/halves.js";
import { loadCheckpoint } from "./checkpoint.js";
import { type RunOptions, type RunResult, runTraining, savedCourse } from "./run-training.js";
import type { Setback } from "./setback.js";

const engine = await chooseEngine("auto", 1);
const EPOCHS = 4;

const run = (changes: Partial<RunOptions> = {}) =>
  runTraining({
    engine,
    architecture: { ...halvesNetwork, dropout: 0.2 },
    recipe: { ...halvesRecipe, learningRate: 0.02, ema: 0.9 },
    normalization: halvesNormalization,
    rng: createRng(1),
    epochs: EPOCHS,
    train: halves(32, 1),
    validation: halves(24, 2),
    ...changes,
  });

/** All that must repeat: everything but the speed. */
const repeatable = ({ curve, ...result }: RunResult) => ({
  ...result,
  curve: curve.map(({ imagesPerSecond: _, waitingForData: __, ...record }) => record),
});

const pictures = halves(24, 2);
/** Pictures with the wrong label: the more is learned, the worse it gets, so the best epoch is an early one. */
const contrary = { ...pictures, labels: pictures.labels.map((label) => 1 - label) };
const unbroken = await run({ validation: contrary });

test("a state that cannot be saved at a stop hides the stop from nobody, and is told", async () => {
  const checkpoints = { folder: await temporaryFolder(), run: "a" };
  const controller = new AbortController();
  const notices: string[] = [];
  const stopped = run({
    checkpoints,
    signal: controller.signal,
    onNotice: (text) => void notices.push(text),
    onStep: (_, { step }) => {
      if (step === 2) controller.abort();
      rmSync(checkpoints.folder, { recursive: true, force: true });
    },
  });
  await expect(stopped).rejects.toThrow(InterruptedError);
  expect(notices).toEqual([expect.stringMatching(/^not saved at the stop: .*last\.safetensors: /)]);
});

describe("stopped and called again, a run ends in the bytes of an unbroken one", () => {
  async function stopped(changes: (controller: AbortController) => Partial<RunOptions>) {
    const checkpoints = { folder: await temporaryFolder(), run: "a" };
    const controller = new AbortController();
    const first = run({ validation: contrary, checkpoints, signal: controller.signal, ...changes(controller) });
    await expect(first).rejects.toThrow(InterruptedError);
    const epochs: number[] = [];
    const onEpoch: RunOptions["onEpoch"] = ({ epoch }) => void epochs.push(epoch);
    const result = await run({ validation: contrary, checkpoints, onEpoch });
    return { result, epochs };
  }

  test("whose best epoch lies before the stop", () => {
    expect(unbroken.bestEpoch).toBeLessThan(EPOCHS - 1);
  });

  test.each([1, 2, 3])("after epoch %d", async (last) => {
    const { result, epochs } = await stopped((controller) => ({
      onEpoch: ({ epoch }) => {
        if (epoch === last) controller.abort();
      },
    }));
    expect(repeatable(result)).toEqual(repeatable(unbroken));
    expect(epochs, "only what was left was trained").toEqual([1, 2, 3, 4].slice(last));
  });

  test.each([
    [1, 1],
    [2, 2],
    [3, 3],
  ])("in epoch %d after step %d, which is not done again", async (last, after) => {
    const { result, epochs } = await stopped((controller) => ({
      onStep: (epoch, { step }) => {
        if (epoch === last && step === after) controller.abort();
      },
    }));
    expect(repeatable(result)).toEqual(repeatable(unbroken));
    expect(epochs).toEqual([1, 2, 3, 4].slice(last - 1));
  });

  test("after each single step, from what is on disk", async () => {
    const checkpoints = { folder: await temporaryFolder(), run: "a", everySeconds: 0 };
    const done: number[] = [];
    for (;;) {
      const controller = new AbortController();
      const onStep: RunOptions["onStep"] = (epoch, { step, steps }) => {
        done.push((epoch - 1) * steps + step);
        controller.abort();
      };
      const attempt = run({ validation: contrary, checkpoints, signal: controller.signal, onStep });
      const result = await attempt.catch((error: unknown) => {
        if (!(error instanceof InterruptedError)) throw error;
        return null;
      });
      if (result === null) continue;
      expect(done).toEqual(Array.from({ length: done.length }, (_, i) => i + 1));
      expect(repeatable(result)).toEqual(repeatable(unbroken));
      return;
    }
  });

  test("before anything was done", async () => {
    const { result, epochs } = await stopped((controller) => {
      controller.abort();
      return {};
    });
    expect(repeatable(result)).toEqual(repeatable(unbroken));
    expect(epochs).toEqual([1, 2, 3, 4]);
  });
});

test("a finished run is not trained again", async () => {
  const checkpoints = { folder: await temporaryFolder(), run: "a" };
  const first = await run({ checkpoints, epochs: 2 });
  const again = await run({
    checkpoints,
    epochs: 2,
    onEpoch: ({ epoch }) => expect.fail(`epoch ${epoch} was trained again`),
  });
  expect(again).toEqual(first);
});

test("the checkpoints of another run are passed over", async () => {
  const folder = await temporaryFolder();
  await run({ checkpoints: { folder, run: "another" }, epochs: 1, rng: createRng(2) });
  expect(repeatable(await run({ validation: contrary, checkpoints: { folder, run: "a" } }))).toEqual(
    repeatable(unbroken),
  );
});

test("gives the weights of the best epoch, the later of equals", async () => {
  const folder = await temporaryFolder();
  const { bestEpoch, curve, tensors } = await run({ checkpoints: { folder, run: "a" } });
  const top = Math.max(...curve.map(({ validationAccuracy }) => validationAccuracy));
  expect(bestEpoch).toBe(curve.findLast(({ validationAccuracy }) => validationAccuracy === top)!.epoch);
  const best = await loadCheckpoint(join(folder, "best.safetensors"), "a");
  expect(best!.state.epoch).toBe(bestEpoch);
  expect((await loadCheckpoint(join(folder, "last.safetensors"), "a"))!.state.epoch).toBe(EPOCHS);
  const numbers = [...tensors.values()].reduce((sum, { length }) => sum + length, 0);
  expect(numbers).toBe(best!.state.weights.length + best!.state.buffers.length);
  const gamma = tensors.get("stem.norm.gamma")!;
  expect([...best!.state.average!.weights].join().includes([...gamma].join())).toBe(true);
});

test("the length can be laid out anew before each epoch", async () => {
  const asked: number[] = [];
  const { curve } = await run({
    epochs: (next) => {
      asked.push(next);
      return next < 3 ? 10 : 3;
    },
  });
  expect(asked).toEqual([1, 2, 3, 4]);
  expect(curve.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  // At the end of epoch 2 of 10, one of 9 after the warm-up; at the end of 3 of 3, nothing.
  expect(curve[1]!.learningRate).toBeCloseTo((0.02 * (1 + Math.cos(Math.PI / 9))) / 2, 12);
  expect(curve[2]!.learningRate).toBeCloseTo(0, 12);
});

test("a run that diverges keeps its checkpoints and names the best", async () => {
  const folder = await temporaryFolder();
  const checkpoints = { folder, run: "a", everySeconds: 0 };
  await run({ checkpoints, epochs: 1 });
  const before = await loadCheckpoint(join(folder, "last.safetensors"), "a");
  // The second epoch meets pixels that no normalization can be meant for.
  const error = await run({ checkpoints, epochs: 2, normalization: { mean: [0.5], std: [0] } }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DivergenceError);
  expect((error as DivergenceError).message).toBe(
    `halves, epoch 2, step 1: expected pixels that are numbers, received others\n  hint: look at the mean and the standard deviation that images are normalized with; ${join(folder, "best.safetensors")} holds epoch 1, the best before`,
  );
  expect(await loadCheckpoint(join(folder, "last.safetensors"), "a")).toEqual(before);
});

describe("a run that goes wrong", () => {
  const wild = (rate: number, changes: Partial<RunOptions> = {}) =>
    run({
      architecture: halvesNetwork,
      recipe: { ...halvesRecipe, learningRate: rate, warmupEpochs: 0 },
      retries: true,
      ...changes,
    });

  test("is put back and tried again at a quarter of the rate", async () => {
    const setbacks: Setback[] = [];
    const seen: number[] = [];
    const { curve, ...result } = await wild(20, {
      onSetback: (setback, left) => {
        setbacks.push(setback);
        seen.push(left.length);
      },
    });
    expect(setbacks).toEqual([
      { epoch: 1, reason: "NaN in place of a finite loss of the validation images", backTo: 0, learningRate: 5 },
    ]);
    expect(result.setbacks).toEqual(setbacks);
    expect(seen).toEqual([0]);
    expect(curve.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(result.best.accuracy).toBe(1);
    const plain = await run({
      architecture: halvesNetwork,
      recipe: { ...halvesRecipe, learningRate: 5, clipNorm: 1, warmupEpochs: 0 },
    });
    expect(plain.tensors, "as if it had begun so").toEqual(result.tensors);
  });

  test("is an error where no try came to anything", async () => {
    const error = await wild(1e12, { remedy: "try another" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DivergenceError);
    expect((error as DivergenceError).facts).toMatchObject({
      expected: "a training that gets better than guessing",
      received: expect.stringContaining(", and no better end at any learning rate of 1000000000000, 250000000000, "),
      hint: "try another",
    });
  });

  test("decides after each stop as it did, to the same bytes", async () => {
    const options = { epochs: 3, normalization: halvesNormalization };
    const whole = await wild(100, options);
    expect(whole.setbacks.length, "numbers that ended, and losses that grew").toBeGreaterThan(0);
    const checkpoints = { folder: await temporaryFolder(), run: "a", everySeconds: 0 };
    for (let stops = 0; ; stops++) {
      const controller = new AbortController();
      const onStep = () => controller.abort();
      const result = await wild(100, { ...options, checkpoints, signal: controller.signal, onStep }).catch(
        (error: unknown) => {
          if (!(error instanceof InterruptedError)) throw error;
          return null;
        },
      );
      if (result === null) continue;
      expect(stops).toBeGreaterThan(10);
      expect(repeatable(result)).toEqual(repeatable(whole));
      return;
    }
  });

  test("given up, it ships what it began with, and is not trained again", async () => {
    const first = await run({ architecture: halvesNetwork, epochs: 3 });
    const checkpoints = { folder: await temporaryFolder(), run: "a" };
    const tuned = () =>
      wild(1e9, { checkpoints, tuning: { part: "all", norms: "running", entry: "image", tensors: first.tensors } });
    const result = await tuned();
    expect(result.bestEpoch).toBe(0);
    expect(result.tensors).toEqual(first.tensors);
    expect(result.setbacks.map(({ learningRate }) => learningRate)).toEqual([2.5e8, 6.25e7, 1.5625e7, null]);
    expect(await savedCourse(checkpoints, EPOCHS)).toEqual({ curve: [], isOver: true });
    expect(repeatable(await tuned())).toEqual(repeatable(result));
  });

  test("a network that is trained on is kept where no epoch is better", async () => {
    const first = await run({ architecture: halvesNetwork, epochs: 3 });
    const { bestEpoch, tensors, setbacks } = await run({
      architecture: halvesNetwork,
      recipe: { ...halvesRecipe, learningRate: 1e-12 },
      validation: pictures,
      tuning: { part: "classifier", norms: "running", entry: "image", tensors: first.tensors },
    });
    expect(setbacks).toEqual([]);
    // At such a rate nothing moves; of equals the later.
    expect(bestEpoch).toBe(EPOCHS);
    expect(tensors).toEqual(first.tensors);
  });
});
