import { expect, test } from "vitest";
import { buildArchitecture } from "../../networks/index.js";
import type { Job } from "./job.js";
import { chooseTrial } from "./plan.js";

const architecture = buildArchitecture("mobilenet-v1", { width: 0.25, resolution: 32, classes: 2 });
const trial = (id: number, accuracy: number, imagesPerSecond: number, macs = 1000) => ({
  id,
  accuracy,
  imagesPerSecond,
  architecture,
  arm: "random",
  state: "finished",
  sameAs: null,
  parent: null,
  costs: { params: 1, macs, weightBytes: 4, peakActivationBytes: 4 },
});

/** 20 000 images are a training's least here, so that 100 seconds are enough from 200 images a second on. */
const choose = (trials: readonly ReturnType<typeof trial>[], seconds = 100, plan = {}) =>
  chooseTrial({
    study: { plan, trials },
    recipe: { batchSize: 10 },
    clock: { total: seconds, spent: () => 0 },
    dataset: { splits: { train: Array.from({ length: 10 }) } },
  } as unknown as Job);

test("the best trial goes on where the time allows it, and else it is said which rule chose another", () => {
  const [slow, quick, poor] = [trial(0, 1, 100), trial(1, 0.5, 400), trial(2, 0, 900)];
  expect(choose([trial(0, 1, 400), quick])).toMatchObject({ chosen: { id: 0 }, why: "the best of them" });
  expect(choose([quick])).toMatchObject({ chosen: { id: 1 }, why: "the only one" });
  const inTime = choose([slow, quick, poor]);
  expect(inTime).toMatchObject({
    chosen: { id: 1 },
    why: "the best of 2 that can be trained well in the time left (100.0 % was reached by trial 1)",
  });
  expect(choose([slow, quick, poor], 1)).toMatchObject({
    chosen: { id: 2 },
    why: "the fastest, as none can be trained well in the time left (100.0 % was reached by trial 1)",
  });
  const failed = { ...trial(2, 0, 9000), state: "failed" };
  for (const seconds of [1, 100]) expect(choose([slow, quick, failed], seconds)).toMatchObject({ chosen: { id: 1 } });
  expect(choose([slow, quick], 100, { choice: { trial: 1, mostActivations: null } }).why).toBe(
    "as it was chosen before, by the time there was then (100.0 % was reached by trial 1)",
  );
});
