import { describe, expect, test } from "vitest";
import { createRng } from "../../base/index.js";
import { type Graph, sizeOf } from "../../ir/index.js";
import { type Architecture, buildNetwork } from "../../networks/index.js";
import { randomWeights } from "../../networks/testing/random-weights.js";
import { tinyFusedNetwork, tinyNetwork, tinyUniversalNetwork } from "../../networks/testing/tiny.js";
import "../../ops/testing/close.js";
import { trainingRunners } from "../../ops/testing/engine.js";
import { evaluate } from "../../ops/testing/interpreter.js";
import { quickRecipe, type Recipe } from "../recipe/recipe.js";
import { pack, unpack } from "./flat.js";
import { initialMoments } from "./optimizer.js";
import { names, stateLayout } from "./state-layout.js";
import { buildEvaluation, buildTrainingStep } from "./step.js";

const plainSgd: Recipe = {
  ...quickRecipe,
  optimizer: { kind: "sgd", momentum: 0, nesterov: false },
  batchSize: 4,
  weightDecay: 0,
  labelSmoothing: 0,
};

/** A step of a network and values for all its inputs, all of them in general position. */
function prepare(architecture: Architecture, recipe: Recipe, seed = 5) {
  const rng = createRng(seed);
  const layout = stateLayout(architecture);
  const tensors = randomWeights(buildNetwork(architecture, { batch: 1, mode: "inference" }).graph, rng.fork("weights"));
  const { graph, noise } = buildTrainingStep(architecture, recipe, layout);
  const draw = (label: string, size: number, one: (own: typeof rng) => number) => {
    const own = rng.fork(label);
    return Float32Array.from({ length: size }, () => one(own));
  };
  const { batchSize: n } = recipe;
  const { classes, channels, resolution } = architecture;
  const labels = Array.from({ length: n }, (_, i) => i % classes);
  const values = new Map<string, Float32Array>([
    [names.image, draw("image", n * channels * resolution ** 2, (own) => own.normal())],
    [names.targets, Float32Array.from(labels.flatMap((label) => oneHot(label, classes)))],
    [names.weights, pack(layout.weights, tensors)],
    [names.buffers, pack(layout.buffers, tensors)],
    [names.learningRate, Float32Array.of(0.1)],
    [names.statisticsMomentum, Float32Array.of(architecture.norm.momentum)],
    ...initialMoments(recipe.optimizer).map(
      (start, i) =>
        [names.moment(i), draw(`moment ${i}`, layout.weights.size, (own) => start + 0.1 * own.uniform())] as const,
    ),
    ...noise.map(
      ({ input, shape, rate }) =>
        [input.name, draw(input.name, sizeOf(shape), (own) => (own.uniform() < rate ? 0 : 1 / (1 - rate)))] as const,
    ),
  ]);
  return { graph, layout, tensors, values };
}

const oneHot = (label: number, classes: number) => Array.from({ length: classes }, (_, k) => (k === label ? 1 : 0));

const outputOf = (graph: Graph, values: ReadonlyMap<string, Float32Array>, name: string) =>
  Float32Array.from(evaluate(graph, values).get(name)!);

