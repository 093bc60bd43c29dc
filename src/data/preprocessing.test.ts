import { expect, test } from "vitest";
import { ladderSize, SIZES } from "./preprocessing.js";

test("sides rise, are multiples of 4 and reach the published 224", () => {
  expect(SIZES).toEqual([...SIZES].sort((a, b) => a - b));
  expect(SIZES.filter((size) => size % 4 !== 0)).toEqual([]);
  expect(SIZES).toContain(28);
  expect(SIZES).toContain(224);
});

test.each([
  [28, 28],
  [31, 28],
  [32, 32],
  [223, 192],
  [5, 16],
  [9_999, 640],
])("a native side of %i px is decoded at %i px", (side, size) => {
  expect(ladderSize(side)).toBe(size);
});
