import { beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../../base/index.js";
import { sizeOf } from "../../ir/index.js";
import { buildNetwork, isTrained, parseTrainedPart, type TrainedPart, type Tuning } from "../../networks/index.js";
import { randomWeights } from "../../networks/testing/random-weights.js";
import { tinyNetwork } from "../../networks/testing/tiny.js";
import "../../ops/testing/close.js";
import { trainingRunners } from "../../ops/testing/engine.js";
import { evaluate } from "../../ops/testing/interpreter.js";
import { chooseEngine } from "../../runtime/index.js";
import { createBody, featureSet, squaredLengthOf } from "../batches/features.js";
import type { Recipe } from "../recipe/recipe.js";
import { pack, unpack } from "../step/flat.js";
import { names, stateLayout } from "../step/state-layout.js";
import { buildEvaluation, buildTrainingStep } from "../step/step.js";
import { halves, halvesNetwork, halvesNormalization, halvesRecipe } from "../testing/halves.js";
import { createTraining } from "./training.js";

const network = tinyNetwork({ classes: 3, resolution: 8 });
const still = { ...network, dropout: 0, dropPath: 0 };
const tensorsOf = (architecture: typeof network, seed = 5) =>
  randomWeights(buildNetwork(architecture, { batch: 1, mode: "inference" }).graph, createRng(seed));
/** Without momentum and decay, and at a rate of 1, the weights lose their gradient. */
const recipe: Recipe = {
  ...halvesRecipe,
  batchSize: 4,
  weightDecay: 0,
  labelSmoothing: 0,
  optimizer: { kind: "sgd", momentum: 0, nesterov: false },
};

function prepare(tuning: Tuning, architecture = still) {
  const layout = stateLayout(architecture, tuning);
  const { graph, noise } = buildTrainingStep(architecture, recipe, layout, { tuning });
  const tensors = tensorsOf(architecture);
  const rng = createRng(6);
  const draw = (size: number) => Float32Array.from({ length: size }, () => rng.normal());
  const image = graph.inputs.find(({ name }) => name === names.image)!;
  const values = new Map<string, Float32Array>([
    ...tensors,
    [names.image, draw(sizeOf(image.shape))],
    [names.targets, Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0.5, 0.5, 0)],
    [names.weights, pack(layout.weights, tensors)],
    [names.buffers, layout.buffers.slices.length === 0 ? Float32Array.of(0) : pack(layout.buffers, tensors)],
    [names.learningRate, Float32Array.of(1)],
    [names.statisticsMomentum, Float32Array.of(0.9)],
    [names.moment(0), new Float32Array(layout.weights.size)],
    ...noise.map(({ input, shape }) => [input.name, new Float32Array(sizeOf(shape)).fill(1)] as const),
  ]);
  return { layout, graph, noise, values, tensors };
}

const parts: readonly TrainedPart[] = ["classifier", "head", "last-1", "last-2", "all"];

describe.each(parts)("a step that trains %s", (part) => {
  const trains = isTrained(network, part);

  test("holds weights and statistics of that part alone, and goes backward in no other", () => {
    const { layout, graph } = prepare({ part, norms: "batch", entry: "image" });
    const all = [...tensorsOf(still).keys()];
    const moving = [...layout.weights.slices, ...layout.buffers.slices].map(({ name }) => name);
    expect(moving.sort()).toEqual(all.filter(trains).sort());
    const backward = graph.nodes.flatMap(({ path }) => (path.includes("~") ? [path.replace(/~.*$/, "")] : []));
    expect(backward.length).toBeGreaterThan(3);
    expect(backward.filter((path) => !trains(path) && !path.startsWith("loss"))).toEqual([]);
  });

  test("has no noise before it", () => {
    const { noise } = prepare({ part, norms: "batch", entry: "image" }, network);
    const kinds = noise.map(({ kind }) => kind);
    const dropPaths = { classifier: 0, head: 0, "last-1": 1, "last-2": 2, all: 2 }[part as string];
    expect(kinds).toEqual([...new Array(dropPaths).fill("dropPath"), "dropout"]);
  });

  test.each(["batch", "running"] as const)("moves along the gradient, norms by the %s statistics", (norms) => {
    const { graph, values } = prepare({ part, norms, entry: "image" });
    const before = values.get(names.weights)!;
    const after = evaluate(graph, values).get(names.next(names.weights))!;
    const gradient = before.map((weight, i) => weight - after[i]!);
    const lossAt = (i: number, by: number) => {
      const weights = Float32Array.from(before, (weight, at) => (at === i ? weight + by : weight));
      return evaluate(graph, new Map([...values, [names.weights, weights]])).get(names.loss)![0]!;
    };
    const order = [...gradient.keys()].sort((a, b) => Math.abs(gradient[b]!) - Math.abs(gradient[a]!));
    for (const i of order.slice(0, 3)) {
      const step = 2 ** -11;
      const slope = (lossAt(i, step) - lossAt(i, -step)) / (2 * step);
      expect(Math.abs(gradient[i]! - slope)).toBeLessThan(2e-2 * Math.abs(slope));
    }
  });

  test("with running statistics sees what the evaluation sees, and leaves them as they are", () => {
    const { graph, values, layout, tensors } = prepare({ part, norms: "running", entry: "image" });
    const results = evaluate(graph, values);
    const inference = buildNetwork(still, { batch: 4, mode: "inference" }).graph;
    const image = values.get(names.image)!;
    const expected = evaluate(inference, new Map([...tensors, [names.image, image]])).get("logits")!;
    expect(results.get(names.logits)!).toBeAllClose(expected);
    expect(layout.buffers.slices).toEqual([]);
    expect([...results.get(names.next(names.buffers))!]).toEqual([0]);
    const evaluation = buildEvaluation(still, 4, layout, { part, norms: "running", entry: "image" });
    expect(evaluate(evaluation, values).get(names.logits)!).toBeAllClose(expected);
  });
});

