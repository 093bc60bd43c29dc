import { describe, expect, test } from "vitest";
import { differentiate } from "../../../autodiff/index.js";
import { createRng } from "../../../base/index.js";
import { type Graph, verify } from "../../../ir/index.js";
import { inferNode } from "../../../ops/index.js";
import "../../../ops/testing/close.js";
import { finiteDifferences } from "../../../ops/testing/differences.js";
import { evaluate, type Values } from "../../../ops/testing/interpreter.js";
import { feedsOf } from "./learner.js";
import { initialWeights, policyOf, score } from "./policy.js";
import { adam, adamStep, buildLoss, buildUpdate, names } from "./ppo.js";

/** Of sequences whose decisions have become `ratios` times as likely as they were. */
function valuesOf(policy: ReturnType<typeof policyOf>, weights: Float32Array, batch: readonly Sequence[]): Values {
  const experiences = batch.map(({ choices, ratios, advantage }) => {
    const now = score(policy, weights, choices).logProbabilities;
    return { choices, logProbabilities: now.map((x, i) => x - Math.log(ratios[i]!)), advantage };
  });
  return new Map([[names.weights, weights], ...feedsOf(policy, experiences)]);
}

type Sequence = { readonly choices: readonly number[]; readonly ratios: readonly number[]; readonly advantage: number };

function withGradient(forward: Graph): Graph {
  const weights = forward.inputs.find(({ name }) => name === names.weights)!;
  const { builder, gradients } = differentiate(forward, forward.outputs[0]!, [weights]);
  builder.output(gradients[0]!, "gradient");
  return builder.build();
}

describe("the loss of one decision between two, by hand", () => {
  const policy = policyOf([2], 3);
  const weights = new Float32Array(policy.size); // all zero: both are as likely
  const lossOf = (ratio: number, advantage: number, entropyBonus = 0) =>
    evaluate(
      buildLoss(policy, 1, { clip: 0.2, entropyBonus }),
      valuesOf(policy, weights, [{ choices: [0], ratios: [ratio], advantage }]),
    ).get(names.loss)![0]!;

  test.each([
    ["a better choice, as likely as before", 1, 3, -3],
    ["a better choice gains by becoming more likely", 1.1, 3, -3.3],
    ["but no more than by 1.2", 2, 3, -3.6],
    ["and loses all that it became less likely by", 0.25, 3, -0.75],
    ["a worse choice gains by becoming less likely", 0.9, -3, 2.7],
    ["but no more than by 0.8", 0.25, -3, 2.4],
    ["and loses all that it became more likely by", 2, -3, 6],
  ])("%s", (_, ratio, advantage, loss) => {
    expect(lossOf(ratio, advantage)).toBeCloseTo(loss, 5);
  });

  test("less its entropy, ln 2", () => {
    expect(lossOf(1, 3, 0.5)).toBeCloseTo(-3 - 0.5 * Math.log(2), 6);
  });
});

// Each way that a decision may be clipped, in the first, a middle and the last place.
const policy = policyOf([3, 2, 4], 4);
const weights = initialWeights(policy, createRng(5)).map((x) => 10 * x);
const batch: readonly Sequence[] = [
  { choices: [0, 1, 3], ratios: [1.05, 1.5, 0.6], advantage: 0.7 },
  { choices: [2, 0, 0], ratios: [0.5, 0.9, 1.7], advantage: -0.4 },
  { choices: [2, 1, 1], ratios: [1.4, 0.7, 1], advantage: -1.1 },
  { choices: [1, 1, 2], ratios: [0.7, 1, 1.3], advantage: 0.2 },
];
const surrogate = { clip: 0.2, entropyBonus: 0.3 };

test("the loss is the mean over decisions and sequences", () => {
  const lossOf = (sequences: readonly Sequence[]) =>
    evaluate(buildLoss(policy, sequences.length, surrogate), valuesOf(policy, weights, sequences)).get(names.loss)![0]!;
  const each = batch.map((sequence) => lossOf([sequence]));
  expect(lossOf(batch)).toBeCloseTo(each.reduce((sum, loss) => sum + loss, 0) / batch.length, 12);
  const [first] = batch;
  const gains = [1.05, 1.2, 0.6].reduce((sum, ratio) => sum + ratio, 0) * first!.advantage;
  const loss = evaluate(buildLoss(policy, 1, { clip: 0.2, entropyBonus: 0 }), valuesOf(policy, weights, [first!])).get(
    names.loss,
  )![0]!;
  expect(loss).toBeCloseTo(-gains / 3, 6);
});

test("the gradient of the loss is that of finite differences", () => {
  const forward = buildLoss(policy, batch.length, surrogate);
  const values = valuesOf(policy, weights, batch);
  const graph = withGradient(forward);
  verify(graph, inferNode);
  const gradient = evaluate(graph, values).get("gradient")!;
  expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0.05);
  for (const { name, offset, size } of policy.tensors) {
    const largest = Math.max(...gradient.subarray(offset, offset + size).map(Math.abs));
    expect(largest, `${name} matters`).toBeGreaterThan(1e-4);
  }
  expect(gradient).toBeAllClose(finiteDifferences(forward, names.loss, values, names.weights), { absolute: 1e-8 });
});

test("five steps are those of Adam as its paper writes it", () => {
  const learningRate = 0.02;
  const update = buildUpdate(policy, batch.length, surrogate);
  const gradients = withGradient(buildLoss(policy, batch.length, surrogate));
  const fixed = valuesOf(policy, weights, batch);
  const [beta1, beta2] = adam.decays;
  const zeros = () => new Float64Array(policy.size);

  let state: Values = new Map([
    [names.weights as string, Float64Array.from(weights)],
    ...names.moments.map((name) => [name as string, zeros()] as const),
  ]);
  const expected = { weights: Float64Array.from(weights), m: zeros(), v: zeros() };
  for (let step = 1; step <= 5; step++) {
    const scalars = Object.entries(adamStep(learningRate, step)).map(
      ([name, x]) => [name, Float64Array.of(x)] as const,
    );
    const outputs = evaluate(update, new Map([...fixed, ...state, ...scalars]));
    state = new Map([...state.keys()].map((name) => [name, outputs.get(names.next(name))!]));

    const gradient = evaluate(gradients, new Map([...fixed, [names.weights, expected.weights]])).get("gradient")!;
    expected.m = expected.m.map((m, i) => beta1 * m + (1 - beta1) * gradient[i]!);
    expected.v = expected.v.map((v, i) => beta2 * v + (1 - beta2) * gradient[i]! ** 2);
    expected.weights = expected.weights.map((weight, i) => {
      const [m, v] = [expected.m[i]! / (1 - beta1 ** step), expected.v[i]! / (1 - beta2 ** step)];
      return weight - (learningRate * m) / (Math.sqrt(v) + adam.epsilon);
    });
    expect(state.get(names.weights)!).toBeAllClose(expected.weights, { absolute: 1e-12, relative: 0 });
  }
});
