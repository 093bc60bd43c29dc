import { expect, test } from "vitest";
import { stateLayout } from "../step/state-layout.js";
import { halvesNetwork } from "../testing/halves.js";
import { divergenceOf, type StepNumbers } from "./divergence.js";

const layout = stateLayout(halvesNetwork);
const place = (part: keyof typeof layout, name: string) =>
  layout[part].slices.find((slice) => slice.name === name)!.offset;
const numbers = (size: number, ...bad: number[]) => {
  const vector = new Float32Array(size).fill(1);
  for (const at of bad) vector[at] = Number.NaN;
  return vector;
};

const message = (changes: Partial<StepNumbers>) =>
  divergenceOf(
    {
      pixels: [0, 1],
      loss: 1,
      weights: numbers(layout.weights.size),
      buffers: numbers(layout.buffers.size),
      ...changes,
    },
    layout,
    "net, step 1",
  )?.message.split("\n")[0];

test("numbers that are finite are no divergence, whatever their size", () => {
  expect(message({ loss: 3e38 })).toBeUndefined();
});

test("forward, the first batch norm whose statistics are not finite is named", () => {
  const [first, later] = [place("buffers", "stem.norm.mean"), layout.buffers.size - 1];
  expect(message({ loss: Number.NaN, buffers: numbers(layout.buffers.size, later, first) })).toBe(
    "net, step 1: expected a finite loss, received NaN, first before stem.norm",
  );
  expect(message({ loss: Number.POSITIVE_INFINITY })).toBe(
    "net, step 1: expected a finite loss, received Infinity, after the last batch norm",
  );
});

test("backward, the weights nearest to the loss are named", () => {
  const [stem, classifier] = [place("weights", "stem.conv.weight"), place("weights", "classifier.weight")];
  const gamma = place("weights", "stem.norm.gamma");
  expect(message({ weights: numbers(layout.weights.size, stem, classifier, gamma) })).toBe(
    "net, step 1: expected finite weights, received others, from the gradient of classifier.weight on",
  );
  expect(message({ weights: numbers(layout.weights.size, gamma) })).toContain(
    "from the gradient of stem.norm.gamma on",
  );
});

test("pixels that are no numbers come before all that follows from them", () => {
  expect(message({ pixels: [0, Number.POSITIVE_INFINITY], loss: Number.NaN })).toBe(
    "net, step 1: expected pixels that are numbers, received others",
  );
});
