import fc from "fast-check";
import { expect, test } from "vitest";
import { makeDivisible, scaleRepeats } from "./rounding.js";

test.each([
  [11.2, 16], // 8 would lose more than a tenth
  [12, 16],
  [14, 16],
  [8.4, 8],
  [18, 24],
  [26.4, 24],
  [30, 32],
  [36, 40],
  [41.6, 40],
  [44, 48],
  [60, 64],
  [123.2, 120],
  [211.2, 208],
  [1408.0000000000002, 1408],
  [112 * 1.2, 136],
  [1, 8], // never nothing
] as const)("makeDivisible(%d, 8) is %d", (width, channels) => {
  expect(makeDivisible(width, 8)).toBe(channels);
});

test("makeDivisible gives up no more than a tenth of the width and adds less than one divisor", () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 4096, noNaN: true }), fc.constantFrom(4, 8), (width, divisor) => {
      const channels = makeDivisible(width, divisor);
      expect(channels % divisor).toBe(0);
      expect(channels).toBeGreaterThanOrEqual(0.9 * width);
      expect(channels).toBeLessThan(width + divisor);
    }),
  );
});

test.each([
  [1, 1.1, 2],
  [3, 1.4, 5],
  [4, 3.1, 13],
  [10, 1.1, 11], // 11.000000000000002 in floating point
  [3, 1, 3],
  [3, 0.5, 2],
  [1, 0.1, 1],
] as const)("%d repeats at depth %d are %d", (repeats, depth, scaled) => {
  expect(scaleRepeats(repeats, depth)).toBe(scaled);
});
