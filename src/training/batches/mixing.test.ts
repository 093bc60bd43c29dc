import { expect, test } from "vitest";
import { createRng } from "../../base/index.js";
import type { Batch } from "./batch.js";
import { mixed } from "./mixing.js";

/** Three pictures of 4 × 4 with two channels; picture n is 10 · n all over, and of class n. */
const batch: Batch = {
  image: { data: Float32Array.from({ length: 96 }, (_, i) => 10 * (Math.floor(i / 16) % 3)), dims: [2, 3, 4, 4] },
  targets: { data: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), dims: [3, 3] },
  labels: [0, 1, 2],
  noise: [],
};
const sumsToOne = ({ targets }: Batch) =>
  [0, 1, 2].every(
    (n) => Math.abs(targets.data[3 * n]! + targets.data[3 * n + 1]! + targets.data[3 * n + 2]! - 1) < 1e-6,
  );

test("mixup: pixels and labels in one share", () => {
  const shares: number[] = [];
  for (let seed = 0; seed < 400; seed++) {
    const result = mixed(batch, { mixup: 1, cutmix: 0 }, createRng(seed));
    expect(sumsToOne(result)).toBe(true);
    const share = result.targets.data[0]!;
    shares.push(share);
    // Picture 0 with picture 2, 1 with 0, 2 with 1; in both channels.
    for (const channel of [0, 48]) {
      expect(result.image.data[channel]).toBeCloseTo((1 - share) * 20, 4);
      expect(result.image.data[channel + 16]).toBeCloseTo(share * 10, 4);
      expect(result.image.data[channel + 32]).toBeCloseTo(share * 20 + (1 - share) * 10, 4);
    }
    expect(result.labels).toBe(batch.labels);
  }
  // Beta(1, 1) is even.
  const mean = shares.reduce((sum, share) => sum + share / shares.length, 0);
  expect(mean).toBeGreaterThan(0.45);
  expect(mean).toBeLessThan(0.55);
});

test("Beta(0.2, 0.2) is mostly near its ends", () => {
  const shares = Array.from(
    { length: 400 },
    (_, seed) => mixed(batch, { mixup: 0.2, cutmix: 0 }, createRng(seed)).targets.data[0]!,
  );
  const near = shares.filter((share) => share < 0.1 || share > 0.9).length / shares.length;
  // 2 · I(0.1; 0.2, 0.2) = 0.70
  expect(near).toBeGreaterThan(0.62);
  expect(near).toBeLessThan(0.78);
});

test("CutMix: the label's share is the rectangle's area", () => {
  const areas = new Set<number>();
  for (let seed = 0; seed < 200; seed++) {
    const result = mixed(batch, { mixup: 0, cutmix: 1 }, createRng(seed));
    expect(sumsToOne(result)).toBe(true);
    const foreign = [...result.image.data.slice(0, 16)].filter((value) => value === 20).length;
    expect(result.targets.data[2]).toBeCloseTo(foreign / 16, 6);
    expect([...result.image.data.slice(48, 64)]).toEqual([...result.image.data.slice(0, 16)]);
    areas.add(foreign);
  }
  expect(areas.size).toBeGreaterThan(3);
});

test("off, the batch stays itself; both on, both happen", () => {
  expect(mixed(batch, { mixup: 0, cutmix: 0 }, createRng(1))).toBe(batch);
  const kinds = new Set(
    Array.from({ length: 40 }, (_, seed) => {
      const { data } = mixed(batch, { mixup: 1, cutmix: 1 }, createRng(seed)).image;
      return data.every((value) => value % 10 === 0) ? "cut" : "mixed";
    }),
  );
  expect(kinds).toEqual(new Set(["cut", "mixed"]));
});
