import { describe, expect, test } from "vitest";
import { createRng, DivergenceError, InterruptedError } from "../../base/index.js";
import type { ImageSet } from "../../data/index.js";
import { tinyNetwork } from "../../networks/testing/tiny.js";
import { chooseEngine, type DeviceTensor, type Engine, type Tensor } from "../../runtime/index.js";
import { halves, halvesNetwork, halvesNormalization, halvesRecipe } from "../testing/halves.js";
import { createTraining, type TrainingSetup } from "./training.js";

// One thread, so that results repeat to the bit whatever machine runs this.
const engine = await chooseEngine("auto", 1);

const setup = (changes: Partial<TrainingSetup> = {}): TrainingSetup => ({
  engine,
  architecture: halvesNetwork,
  recipe: halvesRecipe,
  normalization: halvesNormalization,
  rng: createRng(1),
  ...changes,
});

/** What is new in each step. */
type Feeds = Readonly<Record<string, Tensor>>;

const copied = ([name, tensor]: [string, Tensor | DeviceTensor]) =>
  "data" in tensor ? [[name, structuredClone(tensor)] as const] : [];

/** An engine that also notes down what its steps are fed. */
function listening(feeds: Feeds[]): Engine {
  return {
    ...engine,
    loadKeeping: async (model, kept) => {
      const session = await engine.loadKeeping(model, kept);
      return {
        ...session,
        run: (given) => {
          // The memory of a batch is used again after its step.
          feeds.push(Object.fromEntries(Object.entries(given).flatMap(copied)));
          return session.run(given);
        },
      };
    },
  };
}

function part(images: ImageSet, start: number, end: number): ImageSet {
  return {
    ...images,
    count: end - start,
    labels: images.labels.slice(start, end),
    read: (index, into, offset) => images.read(start + index, into, offset),
  };
}

test("a tiny network learns a tiny set by heart", async () => {
  const images = halves(32, 1);
  const training = await createTraining(setup());
  try {
    const before = await training.evaluate(images);
    const epochs = 12;
    let trainLoss = Number.POSITIVE_INFINITY;
    for (let i = 0; i < epochs; i++) ({ trainLoss } = await training.trainEpoch(images, { epochs }));
    const after = await training.evaluate(images);
    expect(before.accuracy).toBeLessThan(0.9);
    expect(after.accuracy).toBe(1);
    expect(after.loss).toBeLessThan(before.loss / 2);
    expect(trainLoss).toBeLessThan(0.4);
    expect((await training.evaluate(halves(64, 2))).accuracy, "on pictures it has never seen").toBeGreaterThan(0.9);
  } finally {
    await training.dispose();
  }
});

test("what an epoch reports", async () => {
  const images = halves(35, 1);
  const training = await createTraining(setup());
  const steps: number[] = [];
  try {
    const result = await training.trainEpoch(images, { epochs: 4, onStep: ({ step }) => steps.push(step) });
    expect(steps, "four full batches of 8; three pictures wait").toEqual([1, 2, 3, 4]);
    expect(result).toMatchObject({ epoch: 1, learningRate: halvesRecipe.learningRate });
    expect(result.trainAccuracy * 32).toBeCloseTo(Math.round(result.trainAccuracy * 32), 9);
    expect(result.trainLoss).toBeGreaterThan(0.1);
    expect(result.trainLoss).toBeLessThan(3);
    expect(training.state.epoch).toBe(1);
  } finally {
    await training.dispose();
  }
});

// The last of the pictures fills up the last batch: of 259 and of 260 it is one of each class.
test.each([259, 260])("an evaluation counts each of %d pictures once, whatever the batch", async (count) => {
  const images = halves(count, 3);
  const training = await createTraining(setup());
  try {
    await training.trainEpoch(part(images, 0, 32), { epochs: 1 });
    const [first, rest, all] = [
      await training.evaluate(part(images, 0, 200)),
      await training.evaluate(part(images, 200, count)),
      await training.evaluate(images),
    ];
    expect(all.accuracy).toBeCloseTo((200 * first.accuracy + (count - 200) * rest.accuracy) / count, 9);
    expect(all.loss).toBeCloseTo((200 * first.loss + (count - 200) * rest.loss) / count, 5);
  } finally {
    await training.dispose();
  }
});

