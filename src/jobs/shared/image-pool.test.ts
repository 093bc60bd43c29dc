import { rm, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { openDataset } from "../../data/index.js";
import { folderOf, pictures, temporaryFolder } from "../../data/testing/fixtures.js";
import { createImagePool } from "./image-pool.js";
import { noProgress } from "./progress.js";

test("images that could not be opened are tried again, and are opened once", async () => {
  const cacheDir = await temporaryFolder();
  const dataset = await openDataset(await folderOf(await pictures(["a", "b"], 8)), { seed: 0, cacheDir, maxSize: 32 });
  const pool = createImagePool(dataset, { cacheDir, progress: noProgress });
  // A file in place of the cache, as a full or read-only disk would be.
  await rm(cacheDir, { recursive: true });
  await writeFile(cacheDir, "");
  await expect(pool.get("train", 24)).rejects.toThrow(/expected a folder that can be written/);
  await rm(cacheDir);
  const opened = await pool.get("train", 24);
  expect(opened.count).toBe(dataset.splits.train.length);
  expect(await pool.get("train", 24)).toBe(opened);
  await pool.close();
});

test("what is still being opened when the pool closes is closed as well", async () => {
  const cacheDir = await temporaryFolder();
  const dataset = await openDataset(await folderOf(await pictures(["a", "b"], 8)), { seed: 0, cacheDir, maxSize: 32 });
  const pool = createImagePool(dataset, { cacheDir, progress: noProgress });
  const underWay = pool.get("train", 24);
  await pool.close();
  const { read, size, channels } = await underWay;
  expect(() => read(0, new Uint8Array(size ** 2 * channels), 0)).toThrow("images read after they were closed");
});
