/** Photos are decoded once, at the largest side; and what reading takes is known before the time is over. */
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage, type ImageSet, openDataset, type SplitName } from "../../src/data/index.js";
import { idxHeader } from "../../src/data/testing/fixtures.js";
import { fit } from "../../src/jobs/index.js";
import { createImagePool } from "../../src/jobs/shared/image-pool.js";
import { noProgress } from "../../src/jobs/shared/progress.js";
import { chooseEngine } from "../../src/runtime/index.js";
import { makePhotos } from "../photos.js";

let root: string;
const place = (...path: string[]) => join(root, ...path);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bantam-reading-"));
  await makePhotos(place("photos"), 20);
});
afterAll(() => rm(root, { recursive: true, force: true }));

function pixelsOf(images: ImageSet, index: number): Uint8Array {
  const pixels = new Uint8Array(images.size ** 2 * images.channels);
  images.read(index, pixels, 0);
  return pixels;
}

describe("sides", () => {
  const opened = async (cache: string) => {
    const cacheDir = place(cache);
    const dataset = await openDataset(place("photos"), { seed: 0, cacheDir, maxSize: 48 });
    return { dataset, pool: createImagePool(dataset, { cacheDir, progress: noProgress, derive: true }) };
  };

  test("smaller ones of training and validation need no file, those of the test do", async () => {
    const { dataset, pool } = await opened("sides");
    expect(dataset.size).toBe(48);
    await rename(place("photos"), place("away"));
    try {
      for (const split of ["train", "validation"] as const) {
        for (const size of [48, 32, 24]) {
          const images = await pool.get(split, size);
          expect([images.size, images.count]).toEqual([size, dataset.splits[split].length]);
        }
      }
      await pool.get("test", 48);
      await expect(pool.get("test", 32)).rejects.toThrow("expected a readable image");
    } finally {
      await rename(place("away"), place("photos"));
      pool.close();
    }
  });

  test("test images are what predict sees; the others differ from it by little", async () => {
    const { dataset, pool } = await opened("sides");
    const difference = async (split: SplitName, size: number): Promise<number> => {
      const images = await pool.get(split, size);
      let sum = 0;
      for (const [i, { source }] of dataset.splits[split].entries()) {
        const seen = await decodeImage(join(dataset.root, source), pool.geometry(size));
        pixelsOf(images, i).forEach((value, p) => {
          sum += Math.abs(value - seen[p]!);
        });
      }
      return sum / (images.count * size * size * images.channels);
    };
    expect(await difference("test", 32)).toBe(0);
    expect(await difference("train", 48)).toBe(0);
    for (const size of [32, 24]) {
      const levels = await difference("train", size);
      expect(levels).toBeGreaterThan(0);
      expect(levels).toBeLessThan(6);
    }
    pool.close();
  });

  test("a larger side than the dataset's own is decoded from the files", async () => {
    const { dataset, pool } = await opened("sides");
    const images = await pool.get("train", 64);
    const seen = await decodeImage(join(dataset.root, dataset.splits.train[0]!.source), pool.geometry(64));
    expect(Buffer.compare(pixelsOf(images, 0), seen)).toBe(0);
    pool.close();
  });
});

test("20,000 IDX images are at another side within seconds", async () => {
  const [count, side] = [20_000, 28];
  await mkdir(place("idx"));
  const pixels = Buffer.alloc(count * side * side);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (Math.imul(i, 2_654_435_761) >>> 24) & 255;
  await writeFile(
    place("idx", "train-images-idx3-ubyte"),
    Buffer.concat([idxHeader(0x803, count, side, side), pixels]),
  );
  const labels = Buffer.from(Uint8Array.from({ length: count }, (_, i) => i % 10));
  await writeFile(place("idx", "train-labels-idx1-ubyte"), Buffer.concat([idxHeader(0x801, count), labels]));
  const cacheDir = place("idx-cache");
  const dataset = await openDataset(place("idx"), { seed: 0, cacheDir });
  const pool = createImagePool(dataset, { cacheDir, progress: noProgress, derive: true });
  const began = performance.now();
  for (const size of [20, 16]) await pool.get("train", size);
  // One by one it takes 14 s on a quiet machine.
  expect(performance.now() - began).toBeLessThan(12_000);
  const images = await pool.get("train", 20);
  const index = Number(dataset.splits.train[777]!.source.split("#")[1]);
  const alone = await sharp(pixels.subarray(index * 784, (index + 1) * 784), {
    raw: { width: 28, height: 28, channels: 1 },
  })
    .resize({ width: 20, height: 20, kernel: "linear" })
    .toColourspace("b-w")
    .raw()
    .toBuffer();
  expect(Buffer.compare(pixelsOf(images, 777), alone)).toBe(0);
  pool.close();
});

test("photos that take longer to read than there is time: said at once, with what to give", async () => {
  const photoOf = (mean: number) => {
    const noise = { type: "gaussian", mean, sigma: 40 } as const;
    const image = sharp({ create: { width: 2400, height: 1800, channels: 3, background: "#888", noise } });
    return image.jpeg({ quality: 80 }).toBuffer();
  };
  for (const [label, means] of Object.entries({ a: [60, 80], b: [150, 170] })) {
    const photos = await Promise.all(means.map(photoOf));
    await mkdir(place("large", label), { recursive: true });
    for (let i = 0; i < 15; i++)
      await writeFile(place("large", label, `${i}.jpg`), Buffer.concat([photos[i % 2]!, Buffer.from([i])]));
  }
  const lines: string[] = [];
  await fit({
    data: place("large"),
    out: place("large-out"),
    cacheDir: place("cache"),
    seed: 0,
    seconds: 0.1,
    budget: { params: 100_000, macs: 5_000_000 },
    engine: await chooseEngine("cpu", 1),
    resolutions: [32],
    progress: { ...noProgress, line: (text) => lines.push(text) },
  });
  const said = lines.findIndex((line) => line.startsWith("reading 30 pictures"));
  expect(lines[said]).toMatch(
    /^reading 30 pictures will take about .* of the .* given, and (one epoch follows it|the training gets what is left): give --time \d+m, or smaller copies of the pictures; what was read is kept for the next run$/,
  );
  // Before they are all read.
  expect(said).toBeLessThan(lines.findIndex((line) => line.startsWith("large: 2 classes")));
  expect(lines.filter((line) => /^epoch +\d/.test(line))).toHaveLength(1);
});