test("measuring a step leaves the state as it was", async () => {
  const training = await createTraining(setup());
  try {
    const { state } = training;
    expect(await training.measureStep(halves(16, 1))).toBeGreaterThan(0);
    expect(training.state).toBe(state);
  } finally {
    await training.dispose();
  }
});

describe("repeats from its seed", () => {
  const noisy = {
    architecture: { ...halvesNetwork, dropout: 0.2, dropPath: 0.3 },
    recipe: { ...halvesRecipe, augmentation: { shift: 0.1, flip: false, erase: 0.5 } },
  };
  async function stateAfter(epochs: number, seed: number) {
    const training = await createTraining(setup({ ...noisy, rng: createRng(seed) }));
    try {
      for (let i = 0; i < epochs; i++) await training.trainEpoch(halves(32, 1), { epochs });
      return training.state;
    } finally {
      await training.dispose();
    }
  }

  test("to the byte, noise and augmentation included", async () => {
    const [one, again, other] = [await stateAfter(2, 7), await stateAfter(2, 7), await stateAfter(2, 8)];
    expect(again).toEqual(one);
    expect(other.weights).not.toEqual(one.weights);
    expect(one.weights.every(Number.isFinite)).toBe(true);
  });
});

test("pictures come in another order each epoch, each of them once", async () => {
  const feeds: Feeds[] = [];
  const training = await createTraining(setup({ engine: listening(feeds) }));
  for (let i = 0; i < 2; i++) await training.trainEpoch(halves(32, 1), { epochs: 2 });
  await training.dispose();
  // The batch is [1, N, H, W], so that a picture is a row of 64 numbers.
  const order = feeds.flatMap(({ image }) =>
    Array.from({ length: 8 }, (_, n) => image!.data.slice(64 * n, 64 * (n + 1)).join()),
  );
  const [first, second] = [order.slice(0, 32), order.slice(32)];
  expect(new Set(first).size).toBe(32);
  expect(second).not.toEqual(first);
  expect(second.toSorted()).toEqual(first.toSorted());
});

describe("dropout and drop path are masks", () => {
  const network = tinyNetwork({ classes: 2, channels: 1, resolution: 8, dropout: 0.25, dropPath: 0.5 });
  const recipe = { ...halvesRecipe, batchSize: 64 };
  async function masks(seed: number) {
    const feeds: Feeds[] = [];
    const training = await createTraining(
      setup({ engine: listening(feeds), architecture: network, recipe, rng: createRng(seed) }),
    );
    await training.trainEpoch(halves(256, 1), { epochs: 1 });
    await training.dispose();
    return feeds.map((feed) =>
      Object.fromEntries(Object.entries(feed).filter(([name]) => /^drop(out|Path)\./.test(name))),
    );
  }

  test("of zeros and 1 / (1 − rate), with a mean of about one", async () => {
    const steps = await masks(1);
    expect(steps).toHaveLength(4);
    // Four blocks; the last two keep their shape, at rates of 2/4 and 3/4 of 0.5.
    const rates: Readonly<Record<string, number>> = { "dropPath.0": 0.25, "dropPath.1": 0.375, "dropout.2": 0.25 };
    expect(Object.keys(steps[0]!).sort()).toEqual(Object.keys(rates));
    for (const [name, rate] of Object.entries(rates)) {
      const numbers = steps.flatMap((step) => [...step[name]!.data]);
      const kept = Math.fround(1 / (1 - rate));
      expect(new Set(numbers), name).toEqual(new Set([0, kept]));
      // The mean of n masks lies within five standard deviations, √(rate / (1 − rate) / n) each.
      const mean = numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
      expect(Math.abs(mean - 1), name).toBeLessThan(5 * Math.sqrt(rate / (1 - rate) / numbers.length));
    }
    expect(steps[0]!["dropPath.0"]!.dims, "one number an image, channel first").toEqual([1, 64, 1, 1]);
    expect(steps[0]!["dropout.2"]!.dims, "one a feature").toEqual([16, 64, 1, 1]);
  });

  test("another one each step, the same ones for the same seed", async () => {
    const [steps, again, other] = [await masks(1), await masks(1), await masks(2)];
    expect(again).toEqual(steps);
    expect(other[0]).not.toEqual(steps[0]);
    expect(steps[1]).not.toEqual(steps[0]);
  });
});

