import { describe, expect, test } from "vitest";
import { createRng, InterruptedError } from "../../base/index.js";
import { temporaryFolder } from "../../data/testing/fixtures.js";
import { buildNetwork } from "../../networks/index.js";
import { lower } from "../../onnx/index.js";
import { chooseEngine, type Session, type Tensor } from "../../runtime/index.js";
import { assemble } from "../batches/batch.js";
import type { Recipe } from "../recipe/recipe.js";
import { type RunOptions, runTraining } from "../run/run-training.js";
import { createTraining } from "../run/training.js";
import { halves, halvesNetwork, halvesNormalization, halvesRecipe } from "../testing/halves.js";
import { loadStep, partSize } from "./accumulation.js";
import { pack, unpack } from "./flat.js";
import { initialMoments } from "./optimizer.js";
import { initialState } from "./state.js";
import { names, stateLayout } from "./state-layout.js";
import { buildGradientStep, buildTrainingStep } from "./step.js";

const engine = await chooseEngine("auto", 1);
const PARTS = 4;
const PART = 8;
const layout = stateLayout(halvesNetwork);

const load = (graph: Parameters<typeof lower>[0]): Promise<Session> =>
  engine.load(lower(graph, { name: "step", layout: "channel-major", kernels: engine.kernels }));

/** All outputs of a step, those that would stay on a device too. */
async function stepOf(recipe: Recipe, architecture = halvesNetwork): Promise<Session> {
  const { graph } = buildTrainingStep(architecture, recipe, layout);
  const model = lower(graph, { name: "step", layout: "channel-major", kernels: engine.kernels });
  const state = [names.weights, names.buffers, ...initialMoments(recipe.optimizer).map((_, i) => names.moment(i))];
  const averages = recipe.ema === null ? [] : [names.weights, names.buffers].map(names.average);
  const step = await loadStep(model, { engine, recipe, layout, kept: [...state, ...averages].map(names.next) });
  return {
    dispose: step.dispose,
    async run(feeds) {
      const { outputs, kept } = await step.run(feeds);
      const vectors = Object.entries(kept).map(([name, { host, dims }]) => [name, { data: host!, dims }]);
      return { ...outputs, ...Object.fromEntries(vectors) };
    },
  };
}

/** The greatest difference, of the greatest number. */
const furthest = (received: ArrayLike<number>, expected: ArrayLike<number>): number => {
  const [a, b] = [Array.from(received), Array.from(expected)];
  expect(a.length).toBe(b.length);
  const scale = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / scale;
};

const vector = (data: Float32Array): Tensor => ({ data, dims: [data.length] });
const scalar = (value: number): Tensor => ({ data: Float32Array.of(value), dims: [] });

/** What goes into a step, beside the batch. */
function stateFeeds(recipe: Recipe): Record<string, Tensor> {
  const state = initialState(halvesNetwork, layout, recipe, createRng(3));
  return {
    [names.weights]: vector(state.weights),
    [names.buffers]: vector(state.buffers),
    ...Object.fromEntries(state.moments.map((moment, i) => [names.moment(i), vector(moment)])),
    [names.learningRate]: scalar(0.1),
    [names.statisticsMomentum]: scalar(0),
    ...(recipe.ema !== null && {
      [names.average(names.weights)]: vector(state.weights),
      [names.average(names.buffers)]: vector(state.buffers),
      [names.averageDecay]: scalar(0.5),
    }),
  };
}

const batchOf = (indices: readonly number[]) => {
  const { image, targets } = assemble(halvesNetwork, halves(64, 5), indices, halvesNormalizationOnly, null);
  return { [names.image]: image, [names.targets]: targets };
};
const halvesNormalizationOnly = { ...halvesNormalization, augmentation: null };
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("parts that are normalized as their whole batch is", () => {
  const architecture = { ...halvesNetwork, dropout: 0.25 };
  const recipe: Recipe = {
    ...halvesRecipe,
    batchSize: PARTS * PART,
    weightDecay: 0.01,
    clipNorm: 0.5,
    ema: 0.9,
    labelSmoothing: 0.1,
    optimizer: { kind: "rmsprop", decay: 0.9, momentum: 0.9, epsilon: 1e-3 },
  };

  test("give the update of the batch, dropout included", async () => {
    // The same pictures in each part: then so are their means and variances.
    const { noise } = buildTrainingStep(architecture, { ...recipe, accumulate: PARTS }, layout);
    expect(noise.map(({ shape }) => shape[0])).toEqual([PARTS * PART]);
    const [, features] = noise[0]!.shape as [number, number];
    const mask = Float32Array.from({ length: features * PARTS * PART }, (_, i) => ((i % PART) % 3 === 0 ? 0 : 4 / 3));
    const feeds = {
      ...stateFeeds(recipe),
      ...batchOf(upTo(PARTS * PART).map((i) => i % PART)),
      [noise[0]!.input.name]: { data: mask, dims: [features, PARTS * PART, 1, 1] },
    };
    const [whole, parts] = [
      await stepOf(recipe, architecture),
      await stepOf({ ...recipe, accumulate: PARTS }, architecture),
    ];
    const [expected, received] = [await whole.run(feeds), await parts.run(feeds)];
    await Promise.all([whole.dispose(), parts.dispose()]);
    expect(Object.keys(received).toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const name of Object.keys(expected)) {
      if (name.endsWith(names.buffers)) continue;
      expect(received[name]!.dims, name).toEqual(expected[name]!.dims);
      expect(furthest(received[name]!.data, expected[name]!.data), name).toBeLessThan(2e-5);
    }
    // Bessel's correction is that of a part.
    const statistics = new Map(
      buildNetwork(halvesNetwork, { batch: PART, mode: "train" }).statistics.map((each) => [
        each.runningVariance,
        each.count,
      ]),
    );
    const [own, all] = [received, expected].map((outputs) =>
      unpack(layout.buffers, outputs[names.next(names.buffers)]!.data as Float32Array),
    ) as [Map<string, Float32Array>, Map<string, Float32Array>];
    for (const [name, numbers] of all) {
      const count = statistics.get(name);
      const correction = count === undefined ? 1 : (count / (count - 1)) * ((PARTS * count - 1) / (PARTS * count));
      const scale = name.endsWith("mean") ? 1 : Math.max(...numbers);
      for (const [i, number] of numbers.entries())
        expect(Math.abs(own.get(name)![i]! - number * correction) / scale, name).toBeLessThan(2e-5);
    }
  });
});

