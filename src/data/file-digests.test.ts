import { createHash } from "node:crypto";
import { copyFile, link, readFile, rename, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { openFileDigests } from "./file-digests.js";
import { temporaryFolder } from "./testing/fixtures.js";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
/** Files that were changed just now are read again each time. */
const settled = () => setTimeout(3200);

async function twoFiles() {
  const folder = await temporaryFolder();
  const [a, b, record] = ["a", "b", "record.json"].map((name) => join(folder, name)) as [string, string, string];
  await writeFile(a, "first");
  await writeFile(b, "other");
  return { folder, a, b, record };
}

/** Which digests are in the record. */
const recorded = async (record: string) =>
  Object.values(JSON.parse(await readFile(record, "utf8")).files as Record<string, string>).sort();

test("are kept for files that were left alone, and follow each that was not", async () => {
  const { folder, a, b, record } = await twoFiles();
  await settled();
  const first = await openFileDigests(record);
  expect(await first.of(a)).toBe(sha256("first"));
  expect(await first.of(b)).toBe(sha256("other"));
  await first.save();
  expect(await recorded(record)).toEqual([sha256("first"), sha256("other")].sort());

  // Contents of equal size are swapped, and every time that can be set back is.
  const { atime, mtime } = await stat(a);
  for (const file of [a, b]) await utimes(file, atime, mtime);
  await writeFile(a, "other");
  await writeFile(b, "first");
  for (const file of [a, b]) await utimes(file, atime, mtime);
  const written = await openFileDigests(record);
  expect([await written.of(a), await written.of(b)]).toEqual([sha256("other"), sha256("first")]);

  // The same by names.
  await rename(a, join(folder, "c"));
  await rename(b, a);
  await rename(join(folder, "c"), b);
  expect([await written.of(a), await written.of(b)]).toEqual([sha256("first"), sha256("other")]);

  // A copy with its time preserved, and a hard link, through which its other name is written.
  await copyFile(b, a);
  await utimes(a, atime, mtime);
  expect(await written.of(a)).toBe(sha256("other"));
  await link(b, join(folder, "linked"));
  await writeFile(join(folder, "linked"), "thing");
  expect(await written.of(b)).toBe(sha256("thing"));
});

test("of what was changed just now are not trusted, nor those of a damaged record", async () => {
  const { a, b, record } = await twoFiles();
  const young = await openFileDigests(record);
  await young.of(a);
  await young.save();
  await expect(stat(record)).rejects.toThrow("ENOENT");

  await settled();
  const digests = await openFileDigests(record);
  for (const file of [a, b]) await digests.of(file);
  await digests.save();
  const text = await readFile(record, "utf8");
  // By itself a record is believed: this one says that both files are the same.
  await writeFile(record, text.replaceAll(sha256("other"), sha256("first")));
  expect(await (await openFileDigests(record)).of(b)).toBe(sha256("other"));
});
