import { join } from "node:path";
import type { Skipped } from "./sample.js";
import { Scan, type ScanOptions } from "./scan.js";

/** Pictures in a folder without classes, at any depth, in the order of their paths. */
export type PicturesBelow = {
  readonly files: readonly string[];
  readonly skipped: readonly Skipped[];
  /** As in `Dataset`. */
  readonly ignored: Readonly<Record<string, number>>;
};

/** @throws {FileError} when a folder cannot be read. */
export async function picturesBelow(folder: string, options: ScanOptions): Promise<PicturesBelow> {
  const scan = new Scan(folder, options);
  await scan.claim([""], []);
  const sources = await scan.imagesBelow("");
  return {
    files: sources.map((source) => join(folder, source)),
    skipped: scan.skipped,
    ignored: Object.fromEntries([...scan.ignored].sort()),
  };
}
