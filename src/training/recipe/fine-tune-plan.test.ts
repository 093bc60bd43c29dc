import { expect, test } from "vitest";
import { UsageError } from "../../base/index.js";
import { halvesRecipe } from "../testing/halves.js";
import { defaultPlan, normsOf, parsePlan, recipeOfPhase } from "./fine-tune-plan.js";

const parse = (text: string, total = 20, given = false) =>
  parsePlan(text, "--unfreeze", { total, given, norms: "live" });

test("by default, more and more of the network at smaller and smaller rates", () => {
  const plan = defaultPlan(20, "live");
  expect(plan.map(({ part, epochs }) => `${part} ${epochs}`)).toEqual(["classifier 7", "last-2 7", "all 6"]);
  expect(plan.map(({ learningRate }) => learningRate).toSorted((a, b) => b - a)).toEqual(
    plan.map(({ learningRate }) => learningRate),
  );
  expect(defaultPlan(2, "live").map(({ part, epochs }) => `${part} ${epochs}`)).toEqual(["classifier 1", "last-2 1"]);
});

test("epochs and shares are each phase's own", () => {
  expect(parse("classifier:10:2, last-3:5 ,all:1:0.05")).toEqual([
    { part: "classifier", epochs: 10, learningRate: 2 },
    { part: "last-3", epochs: 5, learningRate: defaultPlan(3, "live")[1]!.learningRate },
    { part: "all", epochs: 1, learningRate: 0.05 },
  ]);
});

test("without, they share out the epochs of the run", () => {
  expect(parse("head,all", 7, true).map(({ part, epochs }) => [part, epochs])).toEqual([
    ["head", 4],
    ["all", 3],
  ]);
});

test.each([
  ["classifier:0", 20, false, 'a comma between two, received "classifier:0"'],
  ["classifier:2:0", 20, false, 'received "classifier:2:0"'],
  ["classifier:2:fast", 20, false, 'received "classifier:2:fast"'],
  ["classifier:2:1:1", 20, false, 'received "classifier:2:1:1"'],
  ["classifier:2,all", 20, false, "epochs of every phase"],
  ["classifier:2,all:2", 20, true, "with --epochs, received both"],
  ["classifier,head,all", 2, true, "an epoch for each of 3 phases, received 2 in all"],
  ["everything", 20, false, 'received "everything"'],
])("%s of %d epochs is refused", (text, total, given, message) => {
  expect(() => parse(text, total, given)).toThrow(UsageError);
  expect(() => parse(text, total, given)).toThrow(message);
});

const recipe = { ...halvesRecipe, learningRate: 0.2, warmupEpochs: 2, mixing: { mixup: 0.2, cutmix: 1 } };

test("a phase has its share of the rate, and a warm-up of a fifth at most", () => {
  const tuned = recipeOfPhase(recipe, { part: "all", epochs: 5, learningRate: 0.1 }, null);
  expect(tuned.learningRate).toBeCloseTo(0.02);
  expect([tuned.warmupEpochs, tuned.mixing]).toEqual([1, recipe.mixing]);
});

test.each([
  [2, 0.1], // 2 / 2 is more than the share
  [40, 0.05],
  [0, 0.1],
])("features of squared length %d are not mixed, and bound SGD's rate at %d", (squaredLength, rate) => {
  const phase = { part: "classifier", epochs: 50, learningRate: 0.5 } as const;
  const tuned = recipeOfPhase(recipe, phase, squaredLength);
  expect(tuned).toMatchObject({ warmupEpochs: 2, mixing: { mixup: 0, cutmix: 0 } });
  expect(tuned.learningRate).toBeCloseTo(rate);
  const adaptive = { kind: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
  expect(recipeOfPhase({ ...recipe, optimizer: adaptive }, phase, squaredLength).learningRate).toBeCloseTo(0.1);
});

test("weights into which batch norm was folded are known by their statistics, and have a tenth of the rates", () => {
  const folded = new Map([
    ["stem.norm.variance", Float32Array.of(1, 1)],
    ["head.norm.variance", Float32Array.of(1)],
  ]);
  expect(normsOf(folded, "frozen")).toBe("folded");
  expect(normsOf(folded, "batch")).toBe("live");
  expect(normsOf(new Map(folded).set("stem.norm.variance", Float32Array.of(1, 1.5)), "frozen")).toBe("live");
  const shares = (norms: "live" | "folded") => defaultPlan(3, norms).map(({ learningRate }) => learningRate);
  expect([shares("live"), shares("folded")]).toEqual([
    [1, 0.3, 0.1],
    [1, 0.03, 0.01],
  ]);
});
