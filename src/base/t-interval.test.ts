import { describe, expect, test } from "vitest";
import { tInterval, tQuantile } from "./index.js";

describe("Student's t", () => {
  // Printed in tables of the t distribution, two-sided 95 % and 99 %.
  test.each([
    [0.975, 1, 12.7062],
    [0.975, 2, 4.30265],
    [0.975, 3, 3.18245],
    [0.975, 4, 2.77645],
    [0.975, 10, 2.22814],
    [0.975, 29, 2.04523],
    [0.975, 60, 2.0003],
    [0.995, 1, 63.6567],
    [0.995, 2, 9.92484],
    [0.995, 5, 4.03214],
  ])("quantile %f with %i degrees of freedom is %f", (probability, df, expected) => {
    expect(tQuantile(probability, df)).toBeCloseTo(expected, 4 - Math.floor(Math.log10(expected)) - 1);
  });

  test("its median is zero, and nothing is guessed outside the table's reach", () => {
    expect(tQuantile(0.5, 7)).toBeCloseTo(0, 9);
    expect(() => tQuantile(0.975, 0)).toThrow(RangeError);
    expect(() => tQuantile(1, 3)).toThrow(RangeError);
  });
});

test("the interval of 1, 2, 3 by hand: 2 ± 4.3027 · 1 / √3", () => {
  const { mean, interval } = tInterval([1, 2, 3]);
  expect(mean).toBe(2);
  expect(interval![0]).toBeCloseTo(2 - 2.48414, 4);
  expect(interval![1]).toBeCloseTo(2 + 2.48414, 4);
});

test("one value has a mean and no interval", () => {
  expect(tInterval([0.8])).toEqual({ mean: 0.8, interval: null });
});
