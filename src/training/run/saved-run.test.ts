import { mkdir, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { createRng, ModelError } from "../../base/index.js";
import { temporaryFolder } from "../../data/testing/fixtures.js";
import { chooseEngine } from "../../runtime/index.js";
import { halves, halvesNetwork, halvesNormalization, halvesRecipe } from "../testing/halves.js";
import { type Checkpoint, saveCheckpoint } from "./checkpoint.js";
import { runTraining } from "./run-training.js";
import { readSavedRun, runsIn } from "./saved-run.js";

/** @param accuracies of the epochs that are done. */
function checkpoint(accuracies: readonly number[], within: Checkpoint["state"]["within"] = null): Checkpoint {
  const curve = accuracies.map((validationAccuracy, i) => ({
    epoch: i + 1,
    learningRate: 0.1,
    trainLoss: 1,
    trainAccuracy: 0.5,
    validationLoss: 1,
    validationAccuracy,
    imagesPerSecond: 9,
    waitingForData: 0,
  }));
  const weights = Float32Array.of(curve.length);
  const state = { weights, buffers: Float32Array.of(1), moments: [weights], updates: 4, average: null, within };
  return { run: "a", curve, start: null, setbacks: [], state: { ...state, epoch: curve.length } };
}

let folder: string;
const file = (name: "best" | "last") => join(folder, `${name}.safetensors`);
const save = (name: "best" | "last", saved: Checkpoint) => saveCheckpoint(file(name), saved);
const read = () => readSavedRun({ folder, run: "a" });
beforeEach(async () => {
  folder = await temporaryFolder();
});

const begun = { steps: 1, loss: 1, correct: 1, epochs: 9 };

describe("a run goes on from the newest state that can be read", () => {
  const [best, last] = [checkpoint([0.5, 0.9]), checkpoint([0.5, 0.9, 0.8])];

  test("the last one", async () => {
    await save("best", best);
    await save("last", last);
    expect(await read()).toEqual({ best, last, notice: null });
  });

  test("the best one, where the last is cut off", async () => {
    await save("best", best);
    await save("last", last);
    await truncate(file("last"), 900);
    expect(await read()).toEqual({
      best,
      last: best,
      notice: expect.stringMatching(/last\.safetensors.*received.*; going on from \S+best\.safetensors, epoch 2$/),
    });
  });

  test("the best one, where the last is gone", async () => {
    await save("best", best);
    expect(await read()).toMatchObject({ last: best, notice: expect.stringContaining("no such file of this run") });
  });

  test("in the first epoch there is no best yet", async () => {
    const first = checkpoint([], begun);
    await save("last", first);
    expect(await read()).toEqual({ last: first, best: null, notice: null });
  });

  test("the last one is the best, where it holds the best epoch", async () => {
    await save("last", best);
    expect(await read()).toEqual({ last: best, best, notice: null });
  });

  test("nothing, or nothing of this run", async () => {
    expect(await read()).toBeNull();
    await save("last", { ...last, run: "b" });
    await save("best", { ...best, run: "b" });
    expect(await read()).toBeNull();
  });
});

describe("what cannot be gone on from says what to do", () => {
  test("both cut off", async () => {
    for (const name of ["best", "last"] as const) {
      await save(name, checkpoint([0.5]));
      await truncate(file(name), 900);
    }
    const error = await read().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ModelError);
    expect((error as ModelError).facts.hint).toBe(
      `there is no other state of the run: remove ${file("last")} and ${file("best")} to begin anew`,
    );
  });

  test.each([
    ["in a later epoch", null, [0.9, 0.8]],
    ["within the epoch after it", begun, [0.8, 0.9]],
  ])("the best epoch is lost, %s", async (_, within, accuracies) => {
    await save("last", checkpoint(accuracies, within));
    await expect(read()).rejects.toThrow(
      `${file("best")}: expected epoch ${accuracies.indexOf(0.9) + 1}, the best of the run that ${file("last")} holds, received no such file of this run\n  hint: put it back, or remove ${file("last")} to begin anew`,
    );
    await rm(file("last"));
    expect(await read()).toBeNull();
  });

  test("a state of another network", async () => {
    await save("last", checkpoint([], begun));
    const run = runTraining({
      engine: await chooseEngine("auto", 1),
      architecture: halvesNetwork,
      recipe: halvesRecipe,
      epochs: 1,
      normalization: halvesNormalization,
      rng: createRng(1),
      train: halves(8, 1),
      validation: halves(8, 2),
      checkpoints: { folder, run: "a" },
    });
    await expect(run).rejects.toThrow(
      new RegExp(
        `^${folder}: expected \\d{3,} weights, \\d+ statistics, moments of \\[\\d{3,}\\], no averages, received 1 weights, 1 statistics, moments of \\[1\\], no averages\n  hint: the checkpoint is of another network or recipe`,
      ),
    );
  });
});

test("which runs a folder holds, in the folders in it too", async () => {
  expect(await runsIn(join(folder, "nowhere"))).toEqual([]);
  await save("last", checkpoint([0.5]));
  await save("best", { ...checkpoint([0.5]), run: "b" });
  expect((await runsIn(folder)).toSorted()).toEqual(["a", "b"]);
  await truncate(file("best"), 5);
  expect(await runsIn(folder)).toEqual(["a"]);
  await mkdir(join(folder, "1-classifier"));
  await saveCheckpoint(join(folder, "1-classifier", "last.safetensors"), { ...checkpoint([0.5]), run: "a-1" });
  expect((await runsIn(folder)).toSorted()).toEqual(["a", "a-1"]);
});
