import { expect, test } from "vitest";
import type { Trial } from "../../search/index.js";
import { armCompute, numberedTrials, trainedTrials } from "./trials.js";

const trial = (id: number, arm: string, parent: number | null, sameAs: number | null, compute = 10) =>
  ({ id, arm, parent, sameAs, compute }) as Trial;

// A start of two, then a child of the second; a random one; a child that random search had already; a child of that.
const trials = [
  trial(0, "evolution", null, null),
  trial(1, "random", null, 0),
  trial(2, "evolution", null, null),
  trial(3, "random", null, 2),
  trial(4, "evolution", 2, null),
  trial(5, "random", null, null, 7),
  trial(6, "evolution", 4, 5, 7),
  trial(7, "evolution", 6, null),
];

test("what both arms asked for is one trial, numbered among those that were trained", () => {
  const numbered = numberedTrials(trials).map(({ id, number, strategy, parent }) => [id, number, strategy, parent]);
  expect(numbered).toEqual([
    [0, 1, "shared", null],
    [2, 2, "shared", null],
    [4, 3, "evolution", 2],
    [5, 4, "shared", null],
    [7, 5, "evolution", 4],
  ]);
  expect(trainedTrials(trials)).toHaveLength(5);
});

test("the start is shared before random search has come to it", () => {
  expect(numberedTrials(trials.slice(0, 1))[0]).toMatchObject({ strategy: "shared" });
});

test("an arm that repeats itself shares nothing", () => {
  const repeated = [trial(0, "random", null, null), trial(1, "random", null, 0)];
  expect(numberedTrials(repeated)).toMatchObject([{ id: 0, strategy: "random" }]);
});

test("what was known counts as compute all the same", () => {
  expect([armCompute(trials, "evolution"), armCompute(trials, "random")]).toEqual([47, 27]);
});
