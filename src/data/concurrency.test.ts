import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { forEachConcurrently } from "./concurrency.js";

test("does every index once and never more at a time than allowed", async () => {
  const seen: number[] = [];
  let [running, most] = [0, 0];
  await forEachConcurrently(20, 3, async (i) => {
    most = Math.max(most, ++running);
    await sleep((i * 7) % 4);
    seen.push(i);
    running--;
  });
  expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(most).toBe(3);
});

test("after a failure starts nothing new, and throws once all work has ended", async () => {
  const started: number[] = [];
  let running = 0;
  const work = forEachConcurrently(100, 4, async (i) => {
    started.push(i);
    running++;
    await sleep(i === 1 ? 1 : 10);
    running--;
    if (i === 1) throw new Error("one");
  });
  await expect(work).rejects.toThrow("one");
  expect(running).toBe(0);
  expect(started).toEqual([0, 1, 2, 3]);
});
