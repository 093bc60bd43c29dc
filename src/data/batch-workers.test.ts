import { readdirSync, statSync } from "node:fs";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createRng, FileError } from "../base/index.js";
import type { Augmentation } from "./augmentation.js";
import { type BatchWorkers, startBatchWorkers } from "./batch-workers.js";
import { openDataset } from "./dataset.js";
import { fillBatch } from "./fill-batch.js";
import { type ImageSet, openImages, subset } from "./image-set.js";
import { firstGeometry } from "./preprocessing.js";
import { folderOf, idxImages, idxLabels, temporaryFolder } from "./testing/fixtures.js";
import { sharedImageSet } from "./testing/shared-images.js";

const SIDE = 12;

function noisyPictures(count: number, channels: 1 | 3): ImageSet {
  const rng = createRng(channels);
  const picture = () => Uint8Array.from({ length: SIDE * SIDE * channels }, () => rng.integer(256));
  return sharedImageSet(Array.from({ length: count }, picture), SIDE, channels);
}

/** Twelve grey pictures in a file that is open. */
async function picturesInFile() {
  const root = await folderOf({
    "train-images-idx3-ubyte": idxImages(16, SIDE, SIDE),
    "train-labels-idx1-ubyte": idxLabels(Array.from({ length: 16 }, (_, i) => i % 2)),
  });
  const cacheDir = await temporaryFolder();
  const dataset = await openDataset(root, { seed: 1, cacheDir });
  const images = await openImages(dataset, "train", firstGeometry(dataset), { cacheDir, memoryLimit: 0 });
  const bytes = 16 * SIDE * SIDE;
  const file = readdirSync(cacheDir)
    .map((name) => join(cacheDir, name))
    .find((path) => path.endsWith(".pixels") && statSync(path).size === bytes)!;
  return { images, file };
}

const all = { shift: 0.2, flip: true, erase: 0.5 };
const augmentations: readonly (readonly [string, Augmentation | null])[] = [
  ["no augmentation", null],
  ["shift, flip and erase", all],
  ["crop", { ...all, crop: 0.08 }],
  ["TrivialAugment", { ...all, policy: { kind: "trivial" } }],
  ["RandAugment on a crop", { ...all, crop: 0.3, policy: { kind: "randaugment", ops: 3, magnitude: 20 } }],
  ["AutoAugment", { ...all, policy: { kind: "autoaugment", of: "cifar10" } }],
];
const normalization = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] };

let one: BatchWorkers;
let three: BatchWorkers;
beforeAll(() => {
  [one, three] = [startBatchWorkers(1), startBatchWorkers(3)];
});
afterAll(() => Promise.all([one.dispose(), three.dispose()]));

/** Batch i of one set, by workers where there are some, else on this thread. */
async function batchOf(images: ImageSet, augmentation: Augmentation | null, i: number, workers: BatchWorkers | null) {
  const indices = Array.from({ length: 5 }, (_, k) => (5 * i + 3 * k) % images.count);
  const options = { ...normalization, augmentation, rng: augmentation && createRng(7).fork(`step ${i}`) };
  // What a batch held before must not matter.
  const into = new Float32Array(5 * SIDE * SIDE * images.channels).fill(i);
  if (workers !== null) return workers.fill(images, indices, options, into);
  fillBatch(images, indices, options, into);
  return into;
}

describe.each(augmentations)("with %s, workers give the bits of this thread", (_, augmentation) => {
  test.each([1, 3] as const)("%d channels, in memory, in part or whole", async (channels) => {
    const whole = noisyPictures(9, channels);
    for (const images of [whole, subset(whole, [8, 2, 5])]) {
      const here = await Promise.all([0, 1, 2, 3].map((i) => batchOf(images, augmentation, i, null)));
      for (const workers of [one, three]) {
        expect(await Promise.all([0, 1, 2, 3].map((i) => batchOf(images, augmentation, i, workers)))).toEqual(here);
      }
    }
  });

  test("from a file", async () => {
    const { images } = await picturesInFile();
    for (const set of [images, subset(images, [3, 1])]) {
      const here = await batchOf(set, augmentation, 1, null);
      expect(await batchOf(set, augmentation, 1, three)).toEqual(here);
    }
    images.close();
  });
});

test("an error in a worker arrives as itself, and the worker goes on", async () => {
  const { images, file } = await picturesInFile();
  await truncate(file, 100);
  const here = await batchOf(images, null, 0, null).catch((error: unknown) => error);
  const there = await batchOf(images, null, 0, one).catch((error: unknown) => error);
  images.close();
  expect(there).toBeInstanceOf(FileError);
  expect((there as FileError).message).toMatch(
    /^.*\.pixels: expected a picture of 144 bytes at byte \d+, received the/,
  );
  expect((there as FileError).facts).toEqual((here as FileError).facts);
  const others = noisyPictures(4, 1);
  await expect(batchOf(others, all, 0, one)).resolves.toEqual(await batchOf(others, all, 0, null));
});

test("a broken invariant in a worker is told with its words", async () => {
  const images = noisyPictures(4, 1);
  const options = { ...normalization, augmentation: null, rng: null };
  const tooShort = one.fill(images, [0, 1], options, new Float32Array(3));
  await expect(tooShort).rejects.toThrow(/^internal: 3 floats for a batch of 1 × 2 × 12 × 12$/);
});

test("dispose ends the threads, and refuses what they had not finished", async () => {
  const posts = vi.spyOn(Worker.prototype, "postMessage");
  const images = noisyPictures(9, 3);
  const workers = startBatchWorkers(2);
  await batchOf(images, all, 0, workers);
  // So large that no thread is done before it is ended.
  const indices = new Array<number>(20_000).fill(0);
  const options = { ...normalization, augmentation: { ...all, policy: { kind: "trivial" } } as const };
  const unfinished = [0, 1].map((i) => {
    const into = new Float32Array(indices.length * SIDE * SIDE * images.channels);
    return workers.fill(images, indices, { ...options, rng: createRng(i) }, into).catch((error) => error);
  });
  const threads = new Set(posts.mock.contexts as Worker[]);
  posts.mockRestore();
  expect([...threads].filter(({ threadId }) => threadId > 0)).toHaveLength(2);
  await workers.dispose();
  expect([...threads].map(({ threadId }) => threadId)).toEqual([-1, -1]);
  const ended = new Error("internal: a thread that fills batches has ended");
  expect(await Promise.all(unfinished)).toEqual([ended, ended]);
  await expect(batchOf(images, all, 0, workers)).rejects.toThrow("has ended");
});
