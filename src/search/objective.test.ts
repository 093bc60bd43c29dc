import { expect, test } from "vitest";
import { bestTrial, frontOf, pointOf, volumeShare } from "./objective.js";
import type { Objective, Trial } from "./strategy.js";

const objective: Objective = { costs: ["macs"], reward: ({ accuracy, costs }) => accuracy / costs.params };
let id = 0;
const trial = (accuracy: number, macs: number, more: Partial<Trial> = {}): Trial =>
  ({
    id: id++,
    state: "finished",
    accuracy,
    costs: { macs, params: 1, weightBytes: 4, peakActivationBytes: 4 },
    sameAs: null,
    ...more,
  }) as Trial;

test("a point is the error and the costs; one that failed is behind all", () => {
  const both: Objective = { ...objective, costs: ["params", "macs"] };
  expect(pointOf(both, trial(0.75, 9))).toEqual([0.25, 1, 9]);
  expect(pointOf(both, trial(0, 9, { state: "failed" }))).toEqual(Array(3).fill(Number.POSITIVE_INFINITY));
});

test("the front leaves out what is beaten, what failed and what was known", () => {
  const [cheap, good, beaten] = [trial(0.5, 1), trial(0.9, 5), trial(0.8, 6)];
  const again = trial(0.9, 5, { sameAs: good.id });
  const failed = trial(0, 0, { state: "failed" });
  const stopped = trial(0.7, 2, { state: "stopped" });
  expect(frontOf([cheap, good, beaten, again, failed, stopped], objective)).toEqual([cheap, good, stopped]);
  // Of one arm alone, what it had from another is its own.
  expect(frontOf([beaten, again, { ...again, id: 99 }], objective)).toEqual([again]);
  expect(frontOf([failed], objective)).toEqual([]);
});

test("the dearest trial has a share of the volume, and so has the only one", () => {
  const points = [trial(0.5, 10), trial(0.9, 20)].map((each) => pointOf(objective, each));
  const share = volumeShare(points);
  expect(share([])).toBe(0);
  expect(share([points[1]!])).toBeCloseTo((0.9 * 1) / 21, 12);
  expect(share(points)).toBeCloseTo((0.5 * 11 + 0.4 * 1) / 21, 12);
  expect(volumeShare([points[0]!])([points[0]!])).toBeCloseTo(0.5 / 11, 12);
  expect(volumeShare([])([])).toBe(0);
});

test("the best of equals has fewer MACs, and is never one that failed", () => {
  const { reward } = objective;
  const equal = [trial(0.5, 1), trial(0.7, 9), trial(0.7, 5), trial(0.7, 6)];
  expect(bestTrial(equal, reward)).toBe(equal[2]);
  const failed = trial(0.9, 1, { state: "failed" });
  expect(bestTrial([failed, ...equal, failed], reward)).toBe(equal[2]);
  expect(bestTrial([failed], reward)).toBe(failed);
});
