import { randomBytes } from "node:crypto";
import { readdir, readFile, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DataError } from "../base/index.js";
import { buildCache, type CacheKey, findCache, findOrBuildCache } from "./cache.js";
import type { Decode } from "./decode.js";
import type { Geometry } from "./preprocessing.js";
import { temporaryFolder } from "./testing/fixtures.js";

const geometry: Geometry = { size: 4, channels: 1, resize: "cover", interpolation: "bilinear" };
const key: CacheKey = { fingerprint: "f", geometry, subset: null };
const sources = Array.from({ length: 2_500 }, (_, i) => `${i}`); // three chunks
const list = { broken: "list" } as const;

/** Picture i is 16 bytes of i; every hundredth is broken. Later ones may well be done before earlier ones. */
const decode: Decode = async (source) => {
  const i = Number(source);
  if (i % 3 === 0) await new Promise(setImmediate);
  if (i % 100 === 99) throw new DataError({ at: source, expected: "a picture", received: `fault ${i}` });
  return new Uint8Array(16).fill(i);
};
const never = async (): Promise<Decode> => {
  throw new Error("decoded again");
};

test("holds every picture in its place, and names the broken ones", async () => {
  const folder = await temporaryFolder();
  const { pixelFile, broken } = await buildCache(folder, key, sources, decode, list);
  const pixels = await readFile(pixelFile);
  expect(pixels.length).toBe(2_500 * 16);
  const wrong = sources.filter((_, i) =>
    pixels.subarray(i * 16, i * 16 + 16).some((b) => b !== (i % 100 === 99 ? 0 : i % 256)),
  );
  expect(wrong).toEqual([]);
  expect(broken).toHaveLength(25);
  expect(broken[1]).toEqual({ source: "199", reason: "fault 199" });
  expect(await findCache(folder, key)).toEqual({ pixelFile, sources, broken });
  expect(await readdir(folder)).toHaveLength(2);
});

test("is found again under its own key only", async () => {
  const folder = await temporaryFolder();
  await buildCache(folder, key, sources, decode, list);
  await findOrBuildCache(folder, key, sources, never, list);
  for (const other of [
    { ...key, fingerprint: "g" },
    { ...key, subset: "s" },
    { ...key, geometry: { ...geometry, size: 8 } },
    { ...key, geometry: { ...geometry, channels: 3 as const } },
    { ...key, geometry: { ...geometry, resize: "stretch" as const } },
    { ...key, geometry: { ...geometry, interpolation: "bicubic" as const } },
    { ...key, geometry: { ...geometry, crop: 0.875 } },
  ]) {
    expect(await findCache(folder, other)).toBeNull();
  }
  expect(await findCache(folder, { ...key, geometry: { ...geometry, crop: 1 } })).not.toBeNull();
  const elsewhere = findOrBuildCache(folder, key, [...sources, "more"], never, list);
  await expect(elsewhere).rejects.toThrow("decoded again");
});

async function flip(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[at]! ^= 16;
  await writeFile(file, bytes);
}

test.each([
  ["truncated pixels", (file: string) => truncate(file, 100), "pixels"],
  ["too many pixels", (file: string) => truncate(file, 1_000_000), "pixels"],
  ["other pixels", async (file: string) => writeFile(file, randomBytes((await stat(file)).size)), "pixels"],
  ["one other bit", (file: string) => flip(file, 12_345), "pixels"],
  [
    "other pixels of the same time",
    async (file: string) => {
      const { mtime, size } = await stat(file);
      await writeFile(file, Buffer.alloc(size));
      await utimes(file, mtime, mtime);
    },
    "pixels",
  ],
  ["one other bit in the index", (file: string) => flip(file, 300), "json"],
  [
    "an index without a digest",
    (file: string) => writeFile(file, '{"key":"","sources":[],"broken":[],"pixels":""}'),
    "json",
  ],
  ["half an index", (file: string) => truncate(file, 100), "json"],
  ["an index of something else", (file: string) => writeFile(file, '{"key":"other","sources":[],"broken":[]}'), "json"],
  ["an index of another form", (file: string) => writeFile(file, "[]"), "json"],
] as const)("%s are noticed and built anew", async (_, damage, extension) => {
  const folder = await temporaryFolder();
  const { pixelFile } = await buildCache(folder, key, sources, decode, list);
  const whole = await readFile(pixelFile);
  await damage(pixelFile.replace(/pixels$/, extension));
  expect(await findCache(folder, key)).toBeNull();
  await findOrBuildCache(folder, key, sources, async () => decode, list);
  expect((await readFile(pixelFile)).equals(whole)).toBe(true);
  await findOrBuildCache(folder, key, sources, never, list);
});

test("two who build it at once do each other no harm", async () => {
  const folder = await temporaryFolder();
  const both = [1, 2].map(() => findOrBuildCache(folder, key, sources, async () => decode, list));
  const [first, second] = await Promise.all(both);
  expect(first).toEqual(second);
  expect(await findCache(folder, key)).toEqual(first);
  expect(await readdir(folder)).toHaveLength(2);
});

test("a fault that is not the picture's ends the work and leaves nothing", async () => {
  const folder = await temporaryFolder();
  const faulty: Decode = async (source) => {
    if (source === "1500") throw new Error("out of memory");
    return decode(source, geometry);
  };
  await expect(buildCache(folder, key, sources, faulty, list)).rejects.toThrow("out of memory");
  await expect(buildCache(folder, key, sources, decode, { broken: "throw" })).rejects.toThrow("fault 99");
  expect(await readdir(folder)).toEqual([]);
});

test("leftovers of a killed process are removed after a day, younger ones kept", async () => {
  const folder = await temporaryFolder();
  const [old, young] = [".bantam-0123abcd-0123.tmp", ".bantam-4567abcd-4567.tmp"];
  for (const name of [old, young, "mine.tmp"]) await writeFile(join(folder, name), "");
  const yesterday = Date.now() / 1000 - 25 * 60 * 60;
  for (const name of [old, "mine.tmp"]) await utimes(join(folder, name), yesterday, yesterday);
  await buildCache(folder, key, sources.slice(0, 3), decode, list);
  const left = await readdir(folder);
  expect(left).not.toContain(old);
  expect(left).toEqual(expect.arrayContaining([young, "mine.tmp"]));
  expect((await stat(join(folder, young))).size).toBe(0);
});
