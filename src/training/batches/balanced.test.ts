import fc from "fast-check";
import { expect, test } from "vitest";
import { createRng } from "../../base/index.js";
import { balancedBatches } from "./batch.js";

const labelsOf = (counts: readonly number[]) => counts.flatMap((count, label) => new Array<number>(count).fill(label));
const sharesOf = (batches: readonly (readonly number[])[], labels: readonly number[], classes: number) => {
  const drawn = batches.flat();
  return Array.from({ length: classes }, (_, k) => drawn.filter((i) => labels[i] === k).length / drawn.length);
};

test("950 and 50 pictures: the small class has the share that its effective number gives it", () => {
  const labels = labelsOf([950, 50]);
  // n (1 − β) / (1 − βⁿ), β = 0.999: 1.5489 and 1.0248.
  expect(sharesOf(balancedBatches(labels, 10, createRng(1)), labels, 2)[1]).toBeCloseTo(1.0248 / 2.5737, 2);
});

test("full batches, as many as otherwise; every picture of a class as often as another, to within one", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }), fc.nat(), (counts, seed) => {
      const labels = labelsOf(counts);
      const size = 8;
      const batches = balancedBatches(labels, size, createRng(seed));
      expect(batches).toHaveLength(Math.floor(Math.max(labels.length, size) / size));
      for (const batch of batches) expect(batch).toHaveLength(size);
      const times = labels.map((_, i) => batches.flat().filter((drawn) => drawn === i).length);
      // What is left over for a last batch may be of any class.
      for (const k of counts.keys()) {
        const own = times.filter((_, i) => labels[i] === k);
        expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1 + size);
      }
    }),
  );
});

test("the same seed draws the same", () => {
  const labels = labelsOf([30, 3]);
  expect(balancedBatches(labels, 4, createRng(3))).toEqual(balancedBatches(labels, 4, createRng(3)));
  expect(balancedBatches(labels, 4, createRng(3))).not.toEqual(balancedBatches(labels, 4, createRng(4)));
});
