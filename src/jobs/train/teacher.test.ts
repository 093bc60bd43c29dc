import { expect, test } from "vitest";
import { ModelError } from "../../base/index.js";
import { tinyNetwork } from "../../networks/testing/tiny.js";
import type { Model } from "../../shipping/index.js";
import { noProgress } from "../shared/progress.js";
import { distillationFor } from "./teacher.js";

const architecture = tinyNetwork({ classes: 3, resolution: 32 });
const teacher: Model = {
  architecture,
  classes: ["cat", "dog", "owl"],
  preprocessing: {
    size: 32,
    channels: 3,
    resize: "cover",
    interpolation: "bilinear",
    mean: [0.1, 0.2, 0.3],
    std: [1, 2, 3],
  },
  costs: { params: 0, macs: 0, weightBytes: 0, peakActivationBytes: 0 },
  history: {},
  tensors: new Map([
    ["stem.conv.weight", Float32Array.of(7)],
    ["classifier.weight", Float32Array.of(0, 1, 10, 11, 20, 21)],
    ["classifier.bias", Float32Array.of(0, 1, 2)],
  ]),
};
const options = { weights: "t.safetensors", temperature: 4, weight: 0.9 };
const student = { channels: 3, resolution: 32 } as const;

test("classes in another order are put into the student's", () => {
  const { teacher: own, ...rest } = distillationFor(teacher, options, ["owl", "cat", "dog"], student, noProgress);
  expect([...own.tensors.get("classifier.weight")!]).toEqual([20, 21, 0, 1, 10, 11]);
  expect([...own.tensors.get("classifier.bias")!]).toEqual([2, 0, 1]);
  expect([...own.tensors.get("stem.conv.weight")!]).toEqual([7]);
  expect(own).toMatchObject({ architecture, mean: [0.1, 0.2, 0.3], std: [1, 2, 3] });
  expect(rest).toEqual({ temperature: 4, weight: 0.9 });
});

test("a line says what it is shown", () => {
  const lines: string[] = [];
  const progress = { ...noProgress, line: (text: string) => lines.push(text) };
  distillationFor(teacher, options, teacher.classes, student, progress);
  distillationFor(teacher, options, teacher.classes, { ...student, resolution: 48 }, progress);
  expect(lines).toEqual([
    "taught by tiny of t.safetensors",
    "taught by tiny of t.safetensors, shown the 48 px pictures of the student at its own 32 px",
  ]);
});

test.each([
  [["cat", "dog"], "t.safetensors: expected a teacher of the same 2 classes (cat, dog), received one of 3, with owl\n"],
  [["cat", "dog", "emu"], "received one of 3, without emu, with owl\n"],
  [["a", "b", "c", "d", "e", "f", "g"], "received one of 3, without a, b, c, d, e, …, with cat, dog, owl\n"],
])("classes %j are refused", (classes, message) => {
  const make = () => distillationFor(teacher, options, classes, student, noProgress);
  expect(make).toThrow(ModelError);
  expect(make).toThrow(message);
});

test("a teacher of grey pictures is refused where the student sees colours", () => {
  const grey = { ...teacher, architecture: { ...architecture, channels: 1 as const } };
  const make = (channels: 1 | 3) => () =>
    distillationFor(grey, options, teacher.classes, { ...student, channels }, noProgress);
  expect(make(3)).toThrow("expected a teacher that sees colours, as the student does, received one of grey pictures");
  expect(make(1)).not.toThrow();
});
