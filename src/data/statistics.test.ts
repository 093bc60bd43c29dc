import { expect, test } from "vitest";
import { channelStatistics } from "./statistics.js";
import { imageSetOf } from "./testing/fixtures.js";

test("gives mean and deviation of each channel", () => {
  // red 0, 255 → ½ ± ½; green 51 everywhere → 1/5, kept off zero; blue 0, 0, 0, 204 is worked below.
  const images = imageSetOf(
    [
      [0, 51, 0, 255, 51, 0, 0, 51, 0, 255, 51, 204],
      [0, 51, 0, 255, 51, 0, 0, 51, 0, 255, 51, 204],
    ],
    2,
    3,
  );
  const { mean, std } = channelStatistics(images);
  expect(mean).toEqual([0.5, 0.2, 0.2].map((value) => expect.closeTo(value, 12)));
  // Variance of 0, 0, 0, 0.8: 0.64 / 4 − 0.2² = 0.12.
  expect(std).toEqual([0.5, 1 / 255, Math.sqrt(0.12)].map((value) => expect.closeTo(value, 12)));
});

test("of many images takes some thousands, from the whole length", () => {
  const images = imageSetOf([[0], [255]], 1, 1);
  const read: number[] = [];
  const many = {
    ...images,
    count: 100_000,
    read: (index: number, into: Uint8Array) => {
      read.push(index);
      into[0] = index < 50_000 ? 0 : 255;
    },
  };
  expect(channelStatistics(many).mean[0]).toBeCloseTo(0.5, 3);
  expect(read.length).toBe(4096);
  expect(read.at(-1)).toBeGreaterThan(99_900);
});
