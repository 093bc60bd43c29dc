import { expect, test } from "vitest";
import type { Trial } from "../search/index.js";
import { EVOLUTION, SEARCH_SHARE } from "./plan.js";
import { stopRule } from "./stop-rule.js";

/** As a search makes them: a start in pairs, the second of each known, and then each trained. */
const trialsOf = (length: number) =>
  Array.from({ length }, (_, id) => ({
    id,
    sameAs: id < 2 * EVOLUTION.population && id % 2 === 1 ? id - 1 : null,
  })) as Trial[];

/** A clock for tests: 400 s in all, 100 of them for the search. */
function clockAt(seconds: number) {
  const clock = { total: 100 / SEARCH_SHARE, now: seconds, spent: () => clock.now };
  return clock;
}

test("counts the trials that were trained", () => {
  const isDone = stopRule(clockAt(1e9), 8, []);
  expect([13, 14].map((length) => isDone(trialsOf(length)))).toEqual([false, true]);
});

test("without a number, stops before the trial that would not end in time", () => {
  const clock = clockAt(20);
  const isDone = stopRule(clock, undefined, []);
  clock.now = 90;
  // Eight trained in 70 s: another takes 9 s on average, which there are; at 92 s there are not.
  expect(isDone(trialsOf(14))).toBe(false);
  clock.now = 92;
  expect(isDone(trialsOf(14))).toBe(true);
  // Seven are wanted in any case, unless time is over by far.
  expect(isDone(trialsOf(13))).toBe(false);
  clock.now = 131;
  expect([0, 2].map((length) => isDone(trialsOf(length)))).toEqual([false, true]);
});

test("after a stop, takes its average over the trials since", () => {
  const clock = clockAt(50);
  const isDone = stopRule(clock, undefined, trialsOf(14));
  clock.now = 70;
  expect(isDone(trialsOf(15)), "one in 20 s").toBe(false);
  clock.now = 81;
  expect(isDone(trialsOf(15)), "one in 31 s").toBe(true);
});
