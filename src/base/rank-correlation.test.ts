import fc from "fast-check";
import { expect, test } from "vitest";
import { bootstrapInterval, kendallTau, spearman } from "./rank-correlation.js";
import { createRng } from "./rng.js";

test("by hand: three of six pairs in order, three not, none tied", () => {
  // (1,2) (2,4) (3,1) (4,3): in order 12, 14, 34; against 13, 23, 24.
  expect(kendallTau([1, 2, 3, 4], [2, 4, 1, 3])).toBe(0);
  // One swap of neighbours: five in order, one against.
  expect(kendallTau([1, 2, 3, 4], [2, 1, 3, 4])).toBeCloseTo(4 / 6, 12);
  // 1 − 6 · Σd² / (n·(n² − 1)) with d = 1, 1, 0, 0.
  expect(spearman([1, 2, 3, 4], [2, 1, 3, 4])).toBeCloseTo(1 - (6 * 2) / (4 * 15), 12);
});

test("by hand: ties", () => {
  // Of three pairs one is tied in x, and two are in order: 2 / √(2 · 3).
  expect(kendallTau([1, 1, 2], [1, 2, 3])).toBeCloseTo(2 / Math.sqrt(6), 12);
  // Ranks 1.5, 1.5, 3 against 1, 2, 3: 1.5 / √(1.5 · 2).
  expect(spearman([1, 1, 2], [1, 2, 3])).toBeCloseTo(1.5 / Math.sqrt(3), 12);
});

// From the documentation of SciPy 1.11: scipy.stats.kendalltau and spearmanr.
test("SciPy's examples", () => {
  expect(kendallTau([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])).toBeCloseTo(-0.4714045207910316, 12);
  expect(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826816681233, 12);
});

test("only the order counts, and turning one list round turns the sign", () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), { minLength: 2 });
  fc.assert(
    fc.property(pairs, (rows) => {
      const [xs, ys] = [rows.map(([x]) => x), rows.map(([, y]) => y)];
      for (const statistic of [kendallTau, spearman]) {
        const value = statistic(xs, ys);
        if (new Set(xs).size === 1 || new Set(ys).size === 1) {
          expect(value).toBeNaN();
          continue;
        }
        expect(Math.abs(value)).toBeLessThan(1 + 1e-9);
        expect(statistic(xs.map(Math.exp), ys)).toBeCloseTo(value, 9);
        expect(
          statistic(
            xs,
            ys.map((y) => -y),
          ),
        ).toBeCloseTo(-value, 9);
        expect(statistic(xs, xs)).toBeCloseTo(1, 9);
      }
    }),
  );
});

test("infinities have a rank; what is not a number has none", () => {
  expect(kendallTau([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 2], [1, 2, 3])).toBeCloseTo(2 / Math.sqrt(6));
  expect(() => kendallTau([1, Number.NaN], [1, 2])).toThrow("internal: a value to be ranked is not a number");
  expect(() => spearman([1], [1, 2])).toThrow("internal: 1 values against 2");
});

test("a bootstrap interval of 95 % holds the truth in about 95 of 100 samples", () => {
  // For normal pairs, τ = 2/π · asin(r).
  const r = 0.6;
  const truth = (2 / Math.PI) * Math.asin(r);
  let held = 0;
  for (let sample = 0; sample < 100; sample++) {
    const rng = createRng(sample);
    const xs = Array.from({ length: 60 }, () => rng.normal());
    const ys = xs.map((x) => r * x + Math.sqrt(1 - r * r) * rng.normal());
    const { low, high } = bootstrapInterval(xs, ys, kendallTau, { rng, draws: 200 });
    if (low <= truth && truth <= high) held++;
  }
  expect(held).toBeGreaterThanOrEqual(88);
  expect(held).toBeLessThanOrEqual(99);
});
