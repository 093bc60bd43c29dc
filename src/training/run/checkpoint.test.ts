import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FileError, ModelError } from "../../base/index.js";
import { folderOf, temporaryFolder } from "../../data/testing/fixtures.js";
import { decodeSafetensors, encodeSealed } from "../../weights/index.js";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "./checkpoint.js";

const checkpoint: Checkpoint = {
  run: "run a",
  start: { accuracy: 0.5, loss: 0.7 },
  setbacks: [{ epoch: 3, reason: "a loss of NaN", backTo: 1, learningRate: 0.05 }],
  state: {
    weights: Float32Array.of(1, -2.5, 3e-38),
    buffers: Float32Array.of(0, 1),
    moments: [Float32Array.of(4, 5, 6), Float32Array.of(7, 8, 9)],
    epoch: 2,
    updates: 17,
    average: { weights: Float32Array.of(10, 11, 12), buffers: Float32Array.of(13, 14) },
    within: { steps: 3, loss: 1 / 3, correct: 17, epochs: 9 },
  },
  curve: [1, 2].map((epoch) => ({
    epoch,
    learningRate: 0.1 / epoch,
    trainLoss: 1 / 3,
    trainAccuracy: 0.5,
    validationLoss: 0.25,
    validationAccuracy: 0.75,
    imagesPerSecond: 1234.5,
    waitingForData: 0.25,
  })),
};

test("comes back as it was saved, over an older one too", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "last.safetensors");
  await saveCheckpoint(path, { ...checkpoint, state: { ...checkpoint.state, epoch: 1 } });
  await saveCheckpoint(path, checkpoint);
  expect(await loadCheckpoint(path, "run a")).toEqual(checkpoint);
  expect(await readdir(folder)).toEqual(["last.safetensors"]);
});

test("of another run, of another kind, or not there: nothing to go on from", async () => {
  const path = join(await temporaryFolder(), "last.safetensors");
  expect(await loadCheckpoint(path, "run a")).toBeNull();
  await saveCheckpoint(path, checkpoint);
  expect(await loadCheckpoint(path, "run b")).toBeNull();
  await writeFile(path, encodeSealed(new Map(), { format: "another", run: "run a" }));
  expect(await loadCheckpoint(path, "run a")).toBeNull();
});

test("damaged, it is refused with the file's name", async () => {
  const path = join(await temporaryFolder(), "last.safetensors");
  await saveCheckpoint(path, checkpoint);
  const bytes = await readFile(path);
  const load = () => loadCheckpoint(path, "run a").catch((error: unknown) => error);

  await writeFile(path, bytes.subarray(0, -4));
  const cutOff = await load();
  expect(cutOff).toBeInstanceOf(ModelError);
  expect((cutOff as ModelError).message).toMatch(/received \[52, 64\]\n {2}hint: the file is cut off or damaged/);
  expect((cutOff as ModelError).facts.at).toContain(path);

  await writeFile(path, "not a checkpoint at all");
  expect(await load()).toBeInstanceOf(ModelError);

  const { tensors, metadata } = decodeSafetensors(bytes, path);
  const withoutWeights = new Map([...tensors].filter(([name]) => name !== "weights"));
  await writeFile(path, encodeSealed(withoutWeights, metadata));
  expect(await load()).toMatchObject({ message: `${path}: expected a tensor weights, received none` });

  await writeFile(path, encodeSealed(tensors, { ...metadata, curve: "[" }));
  expect(await load()).toMatchObject({
    message: `${path}: expected a learning curve in JSON, received something else`,
  });
});

test("a folder in its place is an error of the file system", async () => {
  const folder = await folderOf({ "last.safetensors/inside": "" });
  const loading = loadCheckpoint(join(folder, "last.safetensors"), "run a");
  await expect(loading).rejects.toThrow(FileError);
});
