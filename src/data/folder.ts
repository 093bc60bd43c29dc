import { createHash } from "node:crypto";
import { access, constants, readdir, realpath, stat } from "node:fs/promises";
import { extname, join, posix } from "node:path";
import { toFileError } from "../base/files.js";
import { DataError } from "../base/index.js";
import { refuseFewClasses } from "./classes.js";
import { forEachConcurrently, type OnProgress, throwIfStopped } from "./concurrency.js";
import { probeImage } from "./decode.js";
import { fileReason } from "./file-errors.js";
import { findLayout } from "./layout.js";
import type { Collection, Sample, Skipped, SplitName } from "./sample.js";

const imageExtensions = new Set([".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".avif", ".tif", ".tiff"]);

/** Size and colour are judged from this many pictures, evenly spaced: reading every header of a large folder takes minutes. */
const probes = 500;

export type ScanOptions = { readonly signal?: AbortSignal | undefined; readonly onProgress?: OnProgress | undefined };

type Entry = Sample & { readonly split: SplitName; readonly bytes: number; readonly mtimeMs: number };

/**
 * Reads a folder with one sub-folder a class, alone or under folders for train, validation and test. Pictures lie in
 * the class folder or anywhere below it. Links are followed; hidden files are passed over.
 *
 * @throws {DataError} when the folders give no two classes, a class holds no image, or a held-out folder has a class
 *   that the training folder has not.
 */
export async function readClassFolders(root: string, options: ScanOptions): Promise<Collection> {
  const scan = new Scan(root, options.signal);
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

  const entries = await scan.inspect(found, options.onProgress);
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

/** One walk through a dataset, and what it met on the way. Paths are relative to the root, with forward slashes. */
class Scan {
  readonly skipped: Skipped[] = [];
  readonly ignored = new Map<string, number>();
  /** Folders read or claimed, by their real path. */
  private readonly visited = new Map<string, string>();

  constructor(
    private readonly root: string,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Visible folders and files, sorted by code unit. What is not a folder counts as a file until it is looked at. */
  async list(folder: string): Promise<{ readonly folders: string[]; readonly files: string[] }> {
    throwIfStopped(this.signal, `reading ${this.root}`);
    const at = join(this.root, folder);
    const entries = await readdir(at, { withFileTypes: true }).catch((error: unknown) => {
      throw toFileError(error, at, "read");
    });
    const folders: string[] = [];
    const files: string[] = [];
    for (const entry of entries) {
      if (entry.name.startsWith(".") || entry.name === "__MACOSX") continue;
      const isFolder = entry.isSymbolicLink() ? await leadsToFolder(join(at, entry.name)) : entry.isDirectory();
      (isFolder ? folders : files).push(entry.name);
    }
    return { folders: folders.sort(), files: files.sort() };
  }

  /** Class folders in the order a person would give them: class-2 before class-10. */
  async classesOf(folder: string): Promise<string[]> {
    const numeric = new Intl.Collator("en", { numeric: true });
    const { folders, files } = await this.list(folder);
    if (folder !== "") for (const file of files) this.note(`${folder}/${file}`, "outside every class folder");
    return folders.sort((a, b) => numeric.compare(a, b) || (a < b ? -1 : 1));
  }

  async heldOutClasses(split: SplitName, folder: string, classes: readonly string[]): Promise<readonly string[]> {
    if (split === "train") return classes;
    const held = await this.classesOf(folder);
    const at = join(this.root, folder);
    if (held.length === 0) {
      const hint = "images without a class cannot measure a network: sort them, or move the folder away";
      throw new DataError({ at, expected: "one sub-folder per class", received: "no sub-folder", hint });
    }
    const unknown = held.filter((name) => !classes.includes(name));
    if (unknown.length > 0) {
      const expected = `only classes of the training folder (${quoted(classes)})`;
      throw new DataError({ at, expected, received: quoted(unknown) });
    }
    return held;
  }

  /**
   * Notes who owns which folder, so that no link leads from one class into another, or out to the whole.
   *
   * @throws {DataError} when two class folders are one by a link: its images would have two labels, or be both learned and tested.
   */
  async claim(above: readonly string[], classFolders: readonly { readonly folder: string }[]): Promise<void> {
    for (const folder of above) this.visited.set(await realpath(join(this.root, folder)), folder);
    for (const { folder } of classFolders) {
      const real = await realpath(join(this.root, folder));
      const other = this.visited.get(real);
      if (other !== undefined) {
        const received = `a link to ${join(this.root, other)}`;
        throw new DataError({ at: join(this.root, folder), expected: "a folder of its own", received });
      }
      this.visited.set(real, folder);
    }
  }

  /** Image files at any depth. A folder that several links lead to is visited once. */
  async imagesBelow(folder: string): Promise<string[]> {
    const { folders, files } = await this.list(folder);
    const images: string[] = [];
    for (const file of files) {
      if (isImage(file)) images.push(`${folder}/${file}`);
      else this.ignore(file);
    }
    for (const name of folders) {
      const child = `${folder}/${name}`;
      const real = await realpath(join(this.root, child));
      if (this.visited.has(real)) {
        this.skipped.push({ source: child, reason: "a link to a folder that has been read already" });
        continue;
      }
      this.visited.set(real, child);
      images.push(...(await this.imagesBelow(child)));
    }
    return images;
  }

  /** Size and time of every file; those that cannot be opened are skipped here, so that no cache remembers them as broken. */
  async inspect(
    found: readonly (Sample & { readonly split: SplitName })[],
    onProgress: OnProgress | undefined,
  ): Promise<Entry[]> {
    const entries: (Entry | null)[] = new Array(found.length).fill(null);
    let done = 0;
    await forEachConcurrently(found.length, 16, async (i) => {
      throwIfStopped(this.signal, `reading ${this.root}`);
      const { source } = found[i]!;
      const file = join(this.root, source);
      try {
        const { size, mtimeMs, ...status } = await regularFile(file);
        if (!status.regular) this.skipped.push({ source, reason: "not a regular file" });
        else entries[i] = { ...found[i]!, bytes: size, mtimeMs };
      } catch (error) {
        this.skipped.push({ source, reason: fileReason(error) });
      }
      onProgress?.(++done, found.length, "listing files");
    });
    this.skipped.sort((a, b) => (a.source < b.source ? -1 : 1));
    return entries.filter((entry) => entry !== null);
  }

  /** A file that is no part of any class: named when it is an image, else counted. */
  note(source: string, reason: string): void {
    if (isImage(source)) this.skipped.push({ source, reason });
    else this.ignore(source);
  }

  private ignore(file: string): void {
    const extension = extname(file).toLowerCase() || "(none)";
    this.ignored.set(extension, (this.ignored.get(extension) ?? 0) + 1);
  }
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

async function leadsToFolder(link: string): Promise<boolean> {
  const target = await stat(link).catch(() => null);
  return target?.isDirectory() ?? false;
}

/** Opening a pipe would wait for ever, so only regular files are ever opened. */
async function regularFile(file: string) {
  const status = await stat(file);
  await access(file, constants.R_OK);
  return { size: status.size, mtimeMs: status.mtimeMs, regular: status.isFile() };
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

function isImage(file: string): boolean {
  return imageExtensions.has(extname(file).toLowerCase());
}

function toSample({ source, label }: Entry): Sample {
  return { source, label };
}

/** `"cat", "dog" and 3 more` */
function quoted(names: readonly string[]): string {
  const shown = names
    .slice(0, 8)
    .map((name) => `"${name}"`)
    .join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
