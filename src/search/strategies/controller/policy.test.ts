import { expect, test } from "vitest";
import { createRng } from "../../../base/index.js";
import "../../../ops/testing/close.js";
import { runners } from "../../../ops/testing/engine.js";
import { feedsOf } from "./learner.js";
import { initialWeights, policyOf, sample, score } from "./policy.js";
import { buildLoss, names } from "./ppo.js";

const surrogate = { clip: 0.2, entropyBonus: 0 };

/** Twenty times what a policy begins with: far from equal chances, so that a slip in any tensor shows. */
const strongWeights = (policy: ReturnType<typeof policyOf>, seed: number) =>
  initialWeights(policy, createRng(seed)).map((x) => 20 * x);

/** Every sequence of decisions. */
const sequences = (options: readonly number[]): number[][] =>
  options.reduce<number[][]>(
    (all, count) => all.flatMap((start) => Array.from({ length: count }, (_, k) => [...start, k])),
    [[]],
  );

const likelihood = ({ logProbabilities }: { readonly logProbabilities: readonly number[] }) =>
  Math.exp(logProbabilities.reduce((sum, x) => sum + x, 0));

test("one decision by one unit, by hand", () => {
  const policy = policyOf([2], 1);
  expect(policy.tensors.map(({ name, shape }) => [name, shape])).toEqual([
    ["start", [1, 1]],
    ["lstm.weights", [4, 2]],
    ["lstm.bias", [4, 1]],
    ["softmax.0.weights", [1, 2]],
    ["softmax.0.bias", [1, 2]],
  ]);
  // Reads 2. Gates: enter σ(2 · ½ − 1) = ½, news tanh(2 · 1), leave σ(2 · 1 + 1 − 3) = ½; nothing is kept of an empty cell.
  const gates = [0.5, 9, 7, 9, 1, 9, 1, 9];
  const weights = Float32Array.of(2, ...gates, -1, 7, 0, -2, 0, 4, 0.5, 0);
  const output = 0.5 * Math.tanh(0.5 * Math.tanh(2));
  const second = 1 / (1 + Math.exp(0.5 - 4 * output));
  expect(score(policy, weights, [1]).logProbabilities).toBeAllClose([Math.log(second)]);
  expect(score(policy, weights, [0]).logProbabilities).toBeAllClose([Math.log(1 - second)]);
});

test("begins with every option about as likely as the others", () => {
  const policy = policyOf([3, 2, 4], 100);
  const weights = initialWeights(policy, createRng(0));
  expect(Math.max(...weights.map(Math.abs))).toBeLessThanOrEqual(0.1);
  expect(Math.max(...weights.map(Math.abs))).toBeGreaterThan(0.099);
  for (const choices of sequences(policy.options)) {
    const { logProbabilities } = score(policy, weights, choices);
    expect(logProbabilities).toBeAllClose([1 / 3, 1 / 2, 1 / 4].map(Math.log), { absolute: 0.2, relative: 0 });
  }
});

test("the probabilities of all sequences sum to one, and draws follow them", () => {
  const policy = policyOf([2, 3, 2], 5);
  const weights = strongWeights(policy, 1);
  const all = sequences(policy.options);
  const probabilities = all.map((choices) => likelihood(score(policy, weights, choices)));
  expect(probabilities.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
  expect(Math.max(...probabilities), "not all alike").toBeGreaterThan(3 / all.length);

  const rng = createRng(2);
  const draws = 4000;
  const counts = new Map(all.map((choices) => [choices.join(), 0]));
  for (let draw = 0; draw < draws; draw++) {
    const { choices, logProbabilities } = sample(policy, weights, rng);
    counts.set(choices.join(), counts.get(choices.join())! + 1);
    if (draw < 20) expect(score(policy, weights, choices).logProbabilities).toEqual(logProbabilities);
  }
  // Three standard deviations of a share of 4000 draws are at most 3 · √(¼ / 4000) = 0.024.
  expect([...counts.values()].map((count) => count / draws)).toBeAllClose(probabilities, {
    absolute: 0.024,
    relative: 0,
  });
});

test.for(runners)(
  "what is decided here is as likely in the graph that learns: $name",
  async ({ run, missing }, { skip }) => {
    skip(missing !== undefined, missing);
    // The interpreter takes a number at a time.
    for (const [options, hidden] of [[[4, 2, 3], 7] as const, [[3, 8, 2, 3, 2], 24] as const]) {
      const policy = policyOf(options, hidden);
      const weights = strongWeights(policy, 3);
      const rng = createRng(4);
      const batch = Array.from({ length: 3 }, () => ({ ...sample(policy, weights, rng), advantage: 0 }));
      const results = await run(
        buildLoss(policy, batch.length, surrogate),
        new Map([[names.weights, weights], ...feedsOf(policy, batch)]),
      );
      const decided = options.flatMap((_, i) => batch.map(({ logProbabilities }) => logProbabilities[i]!));
      expect(results.get(names.logProbabilities)!).toBeAllClose(decided, { absolute: 1e-5, relative: 0 });
    }
  },
);
