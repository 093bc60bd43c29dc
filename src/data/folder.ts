import { createHash } from "node:crypto";
import { join, posix } from "node:path";
import { DataError } from "../base/index.js";
import { quoted, refuseFewClasses } from "./classes.js";
import { forEachConcurrently, throwIfStopped } from "./concurrency.js";
import { probeImage } from "./decode.js";
import { findLayout } from "./layout.js";
import type { Collection, SplitName } from "./sample.js";
import { type Entry, imageExtensions, isImage, Scan, type ScanOptions } from "./scan.js";

/** Size and colour are judged from this many pictures, evenly spaced: reading every header of a large folder takes minutes. */
const probes = 500;

/**
 * Reads a folder with one sub-folder a class, alone or under folders for train, validation and test. Pictures lie in
 * the class folder or anywhere below it. Links are followed; hidden files are passed over.
 *
 * @throws {DataError} when the folders give no two classes, a class holds no image, or a held-out folder has a class
 *   that the training folder has not.
 */
export async function readClassFolders(root: string, options: ScanOptions): Promise<Collection> {
  const scan = new Scan(root, options);
  const top = await scan.list("");
  const layout = findLayout(root, top.folders);
  if (layout.parts.length === 0) {
    const images = top.files.filter(isImage).length;
    throw new DataError({
      at: root,
      expected: "one sub-folder per class",
      received: images > 0 ? `${images} images and no sub-folder` : "no sub-folder",
      hint: "put the images of each class in a sub-folder named after it, or give a folder of MNIST's IDX files",
    });
  }
  for (const file of top.files) scan.note(file, "outside every class folder");
  for (const folder of layout.beside) scan.skipped.push({ source: folder, reason: "a folder beside train and test" });

  const classes = await scan.classesOf(layout.parts.find(({ split }) => split === "train")!.folder);
  refuseFewClasses(root, classes);

  const folders: { folder: string; label: number; split: SplitName }[] = [];
  for (const { split, folder } of layout.parts) {
    const names = await scan.heldOutClasses(split, folder, classes);
    folders.push(...names.map((name) => ({ folder: posix.join(folder, name), label: classes.indexOf(name), split })));
  }
  await scan.claim(["", ...layout.parts.map(({ folder }) => folder)], folders);
  const found: { source: string; label: number; split: SplitName }[] = [];
  for (const { folder, label, split } of folders) {
    for (const source of await scan.imagesBelow(folder)) found.push({ source, label, split });
  }
  refuseEmptyClasses(root, classes, found, scan.ignored);

  const entries = await scan.inspect(found);
  const { shorterSides, allGrey } = await probe(root, entries, options);
  const part = (split: SplitName) =>
    layout.parts.some((given) => given.split === split) ? entries.filter((entry) => entry.split === split) : null;
  return {
    classes,
    given: {
      train: (part("train") ?? []).map(toSample),
      validation: part("validation")?.map(toSample) ?? null,
      test: part("test")?.map(toSample) ?? null,
    },
    channels: allGrey ? 1 : 3,
    nativeSize: median(shorterSides),
    barePixels: false,
    skipped: scan.skipped,
    ignored: Object.fromEntries([...scan.ignored].sort()),
    fingerprint: fingerprintOf(classes, entries),
  };
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

async function probe(root: string, entries: readonly Entry[], options: ScanOptions) {
  const count = Math.min(probes, entries.length);
  const shorterSides: number[] = [];
  let allGrey = true;
  let done = 0;
  await forEachConcurrently(count, 4, async (i) => {
    throwIfStopped(options.signal, `reading ${root}`);
    const { source } = entries[Math.floor((i * entries.length) / count)]!;
    try {
      const { shorterSide, grey } = await probeImage(join(root, source), source);
      shorterSides.push(shorterSide);
      allGrey &&= grey;
    } catch (error) {
      // A broken picture is named when it is decoded.
      if (!(error instanceof DataError)) throw error;
    }
    options.onProgress?.(++done, count, "measuring images");
  });
  return { shorterSides, allGrey: allGrey && shorterSides.length > 0 };
}

function fingerprintOf(classes: readonly string[], entries: readonly Entry[]): string {
  const hash = createHash("sha256").update(JSON.stringify(classes));
  for (const { source, bytes, mtimeMs, label, split } of entries) {
    hash.update(JSON.stringify([source, bytes, mtimeMs, label, split]));
  }
  return hash.digest("hex");
}

/** Of an even number, the lower of the two in the middle; 0 where there is none. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

function toSample({ source, label }: Entry) {
  return { source, label };
}
