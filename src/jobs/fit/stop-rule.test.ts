import { expect, test } from "vitest";
import type { Trial } from "../../search/index.js";
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
  const clock = { total: 100 / SEARCH_SHARE, now: seconds, spent: () => clock.now, reading: () => 0 };
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

test("a quarter of what reading leaves", () => {
  const clock = { ...clockAt(0), total: 500, reading: () => 300 };
  const isDone = (seconds: number) => stopRule({ ...clock, spent: () => seconds }, undefined, [])(trialsOf(2));
  // 300 s of reading, then 50 s of search, and 30 % more until the first trial's end.
  expect([340, 364, 366].map(isDone)).toEqual([false, false, true]);
  // Reading has taken all: a single trial.
  const late = { total: 20, reading: () => 60, spent: () => 61 };
  expect([0, 2].map((length) => stopRule(late, undefined, [])(trialsOf(length)))).toEqual([false, true]);
});
