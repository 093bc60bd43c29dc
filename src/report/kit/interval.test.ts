import fc from "fast-check";
import { expect, test } from "vitest";
import { accuracyInWords, wilson } from "./interval.js";

// The formula in double precision, worked apart in Python 3.
test.each([
  [50, 100, 0.4038315, 0.5961685],
  [9130, 10_000, 0.9073163, 0.9183665],
  [0, 10, 0, 0.2775328],
  [10, 10, 0.7224672, 1],
])("%i of %i", (hits, n, low, high) => {
  const interval = wilson(hits / n, n);
  expect(interval[0]).toBeCloseTo(low, 5);
  expect(interval[1]).toBeCloseTo(high, 5);
});

test("holds the proportion, stays in [0, 1], narrows with more images", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e5 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
      const [low, high] = wilson(share, n);
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThanOrEqual(1);
      expect(low).toBeLessThanOrEqual(share + 1e-12);
      expect(high).toBeGreaterThanOrEqual(share - 1e-12);
      const [closerLow, closerHigh] = wilson(share, 4 * n);
      expect(closerHigh - closerLow).toBeLessThan(high - low);
    }),
  );
  expect(wilson(0, 0)).toEqual([0, 1]);
});

test("of fewer than 200 images the interval leads, of more the point", () => {
  // Wilson's formula in Python: 0.5304 to 0.8042.
  expect(accuracyInWords(28 / 41, 41, "images")).toBe("53.0 % to 80.4 %, the 95 % interval of 68.3 % of 41 images");
  expect(accuracyInWords(0.5, 199, "images")).toMatch(/^43\.1 % to 56\.9 %, the/);
  expect(accuracyInWords(0.875, 2000, "images", (text) => `*${text}*`, 2)).toBe("*87.50 %* of 2000 images");
  expect(accuracyInWords(0, 0, "images")).toBe("0.0 % of 0 images");
});
