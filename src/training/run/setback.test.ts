import { expect, test } from "vitest";
import { quickRecipe } from "../recipe/recipe.js";
import type { EpochRecord } from "./epoch-record.js";
import { bestOf, chance, isGivenUp, lostEpochs, recipeAfter, setbackLine, troubleOf } from "./setback.js";

/** @param epochs training loss, validation loss and accuracy of each. */
const curveOf = (...epochs: readonly (readonly [train: number, validation: number, accuracy: number])[]) =>
  epochs.map(
    ([trainLoss, validationLoss, validationAccuracy], i): EpochRecord => ({
      epoch: i + 1,
      learningRate: 0.1,
      trainAccuracy: 0.5,
      imagesPerSecond: 1,
      waitingForData: 0,
      trainLoss,
      validationLoss,
      validationAccuracy,
    }),
  );

const network = { loss: 1.2, accuracy: 0.5, of: "network" } as const;
const more = () => false;
const none = () => true;

test("guessing has the logarithm of the classes as loss, and the most frequent class as accuracy", () => {
  expect(chance([0, 1, 1, 2], 3)).toEqual({ loss: Math.log(3), accuracy: 0.5, of: "chance" });
});

test("a fine-tuning that explodes is noticed after two epochs", () => {
  const [first, second] = [
    [4.2, 12.1, 0.17],
    [5.6, 3.3, 0.11],
  ] as const;
  expect(troubleOf(curveOf(first), network, 9, more)).toBeNull();
  expect(troubleOf(curveOf(first, second), network, 9, more)).toBe(
    "a validation loss of 3.3 and a training loss of 5.6, where the start's was 1.2",
  );
  expect(troubleOf(curveOf([1.1, 1.1, 0.6], first, second), network, 9, more), "later, too").not.toBeNull();
  expect(troubleOf(curveOf(first, [1, 1.1, 0.6], second), network, 9, more), "not in a row").toBeNull();
});

test("from random weights it takes three and ten times the loss, since the first steps may be wild", () => {
  const start = chance([0, 1], 2);
  const [wild, bad] = [
    [2, 5, 0.5],
    [8, 9, 0.5],
  ] as const;
  expect(troubleOf(curveOf(wild, wild, wild, wild), start, 2, more)).toBeNull();
  expect(troubleOf(curveOf(bad, bad), start, 2, more)).toBeNull();
  expect(troubleOf(curveOf(bad, bad, bad), start, 2, more)).toMatch(/, where guessing has 0\.693$/);
});

test("a run of fewer epochs is judged by those it has", () => {
  const bad = [5, 5, 0.1] as const;
  expect(troubleOf(curveOf(bad), network, 9, none)).not.toBeNull();
  expect(troubleOf(curveOf([1, 1, 0.6], bad), network, 9, none), "the first one ships").toBeNull();
});

test.each([
  ["statistics that lag behind the weights", [0.6, 9, 0.1]],
  ["augmentation that is hard", [9, 1.1, 0.4]],
  ["confident, and more often right than the start", [3, 4, 0.7]],
  ["a little worse", [1.5, 1.9, 0.3]],
] as const)("%s are no trouble", (_, epoch) => {
  expect(troubleOf(curveOf(epoch, epoch, epoch), network, 9, more)).toBeNull();
});

test("losses of ten times the start's are, whatever the accuracy", () => {
  const epoch = [30, 30, 0.7] as const;
  expect(troubleOf(curveOf(epoch, epoch), network, 9, more)).not.toBeNull();
});

test("a start that is nearly perfect may lose some of it", () => {
  const start = { loss: 0.001, accuracy: 1, of: "network" } as const;
  const curve = curveOf([0.1, 0.1, 0.95], [0.1, 0.1, 0.95], [0.1, 0.1, 0.95]);
  expect(troubleOf(curve, start, 2, more)).toBeNull();
});

test("the best epoch is the most accurate, of equals the one with the least loss, of those the later", () => {
  const curve = curveOf([1, 0.9, 0.8], [1, 0.7, 0.8], [1, 0.7, 0.8], [1, 0.1, 0.7], [1, 0.75, 0.8]);
  expect(bestOf(curve)?.epoch).toBe(3);
  expect(bestOf([])).toBeUndefined();
});

test("each setback quarters the rate and clips gradients", () => {
  expect(recipeAfter(quickRecipe, 0)).toBe(quickRecipe);
  expect(recipeAfter(quickRecipe, 2)).toEqual({ ...quickRecipe, learningRate: 0.0125, clipNorm: 1 });
  expect(recipeAfter({ ...quickRecipe, clipNorm: 0.5 }, 1).clipNorm).toBe(0.5);
});

test("a setback in words", () => {
  const setback = { epoch: 5, reason: "NaN in place of a finite loss", backTo: 3, learningRate: 0.0125 };
  expect(setbackLine(setback)).toBe(
    "epoch 5 went wrong (NaN in place of a finite loss): put back to epoch 3, and tried again at a learning rate of 0.0125 with clipped gradients",
  );
  expect(setbackLine({ ...setback, backTo: 0, learningRate: null }, "the start of the phase")).toMatch(
    /: put back to the start of the phase, and left so, since 3 lower rates did no better$/,
  );
  expect(lostEpochs([setback, { ...setback, backTo: 0 }])).toBe(7);
  expect([isGivenUp([]), isGivenUp([setback]), isGivenUp([setback, { ...setback, learningRate: null }])]).toEqual([
    ...[false, false, true],
  ]);
});
