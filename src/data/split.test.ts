import fc from "fast-check";
import { expect, test } from "vitest";
import type { Sample } from "./sample.js";
import { completeSplits, fewestPerClass, groupByLabel } from "./split.js";

const shares = { testFraction: 0.2, validationFraction: 0.1 };

/** Samples of classes 0, 1, … with the given counts, the classes interleaved. */
function samplesOf(counts: readonly number[], prefix = ""): Sample[] {
  const all = counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => ({ i, source: `${prefix}${label}/${i}`, label })),
  );
  return all.sort((a, b) => a.i - b.i).map(({ source, label }) => ({ source, label }));
}

function countOf(samples: readonly Sample[], label: number): number {
  return samples.filter((sample) => sample.label === label).length;
}

const counts = fc.array(fc.integer({ min: 3, max: 60 }), { minLength: 2, maxLength: 6 });
const fraction = fc.double({ min: 0.05, max: 0.6, noNaN: true });

test("splits of a pool are disjoint, complete, keep the order and hold every class", () => {
  fc.assert(
    fc.property(counts, fc.integer(), fraction, fraction, (counts, seed, testFraction, validationFraction) => {
      const pool = samplesOf(counts);
      const splits = completeSplits(
        { train: pool, validation: null, test: null },
        { seed, testFraction, validationFraction },
      );
      const parts = [splits.train, splits.validation, splits.test];
      expect(new Set(parts.flat()).size).toBe(pool.length);
      expect(parts.flat().length).toBe(pool.length);
      for (const part of parts) {
        expect(part).toEqual(pool.filter((sample) => part.includes(sample)));
        expect(groupByLabel(part).size).toBe(counts.length);
      }
    }),
    { numRuns: 60 },
  );
});

test("every class keeps the wanted share, to one sample", () => {
  fc.assert(
    fc.property(counts, fc.integer(), fraction, fraction, (counts, seed, testFraction, validationFraction) => {
      const given = { train: samplesOf(counts), validation: null, test: null };
      const splits = completeSplits(given, { seed, testFraction, validationFraction });
      for (const [label, count] of counts.entries()) {
        const held = countOf(splits.test, label);
        expect(Math.abs(held - count * testFraction)).toBeLessThanOrEqual(1);
        const validated = countOf(splits.validation, label);
        expect(Math.abs(validated - (count - held) * validationFraction)).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 60 },
  );
});

test("the seed decides, and nothing else", () => {
  const given = { train: samplesOf([30, 40]), validation: null, test: null };
  const once = completeSplits(given, { seed: 7, ...shares });
  expect(completeSplits(given, { seed: 7, ...shares })).toEqual(once);
  expect(completeSplits(given, { seed: 8, ...shares }).test).not.toEqual(once.test);
});

test("10,000 images in ten classes become 7,200, 800 and 2,000, equally many of each class", () => {
  const given = { train: samplesOf(new Array(10).fill(1000)), validation: null, test: null };
  const splits = completeSplits(given, { seed: 1, ...shares });
  for (let label = 0; label < 10; label++) {
    expect([splits.train, splits.validation, splits.test].map((part) => countOf(part, label))).toEqual([720, 80, 200]);
  }
});

test("three images of a class give one to each split", () => {
  const splits = completeSplits({ train: samplesOf([3, 3]), validation: null, test: null }, { seed: 1, ...shares });
  expect([splits.train, splits.validation, splits.test].map((part) => part.length)).toEqual([2, 2, 2]);
});

test("a test split that is given stays as it is, and validation comes from train", () => {
  const given = { train: samplesOf([20, 20]), validation: null, test: samplesOf([5, 1], "held") };
  const splits = completeSplits(given, { seed: 1, ...shares });
  expect(splits.test).toBe(given.test);
  expect(splits.validation).toHaveLength(4);
  expect(new Set([...splits.train, ...splits.validation])).toEqual(new Set(given.train));
});

test("three splits that are given stay as they are", () => {
  const given = { train: samplesOf([2, 2]), validation: samplesOf([1, 1], "v"), test: samplesOf([1, 1], "t") };
  expect(completeSplits(given, { seed: 1, ...shares })).toEqual(given);
});

test.each([
  [{ train: [], validation: null, test: null }, 3],
  [{ train: [], validation: null, test: [] }, 2],
  [{ train: [], validation: [], test: [] }, 1],
])("train needs one image of a class for each split made from it", (given, fewest) => {
  expect(fewestPerClass(given)).toBe(fewest);
});
