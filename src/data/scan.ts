import { open, readdir, realpath, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { toFileError } from "../base/files.js";
import { DataError } from "../base/index.js";
import { quoted } from "./classes.js";
import { forEachConcurrently, type OnProgress, throwIfStopped } from "./concurrency.js";
import { fileReason, withFileHandle } from "./file-errors.js";
import type { Sample, Skipped, SplitName } from "./sample.js";

export const imageExtensions = new Set([".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".avif", ".tif", ".tiff"]);

export type ScanOptions = { readonly signal?: AbortSignal | undefined; readonly onProgress?: OnProgress | undefined };

export type Found = Sample & { readonly split: SplitName };
export type Entry = Found & { readonly bytes: number; readonly mtimeMs: number };

/** One walk through a dataset, and what it met on the way. Paths are relative to the root, with forward slashes. */
export class Scan {
  readonly skipped: Skipped[] = [];
  readonly ignored = new Map<string, number>();
  /** Folders read or claimed, by their real path. */
  private readonly visited = new Map<string, string>();

  constructor(
    private readonly root: string,
    private readonly options: ScanOptions,
  ) {}

  /** Visible folders and files, sorted by code unit. What is not a folder counts as a file until it is looked at. */
  async list(folder: string): Promise<{ readonly folders: string[]; readonly files: string[] }> {
    throwIfStopped(this.options.signal, `reading ${this.root}`);
    const at = join(this.root, folder);
    const entries = await withFileHandle(() => readdir(at, { withFileTypes: true })).catch((error: unknown) => {
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
    for (const folder of above) this.visited.set(await this.realPath(folder), folder);
    for (const { folder } of classFolders) {
      const real = await this.realPath(folder);
      const other = this.visited.get(real);
      if (other !== undefined) {
        const received = `the same folder as ${join(this.root, other)}`;
        throw new DataError({ at: join(this.root, folder), expected: "a folder of its own", received });
      }
      this.visited.set(real, folder);
    }
  }

  /** Image files at any depth. A folder that several links lead to is visited once. */
  async imagesBelow(folder: string): Promise<string[]> {
    const { folders, files } = await this.list(folder);
    let images: string[] = [];
    for (const file of files) {
      if (isImage(file)) images.push(`${folder}/${file}`);
      else this.ignore(file);
    }
    for (const name of folders) {
      const child = `${folder}/${name}`;
      const real = await this.realPath(child);
      if (this.visited.has(real)) {
        this.skipped.push({ source: child, reason: "a link to a folder that has been read already" });
        continue;
      }
      this.visited.set(real, child);
      images = images.concat(await this.imagesBelow(child));
    }
    return images;
  }

  /** Size and time of every file; those that cannot be opened are skipped here, so that no cache remembers them as broken. */
  async inspect(found: readonly Found[]): Promise<Entry[]> {
    const entries: (Entry | null)[] = new Array(found.length).fill(null);
    let done = 0;
    await forEachConcurrently(found.length, 16, async (i) => {
      throwIfStopped(this.options.signal, `reading ${this.root}`);
      const { source } = found[i]!;
      const file = join(this.root, source);
      try {
        const { size, mtimeMs, ...status } = await withFileHandle(() => regularFile(file));
        if (!status.regular) this.skipped.push({ source, reason: "not a regular file" });
        else entries[i] = { ...found[i]!, bytes: size, mtimeMs };
      } catch (error) {
        this.skipped.push({ source, reason: fileReason(error, file) });
      }
      this.options.onProgress?.(++done, found.length, "listing files");
    });
    this.skipped.sort((a, b) => (a.source < b.source ? -1 : 1));
    return entries.filter((entry) => entry !== null);
  }

  /** A file that is no part of any class: named when it is an image, else counted. */
  note(source: string, reason: string): void {
    if (isImage(source)) this.skipped.push({ source, reason });
    else this.ignore(source);
  }

  private async realPath(folder: string): Promise<string> {
    const at = join(this.root, folder);
    return realpath(at).catch((error: unknown) => {
      throw toFileError(error, at, "read");
    });
  }

  private ignore(file: string): void {
    const extension = extname(file).toLowerCase() || "(none)";
    this.ignored.set(extension, (this.ignored.get(extension) ?? 0) + 1);
  }
}

export function isImage(file: string): boolean {
  return imageExtensions.has(extname(file).toLowerCase());
}

async function leadsToFolder(link: string): Promise<boolean> {
  const target = await stat(link).catch(() => null);
  return target?.isDirectory() ?? false;
}

/** Opening a pipe would wait for ever, so only regular files are opened: that tells more surely than asking for permission. */
async function regularFile(file: string) {
  const status = await stat(file);
  if (status.isFile()) await (await open(file)).close();
  return { size: status.size, mtimeMs: status.mtimeMs, regular: status.isFile() };
}
