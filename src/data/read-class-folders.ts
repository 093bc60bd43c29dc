import { createHash } from "node:crypto";
import { join } from "node:path";
import { DataError, sha256 } from "../base/index.js";
import { findClassFolders } from "./class-folders.js";
import { quoted, refuseFewClasses } from "./class-names.js";
import { forEachConcurrently, throwIfStopped } from "./concurrency.js";
import { decodersAtOnce, type Header, maxFileBytes } from "./decode.js";
import { openFileDigests } from "./file-digests.js";
import { unreadable, withFileHandle } from "./file-errors.js";
import { isElongated } from "./picture-shape.js";
import type { Collection, Looks, Sample, SplitName } from "./sample.js";
import { type Entry, type Found, imageExtensions, Scan, type ScanOptions } from "./scan.js";
import { DIVISION } from "./split.js";

/**
 * Reads a folder with one sub-folder a class, alone or under folders for train, validation and test. Pictures lie in
 * the class folder or anywhere below it. Links are followed; hidden files and those of systems are passed over.
 *
 * @param known the classes of a model, where the pictures are for one: see `findClassFolders`.
 * @throws {DataError} when the folders give no two classes, a class holds no image, or a held-out folder has a class
 *   that the training folder has not.
 */
export async function readClassFolders(
  root: string,
  options: ScanOptions & { readonly cacheDir: string },
  known: readonly string[] | null,
): Promise<{ readonly at: string; readonly collection: Collection }> {
  const scan = new Scan(root, options);
  const { base, classes, folders, above, splits } = await findClassFolders(root, scan, known);
  if (known === null) refuseFewClasses(root, classes);
  await scan.claim(above, folders);
  const found: Found[] = [];
  for (const { folder, name, split } of folders) {
    for (const source of await scan.imagesBelow(folder)) found.push({ source, label: classes.indexOf(name), split });
  }
  if (known === null) refuseEmptyClasses(root, classes, found, scan.ignored);

  // From where it lies, a folder is the same for whoever names the one above it.
  const at = join(root, base);
  const fromThere = <T extends { readonly source: string }>(each: T): T =>
    base !== "" && each.source.startsWith(`${base}/`) ? { ...each, source: each.source.slice(base.length + 1) } : each;
  const entries = (await scan.inspect(found)).map(fromThere);
  const headers = entries.map(({ header }) => header).filter((header) => header !== null);
  const looks = looksOf(headers);
  const contents = await contentsOf(at, entries, options);
  const samples = entries.map(({ source, label }, i): Sample => ({ source, label, content: contents[i]! }));
  const part = (split: SplitName) => (splits.has(split) ? samples.filter((_, i) => entries[i]!.split === split) : null);
  const collection = {
    classes,
    given: { train: part("train") ?? [], validation: part("validation"), test: part("test") },
    channels: looks.count > 0 && looks.grey === looks.count ? 1 : 3,
    sides: headers,
    barePixels: false,
    skipped: scan.skipped.map(fromThere),
    ignored: Object.fromEntries([...scan.ignored].sort()),
    notes: scan.notes,
    looks,
    fingerprint: fingerprintOf(classes, entries, contents),
  } as const;
  return { at, collection };
}

function refuseEmptyClasses(
  root: string,
  classes: readonly string[],
  found: readonly { readonly label: number; readonly split: SplitName }[],
  ignored: ReadonlyMap<string, number>,
): void {
  const filled = new Set(found.filter(({ split }) => split === "train").map(({ label }) => label));
  const empty = classes.filter((_, label) => !filled.has(label));
  if (empty.length === 0) return;
  const others = [...ignored].map(([extension, count]) => `${count} ${extension}`).join(", ");
  throw new DataError({
    at: root,
    expected: "at least one image in every class folder",
    received: `none in ${quoted(empty)}${others === "" ? "" : ` (files of other kinds: ${others})`}`,
    hint: `images end in ${[...imageExtensions].join(" ")}; add some, or remove the folder`,
  });
}

function looksOf(headers: readonly Header[]): Looks {
  return {
    count: headers.length,
    grey: headers.filter(({ grey }) => grey).length,
    elongated: headers.filter(isElongated).length,
  };
}

/** Hexadecimal SHA-256 of each file, in their order. What has not changed since the last time is not read again. */
async function contentsOf(
  root: string,
  entries: readonly Entry[],
  { cacheDir, signal, onProgress }: ScanOptions & { readonly cacheDir: string },
): Promise<string[]> {
  const record = sha256(root).slice(0, 32);
  const digests = await openFileDigests(join(cacheDir, "digests", `${record}.json`));
  const contents = new Array<string>(entries.length);
  let done = 0;
  await forEachConcurrently(entries.length, decodersAtOnce, async (i) => {
    throwIfStopped(signal, `reading ${root}`);
    const { source, bytes } = entries[i]!;
    try {
      // What is too large to be decoded is not read to the end for its digest.
      contents[i] =
        bytes > maxFileBytes ? `${bytes} bytes` : await withFileHandle(() => digests.of(join(root, source)));
    } catch (error) {
      throw unreadable(error, source, "a readable image");
    }
    onProgress?.(++done, entries.length, "looking for changes");
  });
  await digests.save();
  return contents;
}

function fingerprintOf(classes: readonly string[], entries: readonly Entry[], contents: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify([DIVISION, classes]));
  for (const [i, { source, label, split }] of entries.entries()) {
    hash.update(JSON.stringify([source, contents[i], label, split]));
  }
  return hash.digest("hex");
}
