import { expect, test } from "vitest";
import { DataError } from "../base/index.js";
import { findLayout } from "./layout.js";

const whole = [{ split: "train", folder: "" }];

test.each([
  ["classes", ["cat", "dog"], whole],
  ["a class called train", ["bus", "car", "train"], whole],
  ["a class called test and no training folder", ["test", "trial"], whole],
  ["train alone", ["train"], [{ split: "train", folder: "train" }]],
  [
    "all three, in any case",
    ["Testing", "TRAIN", "Valid"],
    [
      { split: "test", folder: "Testing" },
      { split: "train", folder: "TRAIN" },
      { split: "validation", folder: "Valid" },
    ],
  ],
  [
    "train and val: the one held-out folder is the test",
    ["train", "val"],
    [
      { split: "train", folder: "train" },
      { split: "test", folder: "val" },
    ],
  ],
  ["no folder", [], []],
  ["a class named like a method of every object", ["constructor", "toString"], whole],
])("%s", (_, folders, parts) => {
  expect(findLayout("root", folders).parts).toEqual(parts);
});

test("folders beside the splits are named", () => {
  expect(findLayout("root", ["annotations", "test", "training"])).toEqual({
    parts: [
      { split: "test", folder: "test" },
      { split: "train", folder: "training" },
    ],
    beside: ["annotations"],
  });
});

test("two folders for one split are refused", () => {
  expect(() => findLayout("root", ["train", "val", "validation"])).toThrow(DataError);
  expect(() => findLayout("root", ["train", "training", "test"])).toThrow(/one folder for train.*train and .*training/);
});
