import { expect, test } from "vitest";
import { buildArchitecture } from "../../networks/index.js";
import { plainKernels } from "../../ops/index.js";
import { quickRecipe } from "../recipe/recipe.js";
import { partsWithin, planTrainingMemory } from "./training-memory.js";

const setup = {
  architecture: buildArchitecture("mobilenet-v2", { width: 0.35, resolution: 32, classes: 10 }),
  recipe: { ...quickRecipe, batchSize: 96 },
  engine: { kernels: plainKernels },
};
const bytesOf = (changes: Partial<typeof quickRecipe>) =>
  planTrainingMemory({ ...setup, recipe: { ...setup.recipe, ...changes } }).bytes;

test("a plan is the sum of its parts, of which activations are most and grow with the batch", () => {
  const { parts, bytes } = planTrainingMemory(setup);
  expect(parts.reduce((sum, each) => sum + each.bytes, 0)).toBe(bytes);
  const activations = (batchSize: number) =>
    planTrainingMemory({ ...setup, recipe: { ...setup.recipe, batchSize } }).parts[0]!.bytes;
  expect(activations(96)).toBeGreaterThan(0.5 * bytes);
  // What does not grow are weights and their gradients.
  const growth = (activations(96) - activations(64)) / (activations(64) - activations(32));
  expect(growth).toBeGreaterThan(0.8);
  expect(growth).toBeLessThan(1.2);
});

test("averages and moments are in it", () => {
  const { weights } = planOfState({});
  expect(planOfState({ ema: 0.99 }).weights).toBeGreaterThan(1.4 * weights);
  const adamw = planOfState({ optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } });
  expect(adamw.weights / weights).toBeCloseTo(1.5, 1);
});

const planOfState = (changes: Partial<typeof quickRecipe>) => {
  const { parts } = planTrainingMemory({ ...setup, recipe: { ...setup.recipe, ...changes } });
  return { weights: parts.find(({ what }) => what === "weights, moments, averages")!.bytes };
};

test("a batch goes whole where it fits, else in the fewest parts that do", () => {
  const [whole, halves, thirds] = [1, 2, 3].map((accumulate) => bytesOf({ accumulate }));
  expect(whole).toBeGreaterThan(halves!);
  expect(halves).toBeGreaterThan(thirds!);
  expect(partsWithin(setup, whole!)).toMatchObject({ accumulate: 1, fits: true });
  expect(partsWithin(setup, whole! - 1)).toMatchObject({ accumulate: 2, fits: true, memory: { bytes: halves } });
  expect(partsWithin(setup, halves! - 1)).toMatchObject({ accumulate: 3, fits: true, whole: { bytes: whole } });
});

test("parts stay a multiple of the recipe's, and have eight images", () => {
  const recipe = { ...setup.recipe, accumulate: 2 };
  expect(partsWithin({ ...setup, recipe }, bytesOf({ accumulate: 2 }) - 1)).toMatchObject({ accumulate: 4 });
  expect(partsWithin(setup, 1)).toMatchObject({ accumulate: 12, fits: false });
});
