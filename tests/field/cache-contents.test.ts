/** The cache is believed by content: of the pictures it was made of, and of itself. */
import { mkdir, readdir, readFile, rename, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../../src/base/index.js";
import { openDataset } from "../../src/data/index.js";
import { folderOf, idxHeader } from "../../src/data/testing/fixtures.js";
import { createPlace } from "../place.js";
import { mutationsOf } from "./mutations.js";

const { place, bantam } = createPlace();

const cache = () => place("cache");

const accuracyOn = async (data: string): Promise<number> => {
  const words = ["eval", place("run", "model.onnx"), place(data), "--device", "cpu", "--json"];
  const { code, stdout, stderr } = await bantam(...words);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout).accuracy;
};

/** Noise around a grey; uncompressed, so that all files have one size. Every file is of the same second. */
async function writeNoise(folder: string, grey: number, extension: "tif" | "png", seed: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < 12; i++) {
    const rng = createRng(seed).fork(i);
    const pixels = Uint8Array.from({ length: 16 * 16 }, () => grey + rng.integer(60));
    const image = sharp(pixels, { raw: { width: 16, height: 16, channels: 1 } });
    const file = join(folder, `${i}.${extension}`);
    await (extension === "tif" ? image.tiff({ compression: "none" }) : image.png()).toFile(file);
    await utimes(file, 1_700_000_000, 1_700_000_000);
  }
}

async function swap(a: string, b: string): Promise<void> {
  await rename(place(a), place("between"));
  await rename(place(b), place(a));
  await rename(place("between"), place(b));
}

beforeAll(async () => {
  await writeNoise(place("tiffs", "dark"), 10, "tif", 1);
  await writeNoise(place("tiffs", "light"), 180, "tif", 2);
  const { code, stderr } = await bantam(
    ...["train", place("tiffs"), "--network", "mobilenet-v3-small-0.25@16", "--device", "cpu", "--threads", "1"],
    ...["--epochs", "12", "--seed", "1", "--out", place("run")],
  );
  expect(code, stderr).toBe(0);
});

describe("pictures that were exchanged", () => {
  test("class folders swapped, with equal sizes and times: what is true is said", async () => {
    expect(await accuracyOn("tiffs")).toBe(1);
    await swap("tiffs/dark", "tiffs/light");
    expect(await accuracyOn("tiffs")).toBe(0);
    await swap("tiffs/dark", "tiffs/light");
    expect(await accuracyOn("tiffs")).toBe(1);
  });

  test("every two files swapped by name, contents overwritten in place, a copy of the folder", async () => {
    for (let i = 0; i < 12; i++) await swap(`tiffs/dark/${i}.tif`, `tiffs/light/${i}.tif`);
    expect(await accuracyOn("tiffs")).toBe(0);
    for (let i = 0; i < 12; i++) {
      const files = ["dark", "light"].map((name) => place("tiffs", name, `${i}.tif`)) as [string, string];
      const [dark, light] = [await readFile(files[0]), await readFile(files[1])];
      expect((await stat(files[0])).size).toBe((await stat(files[1])).size);
      await writeFile(files[0], light);
      await writeFile(files[1], dark);
      for (const file of files) await utimes(file, 1_700_000_000, 1_700_000_000);
    }
    expect(await accuracyOn("tiffs")).toBe(1);
  });

  test("IDX files of one size and time", async () => {
    const images = (grey: number) =>
      Buffer.concat([
        idxHeader(0x803, 40, 16, 16),
        Buffer.from(Array.from({ length: 40 * 256 }, (_, i) => (grey * i * i) % 251)),
      ]);
    const labels = Buffer.concat([idxHeader(0x801, 40), Buffer.from(Array.from({ length: 40 }, (_, i) => i % 2))]);
    const other = Buffer.concat([idxHeader(0x801, 40), Buffer.from(Array.from({ length: 40 }, (_, i) => (i + 1) % 2))]);
    for (const packed of [false, true]) {
      const content = (bytes: Buffer) => (packed ? gzipSync(bytes) : bytes);
      const end = packed ? ".gz" : "";
      const fingerprints: string[] = [];
      for (const [pixels, names] of [
        [images(7), labels],
        [images(8), labels],
        [images(7), other],
      ] as const) {
        const folder = await folderOf({
          [`train-images-idx3-ubyte${end}`]: content(pixels),
          [`train-labels-idx1-ubyte${end}`]: content(names),
        });
        for (const name of await readdir(folder)) await utimes(join(folder, name), 1_700_000_000, 1_700_000_000);
        fingerprints.push((await openDataset(folder, { seed: 1, cacheDir: cache() })).fingerprint);
      }
      expect(new Set(fingerprints).size).toBe(3);
    }
  });
});

describe("a damaged cache", () => {
  const files = async (extension: string) =>
    (await readdir(cache(), { recursive: true })).filter((name) => name.endsWith(extension));

  test("pixels made random: the same accuracy, from pixels decoded again", async () => {
    await accuracyOn("tiffs");
    const rng = createRng(5);
    for (const name of await files(".pixels")) {
      const size = (await stat(place("cache", name))).size;
      await writeFile(
        place("cache", name),
        Uint8Array.from({ length: size }, () => rng.integer(256)),
      );
    }
    expect(await accuracyOn("tiffs")).toBe(1);
  });

  test("any fault in pixels or index: never used", async () => {
    const dataset = () => openDataset(place("tiffs"), { seed: 1, cacheDir: place("own") });
    const facts = await dataset();
    const own = await readdir(place("own"));
    const index = own.find((name) => name.endsWith(".json"))!;
    const pixels = own.find((name) => name.endsWith(".pixels"))!;
    const whole = await readFile(place("own", pixels));
    const wholeIndex = await readFile(place("own", index));
    let tried = 0;
    for (const [file, bytes] of [
      [pixels, whole],
      [index, wholeIndex],
    ] as const) {
      for (const [kind, bad] of mutationsOf(bytes, createRng(9))) {
        if (tried++ % 8 > 0) continue; // each is decoded again
        await writeFile(place("own", file), bad);
        expect(await dataset(), kind).toEqual(facts);
        expect(Buffer.compare(await readFile(place("own", pixels)), whole), kind).toBe(0);
        expect(Buffer.compare(await readFile(place("own", index)), wholeIndex), kind).toBe(0);
      }
    }
  });

  test("features made random, or of another picture: the same network", async () => {
    const fineTuned = async (out: string) => {
      const { code, stderr } = await bantam(
        ...["train", place("tiffs"), "--from", place("run", "model.safetensors"), "--device", "cpu", "--threads", "1"],
        ...["--unfreeze", "classifier:2", "--seed", "2", "--out", place(out)],
      );
      expect(code, stderr).toBe(0);
      return readFile(place(out, "model.safetensors"));
    };
    const once = await fineTuned("once");
    const features = (await files(".safetensors")).filter((name) => name.startsWith("features"));
    expect(features.length).toBeGreaterThan(0);
    for (const [round, damage] of [
      (bytes: Buffer) => bytes.fill(7, bytes.length - 400),
      (bytes: Buffer) => bytes.subarray(0, bytes.length / 2),
      (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === bytes.length - 30 ? byte ^ 64 : byte))),
    ].entries()) {
      for (const name of features) {
        const bytes = await readFile(place("cache", name));
        await writeFile(place("cache", name), damage(bytes));
      }
      expect(Buffer.compare(await fineTuned(`again-${round}`), once)).toBe(0);
    }
  });
});
