import { expect, test } from "vitest";
import { extentOf, largest } from "./extent.js";

test("half a million numbers are more than a call takes, and no more than these take", () => {
  const numbers = Array.from({ length: 500_000 }, (_, i) => (i * 7919) % 500_000);
  expect(() => Math.max(...numbers)).toThrow(RangeError);
  expect(largest(numbers)).toBe(499_999);
  expect(extentOf(numbers)).toEqual([0, 499_999]);
  expect(largest(Float32Array.of(-3, -1))).toBe(-1);
});

test("of nothing and of what is no number, as Math.max and Math.min say", () => {
  expect(extentOf([])).toEqual([Math.min(), Math.max()]);
  expect(extentOf([1, Number.NaN, 2])).toEqual([Number.NaN, Number.NaN]);
});
