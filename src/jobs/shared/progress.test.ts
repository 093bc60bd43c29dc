import { expect, test } from "vitest";
import { epochLine } from "./progress.js";

test("a line an epoch: how far, how well, how fast", () => {
  const figures = { trainLoss: 0.51234, trainAccuracy: 0.8, validationLoss: 0.6, validationAccuracy: 0.7656 };
  const record = { epoch: 3, learningRate: 0.1, ...figures, imagesPerSecond: 1234.4, waitingForData: 0.034 };
  expect(epochLine(record, 20)).toBe(
    "epoch   3/20   loss 0.512   validation 76.6 %   1234 images/s   3 % waiting for data",
  );
});
