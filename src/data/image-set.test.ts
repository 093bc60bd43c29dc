import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DataError, InterruptedError } from "../base/index.js";
import { openDataset } from "./dataset.js";
import { decodeImage } from "./decode.js";
import { type ImageSet, openImages, subset } from "./image-set.js";
import { firstGeometry, type Geometry, imageBytes } from "./preprocessing.js";
import type { SplitName } from "./sample.js";
import { readerOf } from "./shared-pictures.js";
import { folderOf, idxImages, idxLabels, imageSetOf, plain, quarters, temporaryFolder } from "./testing/fixtures.js";
import { sharedImageSet } from "./testing/shared-images.js";

async function mixedFolder(): Promise<string> {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < 5; i++) {
    files[`a/${i}.jpg`] = await quarters(60 + 10 * i, 50)
      .withMetadata({ orientation: 1 + i })
      .jpeg()
      .toBuffer();
    files[`b/${i}.webp`] = await plain([50 * i, 99, 3], 40 + i, 90)
      .webp()
      .toBuffer();
  }
  return folderOf(files);
}

function pixelsOf(images: ImageSet, index: number): Uint8Array {
  const into = new Uint8Array(imageBytes(images));
  images.read(index, into, 0);
  return into;
}

describe("openImages", () => {
  test("gives the very pixels of decodeImage, from memory and from the file, at any geometry", async () => {
    const root = await mixedFolder();
    const cacheDir = await temporaryFolder();
    const dataset = await openDataset(root, { seed: 1, cacheDir });
    const geometries: Geometry[] = [
      firstGeometry(dataset),
      { size: 20, channels: 1, resize: "stretch", interpolation: "lanczos3" },
      { size: 64, channels: 3, resize: "cover", interpolation: "bicubic" },
    ];
    for (const geometry of geometries) {
      for (const split of ["train", "validation", "test"] satisfies SplitName[]) {
        for (const memoryLimit of [undefined, 0]) {
          const images = await openImages(dataset, split, geometry, { cacheDir, memoryLimit });
          expect(images).toMatchObject({ count: dataset.splits[split].length, ...shapeOf(geometry) });
          expect([...images.labels]).toEqual(dataset.splits[split].map(({ label }) => label));
          for (const [i, source] of images.sources.entries()) {
            expect(pixelsOf(images, i)).toEqual(await decodeImage(join(root, source), geometry));
          }
          images.close();
          expect(() => pixelsOf(images, 0)).toThrow(/^internal: images read after/);
          expect(() => images.read.share!()).toThrow(/^internal: images read after/);
          images.close();
        }
      }
    }
  });

  test("the first geometry is in the cache already; another is decoded once", async () => {
    const root = await mixedFolder();
    const cacheDir = await temporaryFolder();
    const dataset = await openDataset(root, { seed: 1, cacheDir });
    const other: Geometry = { ...firstGeometry(dataset), size: 16 };
    let decoded = 0;
    const onProgress = () => {
      decoded++;
    };
    const open = (geometry: Geometry) => openImages(dataset, "train", geometry, { cacheDir, onProgress });
    (await open(firstGeometry(dataset))).close();
    expect(decoded).toBe(0);
    (await open(other)).close();
    expect(decoded).toBe(dataset.splits.train.length);
    (await open(other)).close();
    expect(decoded).toBe(dataset.splits.train.length);
  });

  test("IDX pictures come as they are at their own size, and resized at another", async () => {
    const root = await folderOf({
      "train-images-idx3-ubyte": idxImages(12, 18, 18),
      "train-labels-idx1-ubyte": idxLabels([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]),
    });
    const cacheDir = await temporaryFolder();
    const dataset = await openDataset(root, { seed: 1, cacheDir });
    for (const memoryLimit of [undefined, 0]) {
      const images = await openImages(dataset, "train", firstGeometry(dataset), { cacheDir, memoryLimit });
      for (const [i, source] of images.sources.entries()) {
        const index = Number(source.split("#")[1]);
        const written = Uint8Array.from({ length: 18 * 18 }, (_, p) => 7 * index + p);
        expect(pixelsOf(images, i)).toEqual(written);
      }
      images.close();
    }
    const small = { ...firstGeometry(dataset), size: 9, channels: 3 as const };
    const images = await openImages(dataset, "test", small, { cacheDir });
    const pixels = pixelsOf(images, 0);
    expect(pixels).toHaveLength(9 * 9 * 3);
    expect(new Set(pixels).size).toBeGreaterThan(20);
    expect(pixels.every((value, p) => value === pixels[p - (p % 3)])).toBe(true);
  });

  test("writes where it is told and nowhere else", async () => {
    const cacheDir = await temporaryFolder();
    const dataset = await openDataset(await mixedFolder(), { seed: 1, cacheDir });
    const geometry = firstGeometry(dataset);
    for (const memoryLimit of [undefined, 0]) {
      const images = await openImages(dataset, "train", geometry, { cacheDir, memoryLimit });
      const bytes = imageBytes(geometry);
      const into = new Uint8Array(bytes + 8).fill(77);
      images.read(0, into, 4);
      expect([...into.subarray(0, 4), ...into.subarray(bytes + 4)]).toEqual(new Array(8).fill(77));
      expect(() => images.read(images.count, into, 0)).toThrow(RangeError);
    }
  });

  test("a picture that broke after the dataset was opened is fatal, and not remembered", async () => {
    const root = await mixedFolder();
    const cacheDir = await temporaryFolder();
    const dataset = await openDataset(root, { seed: 1, cacheDir });
    const geometry: Geometry = { ...firstGeometry(dataset), size: 16 };
    const file = join(root, dataset.splits.test[0]!.source);
    const content = await import("node:fs/promises").then(({ readFile }) => readFile(file));
    await rm(file);
    await expect(openImages(dataset, "test", geometry, { cacheDir })).rejects.toThrow(DataError);
    await expect(openImages(dataset, "test", geometry, { cacheDir })).rejects.toThrow("hint: the file changed");
    await writeFile(file, content);
    expect((await openImages(dataset, "test", geometry, { cacheDir })).count).toBe(2);
  });

  test("stops when told to", async () => {
    const cacheDir = await temporaryFolder();
    const dataset = await openDataset(await mixedFolder(), { seed: 1, cacheDir });
    const geometry: Geometry = { ...firstGeometry(dataset), size: 16 };
    const stopped = openImages(dataset, "train", geometry, { cacheDir, signal: AbortSignal.abort() });
    await expect(stopped).rejects.toThrow(InterruptedError);
  });
});

test("a part of a set reads the pictures that it names, from the set and as another thread does", () => {
  const images = sharedImageSet([[5], [6], [7], [8]], 1, 1);
  const named = { ...images, labels: Int32Array.of(0, 1, 0, 1) };
  const part = subset(subset(named, [3, 1, 0]), [2, 0]);
  expect(part).toMatchObject({ count: 2, labels: Int32Array.of(0, 1), sources: ["0", "3"] });
  const read = readerOf(part.read.share!());
  for (const [i, pixel] of [5, 8].entries()) {
    expect([...pixelsOf(part, i)]).toEqual([pixel]);
    expect([...pixelsOf({ ...part, read }, i)]).toEqual([pixel]);
  }
  const { read: alone } = imageSetOf([[5], [6]], 1, 1);
  expect(subset({ ...images, read: alone }, [1]).read.share).toBeUndefined();
});

function shapeOf({ size, channels }: Geometry) {
  return { size, channels };
}
