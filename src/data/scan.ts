import { open, readdir, realpath, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { toFileError } from "../base/files.js";
import { DataError } from "../base/index.js";
import { forEachConcurrently, type OnProgress, throwIfStopped } from "./concurrency.js";
import { type Header, readHeader } from "./decode.js";
import { fileReason, withFileHandle } from "./file-errors.js";
import type { Sample, Skipped, SplitName } from "./sample.js";
import { isSystemFolder, systemFileKind } from "./system-names.js";

export const imageExtensions = new Set([".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".avif", ".tif", ".tiff"]);

export type ScanOptions = { readonly signal?: AbortSignal | undefined; readonly onProgress?: OnProgress | undefined };

export type Found = Omit<Sample, "content"> & { readonly split: SplitName };
/** `header`: null where the picture is broken. */
export type Entry = Found & { readonly bytes: number; readonly mtimeMs: number; readonly header: Header | null };

type Listing = { readonly folders: readonly string[]; readonly files: readonly string[] };

/** Pictures whose headers are read at once: each is held as a whole. */
const inspectedAtOnce = 4;

/** One walk through a dataset, and what it met on the way. Paths are relative to the root, with forward slashes. */
export class Scan {
  readonly skipped: Skipped[] = [];
  readonly ignored = new Map<string, number>();
  /** How the folder was understood, where that is not plain. */
  readonly notes: string[] = [];
  private readonly entries = new Map<string, Promise<Listing>>();
  private readonly listings = new Map<string, Promise<Listing>>();
  private readonly noted = new Set<string>();
  /** Folders read or claimed, by their real path. */
  private readonly visited = new Map<string, string>();

  constructor(
    private readonly root: string,
    private readonly options: ScanOptions,
  ) {}

  /**
   * Folders and files, sorted by code unit, without those of the system, which are counted. What is not a folder counts as a file until
   * it is looked at. A folder of results is no part of the data, and is named.
   */
  list(folder: string): Promise<Listing> {
    return once(this.listings, folder, () => this.withoutOthers(folder));
  }

  private async withoutOthers(folder: string): Promise<Listing> {
    const { folders, files } = await this.entriesOf(folder);
    const kept: string[] = [];
    for (const name of folders) {
      const child = within(folder, name);
      if (isSystemFolder(name)) this.count(`${name}/`);
      else if (await this.isOutput(child)) this.skipped.push({ source: child, reason: "a folder of Bantam's results" });
      else kept.push(name);
    }
    const own = files.filter((name) => {
      const kind = systemFileKind(name);
      if (kind !== null) this.count(kind);
      return kind === null;
    });
    return { folders: kept.sort(), files: own.sort() };
  }

  /** All that is there. */
  private entriesOf(folder: string): Promise<Listing> {
    return once(this.entries, folder, () => this.read(folder));
  }

  private async read(folder: string): Promise<Listing> {
    throwIfStopped(this.options.signal, `reading ${this.root}`);
    const at = join(this.root, folder);
    const entries = await withFileHandle(() => readdir(at, { withFileTypes: true })).catch((error: unknown) => {
      throw toFileError(error, at, "read");
    });
    const folders: string[] = [];
    const files: string[] = [];
    for (const entry of entries) {
      const isFolder = entry.isSymbolicLink() ? await leadsToFolder(join(at, entry.name)) : entry.isDirectory();
      (isFolder ? folders : files).push(entry.name);
    }
    return { folders, files };
  }

  /** What a job writes to, in whatever state; or a folder of such folders, as `runs` is. */
  private async isOutput(folder: string): Promise<boolean> {
    return (await this.contentOf(folder)) === "results";
  }

  private async contentOf(folder: string, depth = 0): Promise<"results" | "nothing" | "something"> {
    // One that may not be read is refused when it is asked for, if it is.
    const { folders, files } = await this.entriesOf(folder).catch((): Listing => ({ folders: [], files: [""] }));
    if (files.some(isImage)) return "something";
    if (["run.json", "study.json", "model.safetensors"].some((name) => files.includes(name))) return "results";
    if (folders.includes("database") && (await this.entriesOf(`${folder}/database`)).files.includes("PG_VERSION"))
      return "results";
    if (files.length > 0 || depth === 3) return "something";
    if (folders.includes("checkpoints")) return "results";
    let found: "results" | "nothing" = "nothing";
    for (const name of folders) {
      const inside = await this.contentOf(`${folder}/${name}`, depth + 1);
      if (inside === "something") return inside;
      // An empty one beside results may be about to be filled.
      if (inside === "results") found = inside;
    }
    return found;
  }

  /** Class folders in the order a person would give them: class-2 before class-10. */
  async classesOf(folder: string): Promise<string[]> {
    const numeric = new Intl.Collator("en", { numeric: true });
    const { folders } = await this.list(folder);
    await this.noteFiles(folder);
    return [...folders].sort((a, b) => numeric.compare(a, b) || (a < b ? -1 : 1));
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
      if (isImage(file)) images.push(within(folder, file));
      else this.count(extensionOf(file));
    }
    for (const name of folders) {
      const child = within(folder, name);
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

  /** Size, time and header of every file; those that cannot be opened are skipped here, so that no cache remembers them as broken. */
  async inspect(found: readonly Found[]): Promise<Entry[]> {
    const entries: (Entry | null)[] = new Array(found.length).fill(null);
    let done = 0;
    await forEachConcurrently(found.length, inspectedAtOnce, async (i) => {
      throwIfStopped(this.options.signal, `reading ${this.root}`);
      const { source } = found[i]!;
      const file = join(this.root, source);
      try {
        const { size, mtimeMs, ...status } = await withFileHandle(() => regularFile(file));
        if (!status.regular) this.skipped.push({ source, reason: "not a regular file" });
        else entries[i] = { ...found[i]!, bytes: size, mtimeMs, header: await readHeader(file) };
      } catch (error) {
        this.skipped.push({ source, reason: fileReason(error, file) });
      }
      this.options.onProgress?.(++done, found.length, "reading headers");
    });
    this.skipped.sort((a, b) => (a.source < b.source ? -1 : 1));
    return entries.filter((entry) => entry !== null);
  }

  /** Files beside class folders are no part of any class: named when they are images, else counted. */
  async noteFiles(folder: string): Promise<void> {
    if (this.noted.has(folder)) return;
    this.noted.add(folder);
    for (const file of (await this.list(folder)).files) {
      if (isImage(file)) this.skipped.push({ source: within(folder, file), reason: "outside every class folder" });
      else this.count(extensionOf(file));
    }
  }

  private async realPath(folder: string): Promise<string> {
    const at = join(this.root, folder);
    return realpath(at).catch((error: unknown) => {
      throw toFileError(error, at, "read");
    });
  }

  private count(kind: string): void {
    this.ignored.set(kind, (this.ignored.get(kind) ?? 0) + 1);
  }
}

/** A path in a folder; the root is "". */
export function within(folder: string, name: string): string {
  return folder === "" || name === "" ? folder + name : `${folder}/${name}`;
}

export function isImage(file: string): boolean {
  return imageExtensions.has(extname(file).toLowerCase());
}

function extensionOf(file: string): string {
  return extname(file).toLowerCase() || "(none)";
}

function once<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const made = known.get(key) ?? make();
  known.set(key, made);
  return made;
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
