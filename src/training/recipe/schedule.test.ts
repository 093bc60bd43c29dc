import { describe, expect, test } from "vitest";
import golden from "../testing/pytorch-optimizers.json" with { type: "json" };
import { learningRateShare, type Schedule } from "./schedule.js";

// progress, warm-up and length in epochs; the share of the peak
test.each([
  [0, 2, 10, 0],
  [0.5, 2, 10, 0.25],
  [1, 2, 10, 0.5],
  [2, 2, 10, 1],
  [4, 2, 10, (1 + Math.SQRT1_2) / 2], // a quarter of the way: cos 45°
  [6, 2, 10, 0.5],
  [8, 2, 10, (1 - Math.SQRT1_2) / 2],
  [10, 2, 10, 0],
  [11, 2, 10, 0], // past the end it stays at zero
  [0, 0, 4, 1], // without warm-up
  [2, 0, 4, 0.5],
  [0.125, 0.25, 1, 0.5], // less than an epoch of it
  [1, 1, 1, 1], // nothing but warm-up
])("after %d epochs, %d of warm-up, of %d: %d", (progress, warmup, epochs, share) => {
  expect(learningRateShare({ kind: "cosine" }, progress, warmup, epochs)).toBeCloseTo(share, 12);
});

test("rises to the end of the warm-up and falls from there", () => {
  const curve = Array.from({ length: 101 }, (_, i) => learningRateShare({ kind: "cosine" }, i / 10, 3, 10));
  const peak = 30;
  for (let i = 1; i < curve.length; i++) {
    if (i <= peak) expect(curve[i], `at ${i / 10}`).toBeGreaterThan(curve[i - 1]!);
    else expect(curve[i], `at ${i / 10}`).toBeLessThan(curve[i - 1]!);
  }
});

describe("beside PyTorch, twenty updates in four epochs", () => {
  const schedules: readonly [name: keyof typeof golden.schedules, Schedule, warmup: number][] = [
    ["cosine", { kind: "cosine" }, 0],
    ["exponential", { kind: "exponential", factor: 0.97, every: 2.4, inSteps: false }, 0],
    ["exponential in steps", { kind: "exponential", factor: 0.973, every: 2, inSteps: true }, 0],
    ["one-cycle", { kind: "one-cycle", rise: 0.3, divide: 25, divideEnd: 1e4 }, 0],
    ["warm-up, then cosine", { kind: "cosine" }, 1],
  ];
  test.each(schedules)("%s", (name, schedule, warmup) => {
    golden.schedules[name].forEach((rate, i) => {
      expect(learningRateShare(schedule, i / 5, warmup, 4), `update ${i}`).toBeCloseTo(rate, 9);
    });
  });
});
