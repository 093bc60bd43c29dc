import { expect, test } from "vitest";
import { createRng } from "../../base/index.js";
import { chooseEngine } from "../../runtime/index.js";
import { createTraining } from "../run/training.js";
import { halves, halvesNetwork, halvesNormalization, halvesRecipe } from "../testing/halves.js";
import { rateFrom, risingRates, smoothed } from "./range-test.js";

test("rates rise by one factor, from the first to the last", () => {
  expect(risingRates(0.001, 10, 5)).toEqual([0.001, 0.01, 0.1, 1, 10].map((rate) => expect.closeTo(rate, 12)));
});

test("a running mean begins at the first value", () => {
  // By hand: 0.1 · 4 / 0.1; (0.09 · 4 + 0.1 · 2) / 0.19.
  expect(smoothed([4, 2])).toEqual([expect.closeTo(4, 12), expect.closeTo(0.56 / 0.19, 12)]);
});

test("a tenth of the rate with the least running mean is taken", () => {
  expect(rateFrom([1, 2, 4, 8], [3, 2, 1, 90])).toBe(0.4);
  expect(rateFrom([1, 2, 4, 8], [3, 4, 5]), "a loss that only rises").toBeNull();
  expect(rateFrom([1, 2], []), "diverged at once").toBeNull();
});

test("a training tries rising rates until the loss has exploded, and is left as it was", async () => {
  const training = await createTraining({
    engine: await chooseEngine("auto", 1),
    architecture: halvesNetwork,
    recipe: halvesRecipe,
    normalization: halvesNormalization,
    rng: createRng(1),
  });
  try {
    const before = training.state;
    const rates = risingRates(1e-4, 1e12, 60);
    const losses = await training.tryRates(halves(32, 1), rates);
    expect(training.state).toBe(before);
    expect(await training.tryRates(halves(32, 1), rates), "the same again").toEqual(losses);
    expect(losses.length).toBeGreaterThan(10);
    expect(losses.length).toBeLessThan(60);
    expect(losses.every(Number.isFinite)).toBe(true);
    const found = rateFrom(rates, losses)!;
    expect(found).toBeGreaterThan(1e-3);
    expect(found).toBeLessThan(1);
  } finally {
    await training.dispose();
  }
});
