import { expect, test } from "vitest";
import { type Budget, brokenLimits, shrinkBudget, usedShare } from "./budget.js";

const costs = { params: 100, macs: 2000, weightBytes: 400, peakActivationBytes: 50 };

test.each<[string, Budget, readonly string[], number]>([
  ["nothing limited", {}, [], 0],
  ["a limit that is just kept", { params: 100 }, [], 1],
  ["one that is not", { params: 99 }, ["params"], 100 / 99],
  ["half of one, a quarter of another", { macs: 4000, peakActivationBytes: 200 }, [], 0.5],
  [
    "two broken of three",
    { macs: 1000, weightBytes: 400, peakActivationBytes: 25 },
    ["macs", "peakActivationBytes"],
    2,
  ],
  ["all broken", { params: 1, macs: 1, weightBytes: 1, peakActivationBytes: 1 }, Object.keys(costs), 2000],
])("%s", (_, budget, broken, share) => {
  expect(brokenLimits(costs, budget)).toEqual(broken);
  expect(usedShare(costs, budget)).toBeCloseTo(share, 12);
});

test("a share of a budget is made of whole numbers, rounded down, and of the same limits", () => {
  expect(shrinkBudget({ params: 101, macs: 7 }, 0.5)).toEqual({ params: 50, macs: 3 });
  expect(shrinkBudget({}, 0.5)).toEqual({});
});
