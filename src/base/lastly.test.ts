import { expect, test } from "vitest";
import { lastly } from "./lastly.js";

const failing = (message: string) => () => {
  throw new Error(message);
};

test("gives the result, after what is to be done last", async () => {
  const done: string[] = [];
  const result = await lastly(
    async () => done.push("work"),
    async (error) => done.push(`after ${error}`),
  );
  expect([result, done]).toEqual([1, ["work", "after undefined"]]);
});

test("of two errors, that of the work is told", async () => {
  const told: unknown[] = [];
  const after = (error?: unknown) => {
    told.push(error);
    throw new Error("the disk is full");
  };
  await expect(lastly(async () => failing("the loss is NaN")(), after)).rejects.toThrow("the loss is NaN");
  expect(told).toEqual([new Error("the loss is NaN")]);
});

test("an error after work that went well is told", async () => {
  await expect(lastly(async () => 1, failing("the disk is full"))).rejects.toThrow("the disk is full");
});
