import { describe, expect, test } from "vitest";
import { differentiate } from "../../autodiff/index.js";
import { createRng } from "../../base/index.js";
import { plain } from "../../ir/index.js";
import { buildNetwork } from "../../networks/index.js";
import { randomWeights } from "../../networks/testing/random-weights.js";
import { tinyNetwork } from "../../networks/testing/tiny.js";
import { createBuilder } from "../../ops/index.js";
import "../../ops/testing/close.js";
import { runners, trainingRunners } from "../../ops/testing/engine.js";
import { evaluate } from "../../ops/testing/interpreter.js";
import { chooseEngine } from "../../runtime/index.js";
import { createTraining } from "../run/training.js";
import { halves, halvesNetwork, halvesNormalization, halvesRecipe } from "../testing/halves.js";
import { type Distillation, distilled, teacherInput, teacherWeights } from "./distillation.js";
import { pack } from "./flat.js";
import { initialMoments } from "./optimizer.js";
import { resampled } from "./resample.js";
import { names, stateLayout } from "./state-layout.js";
import { buildTrainingStep } from "./step.js";

// PyTorch 1.13, float64: (1 − α) · cross_entropy + α · T² · kl_div(log_softmax(s / T), softmax(t / T), reduction="batchmean").
describe.each([
  [1, 1, 0.575634739, [-0.120022919, -0.042068156, 0.162091075, -0.015541478, 0.181071279, -0.165529801]],
  [4, 0.9, 1.076615646, [-0.1212807, -0.162592357, 0.283873056, 0.025739376, 0.289268086, -0.315007462]],
  [2.5, 0.3, 1.526511069, [-0.176016504, -0.032456227, 0.208472731, 0.017166284, 0.324330219, -0.341496503]],
])("at temperature %d with weight %d", (temperature, weight, loss, gradient) => {
  const g = createBuilder();
  const [student, teacher, targets] = ["student", "teacher", "targets"].map((name) => g.input(name, plain(2, 3)));
  const own = g.mul(g.sumTo(g.mul(targets!, g.logSoftmax(student!)), []), -1 / 2);
  const value = distilled(g, own, student!, teacher!, { temperature, weight });
  const { builder, gradients } = differentiate(g.build(), value, [student!]);
  builder.output(value, "loss");
  builder.output(gradients[0]!, "gradient");
  const graph = builder.build();
  const values = new Map([
    ["student", Float32Array.of(1, -2, 0.5, 0, 3, -1)],
    ["teacher", Float32Array.of(2, 0, -1, -0.5, 1.5, 1)],
    ["targets", Float32Array.of(1, 0, 0, 0, 0.25, 0.75)],
  ]);

  test.for(runners)("loss and gradient are PyTorch's on $name", async ({ run, missing }, context) => {
    if (missing !== undefined) context.skip(missing);
    const received = await run(graph, values);
    expect(received.get("loss")![0]).toBeCloseTo(loss, 5);
    expect(received.get("gradient")!).toBeAllClose(gradient, { absolute: 1e-6 });
  });
});

const studentNetwork = tinyNetwork({ classes: 2, resolution: 8, dropout: 0, dropPath: 0 });
const teacherNetwork = tinyNetwork({
  name: "teacher",
  classes: 2,
  resolution: 12,
  head: { conv: 16, hidden: null, activation: "relu6" },
});
const weightsOf = (architecture: typeof studentNetwork, seed: number) =>
  randomWeights(buildNetwork(architecture, { batch: 1, mode: "inference" }).graph, createRng(seed));
const distillation: Distillation = {
  teacher: { architecture: teacherNetwork, tensors: weightsOf(teacherNetwork, 3), mean: [0, 0, 0], std: [1, 1, 1] },
  temperature: 3,
  weight: 0.6,
};

