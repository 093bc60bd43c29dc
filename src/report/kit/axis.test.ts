import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linearScale, linearTicks, logScale, logTicks } from "./axis.js";

describe("ticks one would choose by hand", () => {
  test.each([
    [0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0.1, 0.3, 4, [0.1, 0.15, 0.2, 0.25, 0.3]],
    [0.842, 0.917, 5, [0.84, 0.86, 0.88, 0.9, 0.92]],
    [3, 97, 5, [0, 20, 40, 60, 80, 100]],
    [-4, 4, 4, [-4, -2, 0, 2, 4]],
  ])("linear %f … %f", (low, high, count, ticks) => expect(linearTicks(low, high, count)).toEqual(ticks));

  test.each([
    [2e5, 9e6, 8, [2e5, 5e5, 1e6, 2e6, 5e6, 1e7]],
    [1.2e6, 3.5e6, 6, [1e6, 2e6, 3e6, 4e6]],
    [1, 1e6, 7, [1, 10, 100, 1e3, 1e4, 1e5, 1e6]],
    [1, 1e5, 4, [0.1, 10, 1e3, 1e5]],
    [4e6, 5e6, 5, [4e6, 4.2e6, 4.4e6, 4.6e6, 4.8e6, 5e6]],
  ])("log %f … %f", (low, high, count, ticks) => expect(logTicks(low, high, count)).toEqual(ticks));
});

const count = fc.integer({ min: 3, max: 10 });
const positive = fc.double({ min: 1e-6, max: 1e15, noNaN: true });
const any = fc.double({ min: -1e9, max: 1e9, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-6);

test("linear ticks enclose the data, rise, and are not many more than asked for", () => {
  fc.assert(
    fc.property(any, any, count, (a, b, count) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      fc.pre(low === high || high - low > 1e-6 * Math.max(Math.abs(low), Math.abs(high)));
      const ticks = linearTicks(low, high, count);
      encloses(ticks, low, high);
      expect(ticks.length).toBeLessThanOrEqual(count + 2);
    }),
  );
});

test("log ticks enclose the data, rise, stay positive", () => {
  fc.assert(
    fc.property(positive, positive, count, (a, b, count) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      fc.pre(low === high || high - low > 1e-6 * high);
      const ticks = logTicks(low, high, count);
      expect(ticks[0]).toBeGreaterThan(0);
      encloses(ticks, low, high);
      expect(ticks.length).toBeLessThanOrEqual(count + 2);
    }),
  );
});

test("scales are monotone and keep the data inside the pixels", () => {
  for (const scale of [linearScale, logScale]) {
    fc.assert(
      fc.property(fc.array(positive, { minLength: 2, maxLength: 20 }), (values) => {
        const sorted = values.toSorted((a, b) => a - b);
        fc.pre(sorted.at(-1)! - sorted[0]! > 1e-6 * sorted.at(-1)!);
        const { at } = scale([sorted[0]!, sorted.at(-1)!], [300, 20], 5);
        const pixels = sorted.map(at);
        for (const [i, y] of pixels.entries()) {
          expect(y).toBeLessThan(300.01);
          expect(y).toBeGreaterThan(19.99);
          if (i > 0) expect(y).toBeLessThanOrEqual(pixels[i - 1]! + 1e-9);
        }
      }),
    );
  }
});

test("equal steps on a log axis are equal ratios", () => {
  const { at } = logScale([1, 100], [0, 200], 3);
  expect([at(1), at(10), at(100)].map(Math.round)).toEqual([0, 100, 200]);
});

test("a log axis has no zero", () => expect(() => logTicks(0, 1, 5)).toThrow("internal: a logarithmic axis from 0"));

function encloses(ticks: readonly number[], low: number, high: number): void {
  const slack = 1e-8 * Math.max(high - low, Math.abs(high) * 1e-6, Math.abs(low) * 1e-6);
  expect(ticks[0]).toBeLessThanOrEqual(low + slack);
  expect(ticks.at(-1)).toBeGreaterThanOrEqual(high - slack);
  for (let i = 1; i < ticks.length; i++) expect(ticks[i]).toBeGreaterThan(ticks[i - 1]!);
}