// Forward, backward, optimizer and statistics at once: every output, from the interpreter in float64 and from each engine.
describe.each([
  ["everything in it, Nesterov's momentum", tinyNetwork, quickRecipe.optimizer],
  ["everything in it, RMSProp", tinyNetwork, { kind: "rmsprop", decay: 0.9, momentum: 0.9, epsilon: 1e-3 }],
  ["fused blocks, Nesterov's momentum", tinyFusedNetwork, quickRecipe.optimizer],
  ["universal blocks, Nesterov's momentum", tinyUniversalNetwork, quickRecipe.optimizer],
] as const)("one step of a network with %s", (_, made, optimizer) => {
  const network = made({ classes: 2, resolution: 8 });
  const { graph, values } = prepare(network, { ...quickRecipe, optimizer, batchSize: 4, weightDecay: 1e-2 });
  const expected = evaluate(graph, values);

  test.for(trainingRunners.filter(({ layout }) => layout !== null))("on $name", async ({ run, missing }, context) => {
    if (missing !== undefined) context.skip(missing);
    const received = await run(graph, values);
    expect([...received.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [name, numbers] of expected) {
      expect(received.get(name)!, name).toBeAllClose(numbers, { absolute: 1e-4, relative: 1e-4 });
    }
  });

  test("moves every weight and statistic", () => {
    for (const name of [names.weights, names.buffers]) {
      const moved = expected.get(names.next(name))!.map((value, i) => value - values.get(name)![i]!);
      const still = moved.filter((change) => change === 0).length;
      expect(still / moved.length, name).toBeLessThan(0.01);
    }
  });
});

test("weight decay pulls at convolution and classifier weights and at nothing else", () => {
  const decay = 0.01;
  const next = (weightDecay: number) => {
    const { graph, values, layout } = prepare(tinyNetwork({ resolution: 8 }), { ...plainSgd, weightDecay });
    return unpack(layout.weights, outputOf(graph, values, names.next(names.weights)));
  };
  const [without, withDecay] = [next(0), next(decay)];
  const { tensors } = prepare(tinyNetwork({ resolution: 8 }), plainSgd);
  let decayed = 0;
  for (const [name, values] of withDecay) {
    const isDecayed = name.endsWith(".weight");
    if (isDecayed) decayed++;
    // w − 0.1 · (g + λ · w)
    const expected = without.get(name)!.map((w, i) => w - (isDecayed ? 0.1 * decay * tensors.get(name)![i]! : 0));
    expect(values, name).toBeAllClose(expected, { absolute: isDecayed ? 1e-6 : 0, relative: 0 });
  }
  expect(decayed).toBeGreaterThan(10);
  expect(withDecay.size).toBeGreaterThan(2 * decayed);
});

// A 3 × 3 kernel that is 2 in the middle and 0 around: the stem's norm sees twice the image.
test("running statistics move by 1 − momentum, the variance with Bessel's correction", () => {
  const network = tinyNetwork({
    channels: 1,
    resolution: 8,
    stem: { channels: 8, kernel: 3, stride: 1, activation: "relu" },
    norm: { epsilon: 1e-3, momentum: 0.7 },
  });
  const { graph, layout, tensors, values } = prepare(network, plainSgd);
  tensors.set(
    "stem.conv.weight",
    Float32Array.from({ length: 8 * 9 }, (_, i) => (i % 9 === 4 ? 2 : 0)),
  );
  values.set(names.weights, pack(layout.weights, tensors));
  const kept = unpack(layout.buffers, outputOf(graph, values, names.next(names.buffers)));

  const pixels = values.get(names.image)!;
  const count = 4 * 8 * 8;
  expect(pixels).toHaveLength(count);
  const mean = pixels.reduce((sum, x) => sum + 2 * x, 0) / count;
  const variance = pixels.reduce((sum, x) => sum + (2 * x - mean) ** 2, 0) / (count - 1);
  const moved = (name: string, batch: number) => tensors.get(name)!.map((old) => 0.7 * old + 0.3 * batch);
  expect(kept.get("stem.norm.mean")!).toBeAllClose(moved("stem.norm.mean", mean));
  expect(kept.get("stem.norm.variance")!).toBeAllClose(moved("stem.norm.variance", variance));
});

// Classifier weights of zero leave the biases as logits: 0 and ln 3, so p = ¼ and ¾ for every image.
describe("the loss, by hand", () => {
  const network = tinyNetwork({ classes: 2, resolution: 8 });
  function lossOf(labelSmoothing: number, targets: readonly number[]): number {
    const { graph, layout, tensors, values } = prepare(network, { ...plainSgd, labelSmoothing });
    tensors.set("classifier.weight", new Float32Array(tensors.get("classifier.weight")!.length));
    tensors.set("classifier.bias", Float32Array.of(0, Math.log(3)));
    values.set(names.weights, pack(layout.weights, tensors));
    values.set(names.targets, Float32Array.from(targets));
    return outputOf(graph, values, names.loss)[0]!;
  }
  const first = [1, 0];
  const second = [0, 1];

  test.each([
    ["all of the likely class: −ln ¾", 0, [...second, ...second, ...second, ...second], 0.287682],
    ["all of the other: −ln ¼", 0, [...first, ...first, ...first, ...first], 1.386294],
    [
      "the mean over the batch: (3 · 0.287682 + 1.386294) / 4",
      0,
      [...second, ...first, ...second, ...second],
      0.562335,
    ],
    ["smoothed by 0.2: 0.9 · 0.287682 + 0.1 · 1.386294", 0.2, [...second, ...second, ...second, ...second], 0.397543],
  ])("%s", (_, smoothing, targets, loss) => {
    expect(lossOf(smoothing, targets)).toBeCloseTo(loss, 5);
  });
});

test("the evaluation is the network with its running statistics", () => {
  const network = tinyNetwork({ resolution: 8 });
  const { layout, tensors, values } = prepare(network, plainSgd);
  const graph = buildEvaluation(network, 4, layout);
  const reference = buildNetwork(network, { batch: 4, mode: "inference" }).graph;
  const image = values.get(names.image)!;
  expect(evaluate(graph, values).get(names.logits)!).toBeAllClose(
    evaluate(reference, new Map([...tensors, [names.image, image]])).get("logits")!,
  );
});
