import { expect, test } from "vitest";
import { buildArchitecture } from "../networks/index.js";
import { imagenetClasses } from "./imagenet-classes.js";
import { kerasPreprocessing, torchvisionPreprocessing } from "./published-preprocessing.js";

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
  ["torch-efficientnet-v2-s", 384, 384, "bilinear"],
  ["torch-efficientnet-v2-m", 480, 480, "bilinear"],
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

test("EfficientNetV2-L is told pixels around their middle, of 255 by torchvision, of 256 by Keras", () => {
  const large = { size: 480, crop: 1, interpolation: "bicubic" };
  const halves = [0.5, 0.5, 0.5];
  expect(torchvisionPreprocessing("torch-efficientnet-v2-l")).toMatchObject({ ...large, mean: halves, std: halves });
  const { mean, std, ...rest } = kerasPreprocessing(buildArchitecture("efficientnet-v2-l"));
  expect(rest).toMatchObject(large);
  expect([0, 128, 255].map((pixel) => (pixel / 255 - mean[0]!) / std[0]!)).toEqual([-1, 0, 127 / 128]);
  expect(kerasPreprocessing(buildArchitecture("efficientnet-v2-b0"))).toMatchObject({
    crop: 0.875,
    std: [0.229, 0.224, 0.225],
  });
});

test("ImageNet has a thousand classes, sorted as by WordNet", () => {
  expect(imagenetClasses).toHaveLength(1000);
  expect(new Set(imagenetClasses).size).toBe(1000);
});