describe("a step with a teacher", () => {
  const recipe = {
    ...halvesRecipe,
    batchSize: 4,
    weightDecay: 0,
    labelSmoothing: 0,
    optimizer: { kind: "sgd", momentum: 0, nesterov: false } as const,
  };
  const layout = stateLayout(studentNetwork);
  const { graph } = buildTrainingStep(studentNetwork, recipe, layout, { distillation });
  const own = createRng(1);
  const draw = (size: number) => Float32Array.from({ length: size }, () => own.normal());
  const tensors = weightsOf(studentNetwork, 2);
  const values = new Map<string, Float32Array>([
    [names.image, draw(4 * 3 * 8 * 8)],
    ["teacherImage", draw(4 * 3 * 12 * 12)],
    [names.targets, Float32Array.of(1, 0, 0, 1, 1, 0, 0.5, 0.5)],
    [names.weights, pack(layout.weights, tensors)],
    [names.buffers, pack(layout.buffers, tensors)],
    [names.learningRate, Float32Array.of(1)],
    [names.statisticsMomentum, Float32Array.of(0.9)],
    ...initialMoments(recipe.optimizer).map((_, i) => [names.moment(i), draw(layout.weights.size).fill(0)] as const),
    ...teacherWeights(distillation),
  ]);
  const expected = evaluate(graph, values);

  test("has the loss of both networks' logits, the teacher as it is deployed", () => {
    const teacher = buildNetwork(teacherNetwork, { batch: 4, mode: "inference" }).graph;
    const image = values.get("teacherImage")!;
    const t = evaluate(teacher, new Map([...distillation.teacher.tensors, ["image", image]])).get("logits")!;
    const s = expected.get(names.logits)!;
    const targets = values.get(names.targets)!;
    const softmax = (logits: ArrayLike<number>, n: number, temperature: number) => {
      const powers = [0, 1].map((k) => Math.exp(logits[2 * n + k]! / temperature));
      return powers.map((power) => power / (powers[0]! + powers[1]!));
    };
    let loss = 0;
    for (let n = 0; n < 4; n++) {
      const [hard, p, q] = [softmax(s, n, 1), softmax(t, n, 3), softmax(s, n, 3)];
      for (let k = 0; k < 2; k++) {
        loss -= (0.4 * targets[2 * n + k]! * Math.log(hard[k]!)) / 4;
        loss += (0.6 * 9 * p[k]! * Math.log(p[k]! / q[k]!)) / 4;
      }
    }
    expect(expected.get(names.loss)![0]).toBeCloseTo(loss, 5);
  });

  test("computes no gradient in the teacher", () => {
    const paths = graph.nodes.map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith("teacher.")).length).toBeGreaterThan(20);
    expect(paths.filter((path) => path.startsWith("teacher.") && path.includes("~"))).toEqual([]);
  });

  test("moves the weights along the gradient of that loss", () => {
    const before = values.get(names.weights)!;
    const gradient = expected.get(names.next(names.weights))!.map((next, i) => before[i]! - next);
    const lossAt = (i: number, by: number) => {
      const weights = Float32Array.from(before, (weight, at) => (at === i ? weight + by : weight));
      return evaluate(graph, new Map([...values, [names.weights, weights]])).get(names.loss)![0]!;
    };
    const order = gradient.map((_, i) => i).sort((a, b) => Math.abs(gradient[b]!) - Math.abs(gradient[a]!));
    for (const i of order.slice(0, 8)) {
      const step = 2 ** -10;
      const slope = (lossAt(i, step) - lossAt(i, -step)) / (2 * step);
      expect(Math.abs(gradient[i]! - slope)).toBeLessThan(2e-2 * Math.abs(slope));
    }
  });

  test.for(trainingRunners.filter(({ layout }) => layout !== null))(
    "gives the same on $name",
    async ({ run, missing }, context) => {
      if (missing !== undefined) context.skip(missing);
      const received = await run(graph, values);
      for (const [name, numbers] of expected)
        expect(received.get(name)!, name).toBeAllClose(numbers, { absolute: 1e-4, relative: 1e-4 });
    },
  );
});