test("only the statistics of what is trained move", () => {
  const { graph, values, layout, tensors } = prepare({ part: "last-1", norms: "batch", entry: "image" });
  const next = unpack(layout.buffers, Float32Array.from(evaluate(graph, values).get(names.next(names.buffers))!));
  expect(next.size).toBe(6); // depthwise and projection of the last block, and the head
  for (const [name, numbers] of next) expect(numbers, name).not.toEqual(tensors.get(name));
});

test.for(trainingRunners.filter(({ layout }) => layout !== null))(
  "steps are the same on $name",
  async ({ run, missing }, context) => {
    if (missing !== undefined) context.skip(missing);
    for (const tuning of [
      { part: "last-1", norms: "batch", entry: "image" },
      { part: "last-2", norms: "running", entry: "image" },
      { part: "classifier", norms: "running", entry: "features" },
    ] as const) {
      const { graph, values } = prepare(tuning);
      const received = await run(graph, values);
      for (const [name, numbers] of evaluate(graph, values))
        expect(received.get(name)!, name).toBeAllClose(numbers, { absolute: 1e-4, relative: 1e-4 });
    }
  },
);

test("the squared length of features is the mean over images", () => {
  const images = halves(2, 1);
  const body = { shape: [2, 1, 1], size: 2 } as unknown as Awaited<ReturnType<typeof createBody>>;
  expect(squaredLengthOf(featureSet(images, Float32Array.of(1, 2, 3, 4), body))).toBe(15);
  expect(squaredLengthOf(images)).toBe(null);
});

describe("training from features", () => {
  const setup = {
    architecture: halvesNetwork,
    normalization: halvesNormalization,
    recipe: halvesRecipe,
    rng: createRng(3),
    tensors: tensorsOf(halvesNetwork),
  };
  const [images, held] = [halves(50, 1), halves(40, 2)];
  const tuning = { part: "classifier", norms: "running", tensors: setup.tensors } as const;
  let engine: Awaited<ReturnType<typeof chooseEngine>>;
  beforeAll(async () => {
    engine = await chooseEngine("auto", 1);
  });

  async function classifierTrained(entry: Tuning["entry"]) {
    const body = await createBody({ ...setup, engine, part: "classifier" });
    const featuresOf = async (set: typeof images) =>
      entry === "image" ? set : featureSet(set, await body.features(set, { first: 0, last: set.count }), body);
    const training = await createTraining({ ...setup, engine, tuning: { ...tuning, entry } });
    const [train, validation] = [await featuresOf(images), await featuresOf(held)];
    const before = await training.evaluate(validation);
    const losses: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) losses.push((await training.trainEpoch(train, { epochs: 3 })).trainLoss);
    const after = await training.evaluate(validation);
    const tensors = training.tensors();
    await training.dispose();
    await body.dispose();
    return { before, losses, after, tensors };
  }

  test("begins with features that stop at the signal", async () => {
    const body = await createBody({ ...setup, engine, part: "classifier" });
    const range = { first: 0, last: 50, signal: AbortSignal.abort() };
    await expect(body.features(images, range)).rejects.toThrow(
      "halves: expected to compute features, received a request to stop after 0 of 50 images",
    );
    await body.dispose();
  });

  test("is the training from unchanged images, which it need not see again", async () => {
    const [images, features] = [await classifierTrained("image"), await classifierTrained("features")];
    expect(features.before.loss).toBeCloseTo(images.before.loss, 4);
    expect(features.losses).toBeAllClose(images.losses, { relative: 1e-3 });
    expect(features.after.loss).toBeCloseTo(images.after.loss, 3);
    expect(features.losses[2]).toBeLessThan(features.losses[0]!);
    for (const [name, numbers] of setup.tensors) {
      const isNew = name.startsWith("classifier.");
      for (const { tensors } of [images, features])
        expect(Buffer.compare(Buffer.from(tensors.get(name)!.buffer), Buffer.from(numbers.buffer)) === 0, name).toBe(
          !isNew,
        );
    }
    expect(features.tensors.get("classifier.weight")!).toBeAllClose(images.tensors.get("classifier.weight")!, {
      absolute: 1e-4,
    });
  });
});

test.each(["tail", "last-0", "last-", "last-1.5", "Classifier", ""])("%j is no part of a network", (text) => {
  expect(() => parseTrainedPart(text, "--unfreeze")).toThrow(
    /--unfreeze: expected classifier, head, last-N \(.*\) or all, received/,
  );
});

test("more stages than there are cannot be trained", () => {
  expect(() => stateLayout(network, { part: "last-4", norms: "batch", entry: "image" })).toThrow(
    "tiny: expected at most the last 3 stages to be trained, received last-4",
  );
});
