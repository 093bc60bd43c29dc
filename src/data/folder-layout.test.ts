import { describe, expect, test } from "vitest";
import { DataError } from "../base/index.js";
import { findLayout } from "./folder-layout.js";

const whole = [{ split: "train", folder: "" }];
const ofClasses = async () => true;
const ofPictures = async () => false;

const partsOf = async (folders: readonly string[]) => {
  const { parts } = await findLayout("root", folders, ofClasses);
  return Object.fromEntries(parts.map(({ split, folder }) => [split, folder]));
};

describe("parts", () => {
  test.each([
    [["train"], { train: "train" }],
    [["Training_Set"], { train: "Training_Set" }],
    [["Testing", "TRAIN", "Valid"], { test: "Testing", train: "TRAIN", validation: "Valid" }],
    [["test_set", "training_set"], { test: "test_set", train: "training_set" }],
    [["test_images", "train_images"], { test: "test_images", train: "train_images" }],
    [["seg_test", "seg_train"], { test: "seg_test", train: "seg_train" }],
    [["testset", "trainset", "validset"], { test: "testset", train: "trainset", validation: "validset" }],
    [["TestImages", "TrainImages"], { test: "TestImages", train: "TrainImages" }],
    [["Test Data", "Training Data"], { test: "Test Data", train: "Training Data" }],
    [["test2017", "train2017", "val2017"], { test: "test2017", train: "train2017", validation: "val2017" }],
    [["cifar10-test", "cifar10-train"], { test: "cifar10-test", train: "cifar10-train" }],
    [["data_for_testing", "data_for_training"], { test: "data_for_testing", train: "data_for_training" }],
    [["held-out", "train"], { test: "held-out", train: "train" }],
    [["HoldOut", "Train", "Val"], { test: "HoldOut", train: "Train", validation: "Val" }],
    [["test", "trainval"], { test: "test", train: "trainval" }],
    [["test", "train_val"], { test: "test", train: "train_val" }],
    [["flowers_train", "test"], { test: "test", train: "flowers_train" }],
    // The one that is held out is the test, whatever it is called.
    [["train", "val"], { train: "train", test: "val" }],
    [["train", "validate"], { train: "train", test: "validate" }],
    [["Evaluation", "Train"], { train: "Train", test: "Evaluation" }],
    [["eval", "train"], { train: "train", test: "eval" }],
    [["dev", "train"], { train: "train", test: "dev" }],
    // An evaluation is what the other is not.
    [["eval", "test", "train"], { validation: "eval", test: "test", train: "train" }],
    [["evaluation", "train", "validation"], { test: "evaluation", train: "train", validation: "validation" }],
  ])("%j", async (folders, parts) => {
    expect(await partsOf(folders)).toEqual(parts);
  });

  test("folders beside the splits are named", async () => {
    expect(await findLayout("root", ["single_prediction", "test_set", "training_set"], ofClasses)).toEqual({
      parts: [
        { split: "test", folder: "test_set" },
        { split: "train", folder: "training_set" },
      ],
      beside: ["single_prediction"],
    });
    const fruits = await findLayout("root", ["Test", "Training", "papers", "test-multiple_fruits"], ofClasses);
    expect(fruits.beside).toEqual(["papers", "test-multiple_fruits"]);
  });

  test("pictures straight in train and test, and nothing else there, are no classes", async () => {
    const { parts } = await findLayout("root", ["test", "train"], ofPictures);
    expect(parts).toHaveLength(2);
  });
});

test.each([
  ["classes", ["cat", "dog"]],
  ["a class called train", ["bus", "car", "train"]],
  ["classes called train and test", ["bus", "test", "train"]],
  ["a class called test and no training folder", ["cat", "dog", "test"]],
  ["words that look like it", ["test", "trial"]],
  ["words with another beside them", ["test tube", "train station"]],
  ["words inside others", ["constraint", "contest", "evaluator"]],
  ["a class named like a method of every object", ["constructor", "toString"]],
])("%s are classes", async (_, folders) => {
  expect(await findLayout("root", folders, ofPictures)).toEqual({ parts: whole, beside: [] });
});

test("no folder is no part", async () => {
  expect((await findLayout("root", [], ofPictures)).parts).toEqual([]);
});

test.each([
  [["train", "val", "validation"], /one folder for validation.*val and .*validation/],
  [["test", "train", "training"], /one folder for train.*train and .*training/],
  [["PrivateTest", "PublicTest", "Training"], /one folder for test.*PrivateTest and .*PublicTest/],
  [["cat_test", "cat_train", "dog_test", "dog_train"], /one division .*cat_test and cat_train, dog_test and dog_train/],
  [["train", "unlabeled"], /"train", which holds folders of its own, beside "unlabeled"\n {2}hint: .*classes\.txt/],
])("%j is refused", async (folders, message) => {
  const error = await findLayout("root", folders, ofClasses).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DataError);
  expect((error as DataError).message).toMatch(message);
});
