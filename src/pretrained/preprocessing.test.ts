import { expect, test } from "vitest";
import { buildArchitecture } from "../networks/index.js";
import { imagenetClasses } from "./imagenet-classes.js";
import { kerasPreprocessing, torchvisionPreprocessing } from "./preprocessing.js";

// @source torchvision 0.14, `DEFAULT` or first weights of each model: resize_size, crop_size, interpolation.
test.each([
  ["torch-mobilenet-v2", 256, 224, "bilinear"],
  ["torch-mobilenet-v3-small", 256, 224, "bilinear"],
  ["torch-mnasnet-b1", 256, 224, "bilinear"],
  ["torch-mnasnet-b1-1.3", 232, 224, "bilinear"],
  ["torch-efficientnet-b0", 256, 224, "bicubic"],
  ["torch-efficientnet-b1", 256, 240, "bicubic"],
  ["torch-efficientnet-b2", 288, 288, "bicubic"],
  ["torch-efficientnet-b3", 320, 300, "bicubic"],
  ["torch-efficientnet-b4", 384, 380, "bicubic"],
  ["torch-efficientnet-b7", 600, 600, "bicubic"],
])("%s resizes to %i and keeps %i px, %s", (network, resize, size, interpolation) => {
  const preprocessing = torchvisionPreprocessing(network);
  expect(preprocessing).toMatchObject({ size, interpolation, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
  expect(size / preprocessing.crop!).toBeCloseTo(resize, 9);
});

test("Keras scales to [−1, 1], but EfficientNet by ImageNet's statistics", () => {
  expect(kerasPreprocessing(buildArchitecture("mobilenet-v3-large"))).toMatchObject({
    size: 224,
    mean: [0.5, 0.5, 0.5],
  });
  expect(kerasPreprocessing(buildArchitecture("efficientnet-b3"))).toMatchObject({
    size: 300,
    std: [0.229, 0.224, 0.225],
  });
});

test("ImageNet has a thousand classes, sorted as by WordNet", () => {
  expect(imagenetClasses).toHaveLength(1000);
  expect(new Set(imagenetClasses).size).toBe(1000);
});
