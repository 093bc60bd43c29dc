import { expect, test } from "vitest";
import { ladderSize, resizedSide, SIZES } from "./preprocessing.js";

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

// @source timm 1.0.29 `timm/data/transforms_factory.py`: floor(size / crop_pct); torchvision gives both sides.
test.each([
  [224, undefined, 224],
  [224, 0.875, 256],
  [240, 0.882, 272],
  [300, 0.904, 331],
  [224, 0.95, 235],
  [224, 224 / 232, 232],
  [240, 240 / 255, 255],
  [380, 380 / 384, 384],
])("%i px with a crop of %s are cut out of %i", (size, crop, side) => {
  expect(resizedSide({ size, crop })).toBe(side);
});