test("a learning rate that is absurd is named with the epoch and the step where the numbers ended", async () => {
  const training = await createTraining(setup({ recipe: { ...halvesRecipe, learningRate: 1e12, warmupEpochs: 0 } }));
  const run = async () => {
    for (;;) await training.trainEpoch(halves(32, 1), { epochs: 20 });
  };
  const error = await run().catch((thrown: unknown) => thrown);
  const { weights, moments, buffers } = training.state;
  await training.dispose();
  for (const numbers of [weights, buffers, ...moments])
    expect(numbers.every(Number.isFinite), "the state before it").toBe(true);
  expect(error).toBeInstanceOf(DivergenceError);
  expect((error as DivergenceError).message).toMatch(
    /^halves, epoch \d+, step \d+: expected (a finite loss, received (NaN|Infinity), (first before \S+|after the last batch norm)|finite weights, received others, from the gradient of \S+ on)$/,
  );
});

test("a signal stops an epoch before its next step", async () => {
  const training = await createTraining(setup());
  const controller = new AbortController();
  let steps = 0;
  const onStep = () => {
    if (++steps === 2) controller.abort();
  };
  const error = await training
    .trainEpoch(halves(32, 1), { epochs: 1, signal: controller.signal, onStep })
    .catch((thrown: unknown) => thrown);
  await training.dispose();
  expect(error).toBeInstanceOf(InterruptedError);
  expect((error as InterruptedError).message).toBe(
    "halves: expected to train on, received a request to stop in epoch 1",
  );
  expect(steps).toBe(2);
});

test("averages follow weights and statistics, early ones more closely", async () => {
  const training = await createTraining(setup({ recipe: { ...halvesRecipe, ema: 0.3 } }));
  try {
    const start = training.state;
    const states = [start];
    const afterStep = async () => void states.push(training.state);
    await training.trainEpoch(halves(24, 1), { epochs: 1, afterStep });
    for (const of of ["weights", "buffers"] as const) {
      let expected = [...start[of]];
      states.slice(1).forEach((state, t) => {
        const kept = Math.min(0.3, (1 + t) / (10 + t));
        expected = expected.map((old, i) => kept * old + (1 - kept) * state[of][i]!);
        const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - state.average![of][i]!)), 0);
        expect(worst).toBeLessThan(1e-5);
      });
    }
    const shipped = training.tensors().get("stem.norm.gamma")!;
    expect(training.tensors({ ...training.state, average: null }).get("stem.norm.gamma")).not.toEqual(shipped);
  } finally {
    await training.dispose();
  }
});

test("the first steps' statistics do not weigh on", async () => {
  const slow = { ...halvesNetwork, norm: { ...halvesNetwork.norm, momentum: 0.999 } };
  const training = await createTraining(setup({ architecture: slow }));
  try {
    const images = halves(64, 1);
    for (let i = 0; i < 3; i++) await training.trainEpoch(images, { epochs: 3 });
    // With 0.999 throughout, 24 steps would leave the variances at the one that they begin with.
    expect((await training.evaluate(images)).accuracy).toBeGreaterThan(0.9);
  } finally {
    await training.dispose();
  }
});