describe("what a teacher is shown", () => {
  const image = { data: Float32Array.of(1, 2, 3, 4, -1, -2, -3, -4), dims: [1, 2, 2, 2] };
  const teacherOf = (channels: 1 | 3, resolution: number, mean: number[], std: number[]): Distillation => ({
    ...distillation,
    teacher: { architecture: { ...teacherNetwork, channels, resolution }, tensors: new Map(), mean, std },
  });
  const student = { channels: 1, resolution: 2 } as const;

  test("is the very batch where both read the same", () => {
    const feed = teacherInput(student, { mean: [0.5], std: [0.2] }, teacherOf(1, 2, [0.5], [0.2]));
    expect(feed(image)).toEqual(["teacherImage", image]);
    expect(feed(image)[1]).toBe(image);
  });

  test("are the same pixels in its own normalization, grey ones in each of its channels", () => {
    // Pixels 0.2 · x + 0.5; then (pixel − mean) / std.
    const feed = teacherInput(student, { mean: [0.5], std: [0.2] }, teacherOf(3, 2, [0.5, 0, 0.1], [0.1, 1, 0.2]));
    const [, { data, dims }] = feed(image);
    expect(dims).toEqual([3, 2, 2, 2]);
    const own = [...image.data];
    const theirs = [own.map((x) => 2 * x), own.map((x) => 0.2 * x + 0.5), own.map((x) => x + 2)].flat();
    expect(data as Float32Array).toBeAllClose(theirs);
  });

  test("are each channel's own pixels, of pictures in colour", () => {
    const colours = { data: Float32Array.of(1, 2, 3, 4, 5, 6), dims: [3, 2, 1, 1] };
    const pixels = { mean: [0, 1, 2], std: [1, 2, 3] };
    const [, { data }] = teacherInput(
      { channels: 3, resolution: 1 },
      pixels,
      teacherOf(3, 1, [0, 0, 0], [1, 1, 0.5]),
    )(colours);
    expect([...data]).toEqual([1, 2, 2 * 3 + 1, 2 * 4 + 1, 2 * (3 * 5 + 2), 2 * (3 * 6 + 2)]);
  });

  test("are its own size", () => {
    const [, { data, dims }] = teacherInput(student, { mean: [0], std: [1] }, teacherOf(1, 1, [0], [1]))(image);
    expect([dims, ...data]).toEqual([[1, 2, 1, 1], 2.5, -2.5]);
  });
});

// PyTorch 1.13, `interpolate(…, mode="bilinear", antialias=True)` of the squares 0², 1², …, 15².
test.each([
  [2, [21.081633, 34.77551, 105.489796, 138.938776]],
  [3, [5.82, 10.9, 18.78, 43.9, 60.5, 79.9, 126.78, 154.9, 185.82]],
  [6, [0, 0.5, 1.5, 3.5, 6.5, 9, 8, 10.5, 14.166667, 18.833333, 24.5, 29, 24, 29.166667]],
])("pictures of 4 × 4 become PyTorch's of side %i", (side, expected) => {
  const squares = Float32Array.from({ length: 16 }, (_, i) => i * i);
  const twice = Float32Array.of(...squares, ...squares.map((value) => 1 - value));
  const resized = resampled(4, side)(twice, 2);
  expect(resized).toHaveLength(2 * side * side);
  expect([...resized.slice(0, expected.length)]).toBeAllClose(expected, { absolute: 1e-4 });
  expect(resized.slice(side * side)).toBeAllClose(resized.slice(0, side * side).map((value) => 1 - value));
});

test("a student without labels learns what its teacher knows", async () => {
  const engine = await chooseEngine("auto", 1);
  const setup = {
    engine,
    architecture: halvesNetwork,
    normalization: halvesNormalization,
    recipe: { ...halvesRecipe, learningRate: 0.02 },
  };
  const [teacher, images, held] = [await createTraining({ ...setup, rng: createRng(1) }), halves(64, 1), halves(64, 2)];
  for (let epoch = 0; epoch < 6; epoch++) await teacher.trainEpoch(images, { epochs: 6 });
  expect((await teacher.evaluate(held)).accuracy).toBeGreaterThan(0.9);
  const student = await createTraining({
    ...setup,
    rng: createRng(2),
    distillation: {
      teacher: { architecture: halvesNetwork, tensors: teacher.tensors(), ...halvesNormalization },
      temperature: 2,
      weight: 1,
    },
  });
  const wrong = { ...images, labels: images.labels.map((label) => 1 - label) };
  for (let epoch = 0; epoch < 6; epoch++) await student.trainEpoch(wrong, { epochs: 6 });
  expect((await student.evaluate(held)).accuracy).toBeGreaterThan(0.85);
  await teacher.dispose();
  await student.dispose();
});
