import { expect, test } from "vitest";
import { UsageError } from "../base/index.js";
import { coefficientGrid, defaultGrid, growthOf } from "./index.js";

test.each([
  [defaultGrid],
  [{ growth: 2, tolerance: 0.02, steps: { depth: 0.05, width: 0.05, resolution: 0.05 } }],
  [{ growth: 3, tolerance: 0.3, steps: { depth: 0.5, width: 0.25, resolution: 0.1 } }],
])("every point keeps the constraint, none is left out: %j", (options) => {
  const { growth, tolerance, steps } = options;
  const points = coefficientGrid(options);
  for (const point of points) {
    expect(Math.min(point.depth, point.width, point.resolution)).toBeGreaterThanOrEqual(1);
    expect(Math.abs(point.depth * point.width ** 2 * point.resolution ** 2 - growth)).toBeLessThanOrEqual(
      tolerance + 1e-9,
    );
  }
  // Counted again, over a cube that is larger than need be.
  let expected = 0;
  for (let a = 0; a <= 4 / steps.depth; a++)
    for (let b = 0; b <= 2 / steps.width; b++)
      for (let c = 0; c <= 2 / steps.resolution; c++) {
        const product = (1 + a * steps.depth) * (1 + b * steps.width) ** 2 * (1 + c * steps.resolution) ** 2;
        if (Math.abs(product - growth) <= tolerance + 1e-9) expected++;
      }
  expect(points).toHaveLength(expected);
});

test("the published coefficients are a point of the default grid, and the ends of each axis too", () => {
  const points = coefficientGrid();
  expect(points).toHaveLength(19);
  expect(points).toContainEqual({ depth: 1.2, width: 1.1, resolution: 1.15 });
  expect(points).toContainEqual({ depth: 2, width: 1, resolution: 1 });
  expect(points).toContainEqual({ depth: 1, width: 1.4, resolution: 1 });
  expect(points).toContainEqual({ depth: 1, width: 1, resolution: 1.4 });
  expect(growthOf({ depth: 1.2, width: 1.1, resolution: 1.15 })).toBeCloseTo(1.92027, 12);
});

test("a tolerance of exactly 0.07973 still holds the published point", () => {
  const published = { depth: 1.2, width: 1.1, resolution: 1.15 };
  expect(coefficientGrid({ ...defaultGrid, tolerance: 0.07973 })).toContainEqual(published);
  expect(coefficientGrid({ ...defaultGrid, tolerance: 0.0797 })).not.toContainEqual(published);
});

test.each([
  [
    { steps: { depth: 0.3, width: 0.3, resolution: 0.3 }, tolerance: 0.001 },
    /a point of the grid with α·β²·γ² in 2 ± 0.001/,
  ],
  [{ steps: { depth: 0, width: 0.1, resolution: 0.1 } }, /steps above 0/],
  [{ growth: 1 }, /a growth above 1/],
  [{ steps: { depth: 0.001, width: 0.001, resolution: 0.001 } }, /at most 10000 points/],
])("%j is refused", (change, message) => {
  const attempt = () => coefficientGrid({ ...defaultGrid, ...change });
  expect(attempt).toThrow(UsageError);
  expect(attempt).toThrow(message);
});