test("the gradient and the statistics are the means of the parts' own", async () => {
  const recipe: Recipe = {
    ...halvesRecipe,
    batchSize: PARTS * PART,
    accumulate: PARTS,
    weightDecay: 0,
    labelSmoothing: 0,
    optimizer: { kind: "sgd", momentum: 0, nesterov: false },
  };
  const feeds = stateFeeds(recipe);
  const step = await stepOf(recipe);
  const outputs = await step.run({ ...feeds, ...batchOf(upTo(PARTS * PART)) });
  await step.dispose();
  const single = await load(buildGradientStep(halvesNetwork, PART, layout));
  const expected = new Array<number>(layout.weights.size).fill(0);
  const logits: number[] = [];
  let loss = 0;
  for (let i = 0; i < PARTS; i++) {
    const part = batchOf(upTo(PART).map((at) => i * PART + at));
    const own = await single.run({ ...part, [names.weights]: feeds[names.weights]! });
    own[names.gradient]!.data.forEach((value, at) => {
      expected[at]! += value / PARTS;
    });
    loss += own[names.loss]!.data[0]! / PARTS;
    logits.push(...own[names.logits]!.data);
  }
  await single.dispose();
  expect(furthest(outputs[names.next(names.moment(0))]!.data, expected)).toBeLessThan(1e-5);
  expect(outputs[names.loss]!.data[0]).toBeCloseTo(loss, 6);
  expect(outputs[names.logits]!.dims).toEqual([PARTS * PART, 2]);
  expect(furthest(outputs[names.logits]!.data, logits), "in the order of the images").toBeLessThan(1e-5);
});

test("where running statistics normalize, a training in parts is one by whole batches, to rounding", async () => {
  const tensors = new Map([
    ...unpack(layout.weights, initialState(halvesNetwork, layout, halvesRecipe, createRng(4)).weights),
    ...unpack(layout.buffers, initialState(halvesNetwork, layout, halvesRecipe, createRng(4)).buffers),
  ]);
  const stateAfter = async (accumulate: number) => {
    const training = await createTraining({
      engine,
      architecture: halvesNetwork,
      normalization: halvesNormalization,
      rng: createRng(1),
      recipe: {
        ...halvesRecipe,
        learningRate: 0.02,
        accumulate,
        augmentation: { shift: 0.1, flip: false, erase: 0.3 },
      },
      tuning: { part: "all", norms: "running", entry: "image", tensors },
    });
    try {
      const { trainAccuracy } = await training.trainEpoch(halves(64, 1), { epochs: 2 });
      return { ...training.state, trainAccuracy };
    } finally {
      await training.dispose();
    }
  };
  const [whole, parts] = [await stateAfter(1), await stateAfter(4)];
  const before = pack(stateLayout(halvesNetwork).weights, tensors);
  expect(furthest(whole.weights, before), "something was learned").toBeGreaterThan(1e-3);
  expect(furthest(parts.weights, whole.weights)).toBeLessThan(1e-4);
  expect(parts.trainAccuracy).toBe(whole.trainAccuracy);
});

test("stopped after each step, a run in parts ends in the bytes of an unbroken one", async () => {
  const run = (changes: Partial<RunOptions> = {}) =>
    runTraining({
      engine,
      architecture: { ...halvesNetwork, dropout: 0.2 },
      normalization: halvesNormalization,
      epochs: 2,
      recipe: { ...halvesRecipe, batchSize: 16, accumulate: 2 },
      rng: createRng(1),
      train: halves(32, 1),
      validation: halves(24, 2),
      ...changes,
    });
  const unbroken = await run();
  const checkpoints = { folder: await temporaryFolder(), run: "a" };
  let stops = 0;
  for (;;) {
    const controller = new AbortController();
    const attempt = run({ checkpoints, signal: controller.signal, onStep: () => controller.abort() });
    const result = await attempt.catch((error: unknown) => {
      if (!(error instanceof InterruptedError)) throw error;
      stops++;
      return null;
    });
    if (result === null) continue;
    expect(stops, "two steps an epoch").toBeGreaterThanOrEqual(2);
    expect(result.tensors).toEqual(unbroken.tensors);
    return;
  }
});

test("a batch comes apart into whole parts", () => {
  expect(partSize({ batchSize: 96, accumulate: 3 })).toBe(32);
  expect(() => partSize({ batchSize: 96, accumulate: 5 })).toThrow(
    "accumulate: expected as many parts as a batch of 96 has of one size, received 5\n  hint: one of 1, 2, 3, 4, 6, 8, 12, 16, 24, …",
  );
  expect(() => partSize({ batchSize: 7, accumulate: 2 })).toThrow("hint: one of 1, 7");
});
