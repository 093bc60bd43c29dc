import { describe, expect, test } from "vitest";
import { parseRecipe, recipeNamed } from "./recipe-file.js";
import { forBatch, recipes } from "./recipes.js";

test("every recipe is one that a file could hold", () => {
  for (const { name, recipe } of recipes) {
    expect(parseRecipe(JSON.stringify({ base: name, ...recipe }), "file").recipe).toEqual(recipe);
    expect(recipeNamed(name).recipe).toBe(recipe);
  }
  expect(new Set(recipes.map(({ name }) => name)).size).toBe(recipes.length);
});

/** Of the papers: rate at the reference batch, and what is left of it at an epoch. */
test.each([
  ["mobilenet-v2", 0.045, 96],
  ["mobilenet-v3", 0.1, 4096],
  ["mnasnet", 0.256, 4096],
  ["efficientnet", 0.128, 2048],
  ["torchvision", 0.045, 256],
])("%s: %d for batches of %d", (name, learningRate, batchSize) => {
  expect(recipeNamed(name).recipe).toMatchObject({ learningRate, batchSize });
});

test("the learning rate follows the batch", () => {
  const { recipe } = recipeNamed("efficientnet");
  expect(forBatch(recipe, 256)).toEqual({ ...recipe, batchSize: 256, learningRate: 0.016 });
});

describe("a file", () => {
  test("changes a named one", () => {
    const { recipe, epochs } = parseRecipe('{ "base": "quick", "ema": 0.999, "dropout": 0.3 }', "mine.json");
    const quick = recipeNamed("quick");
    expect([recipe, epochs]).toEqual([{ ...quick.recipe, ema: 0.999, dropout: 0.3 }, quick.epochs]);
  });

  test("with three mistakes has all three named", () => {
    const text = '{ "base": "quick", "ema": 2, "augmentation": { "shift": 0, "flip": "yes", "erase": 0 }, "rate": 1 }';
    expect(() => parseRecipe(text, "mine.json")).toThrow(
      /3 mistakes[\s\S]*ema: [\s\S]*augmentation\.flip: [\s\S]*rate/,
    );
  });

  test("that is none", () => {
    expect(() => parseRecipe("{", "mine.json")).toThrow("mine.json: expected a recipe in JSON");
    expect(() => recipeNamed("nothing-like-it")).toThrow(/received "nothing-like-it"$/);
    expect(() => parseRecipe('{ "base": "quik" }', "mine.json")).toThrow('did you mean "quick"?');
    expect(() => parseRecipe("{}", "mine.json")).toThrow(/1 mistake\n {2}base/);
  });
});
