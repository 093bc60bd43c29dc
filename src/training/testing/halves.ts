/** The smallest thing that can be learned: is the left or the right half of a grey 8 × 8 picture the bright one. */
import { createRng } from "../../base/index.js";
import type { ImageSet } from "../../data/index.js";
import { imageSetOf } from "../../data/testing/fixtures.js";
import type { Architecture } from "../../networks/index.js";
import { tinyNetwork } from "../../networks/testing/tiny.js";
import { quickRecipe, type Recipe } from "../recipe/recipe.js";

const SIDE = 8;

/** Classes in turn, left (0) first. Both halves are noisy and overlap: no single pixel tells the class. */
export function halves(count: number, seed: number): ImageSet {
  const rng = createRng(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const pictures = Array.from(labels, (label) =>
    Array.from({ length: SIDE * SIDE }, (_, place) => {
      const isBright = place % SIDE < SIDE / 2 === (label === 0);
      return rng.integer(160) + (isBright ? 95 : 0);
    }),
  );
  return { ...imageSetOf(pictures, SIDE, 1), labels };
}

/** One of each block, no noise. */
export const halvesNetwork: Architecture = tinyNetwork({
  name: "halves",
  classes: 2,
  channels: 1,
  resolution: SIDE,
  head: { conv: 16, hidden: null, activation: "hardSwish" },
  dropout: 0,
  dropPath: 0,
});

/** A mirrored picture would belong to the other class. */
export const halvesRecipe: Recipe = {
  ...quickRecipe,
  batchSize: 8,
  learningRate: 0.05,
  augmentation: { shift: 0, flip: false, erase: 0 },
};

export const halvesNormalization = { mean: [0.5], std: [0.25] };
