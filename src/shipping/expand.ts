/** Paths as people give them: a folder stands for the pictures in it. */
import { stat } from "node:fs/promises";
import { BantamError, DataError } from "../base/index.js";
import { type PicturesBelow, picturesBelow, type Skipped } from "../data/index.js";

export type Expanded = {
  readonly files: readonly string[];
  /** In folders: pictures and folders that were left out, each with the reason, and what are no pictures, counted by kind. */
  readonly skipped: readonly Skipped[];
  readonly ignored: Readonly<Record<string, number>>;
  /** Folders that cannot be read or hold no picture. */
  readonly failures: readonly { readonly item: string; readonly error: BantamError }[];
};

/** @param paths files, taken as they are, and folders. @throws {InterruptedError} after the signal. */
export async function expandFolders(paths: readonly string[], signal?: AbortSignal): Promise<Expanded> {
  const files: string[] = [];
  const skipped: Skipped[] = [];
  const ignored: Record<string, number> = {};
  const failures: { item: string; error: BantamError }[] = [];
  for (const path of paths) {
    if (!(await isFolder(path))) {
      files.push(path);
      continue;
    }
    try {
      const below = await picturesBelow(path, { signal });
      if (below.files.length === 0) throw withoutPictures(path, below);
      for (const file of below.files) files.push(file);
      for (const one of below.skipped) skipped.push(one);
      for (const [kind, count] of Object.entries(below.ignored)) ignored[kind] = (ignored[kind] ?? 0) + count;
    } catch (error) {
      if (!(error instanceof BantamError) || error.exitCode === 130) throw error;
      failures.push({ item: path, error });
    }
  }
  return { files, skipped, ignored, failures };
}

function withoutPictures(at: string, { ignored }: PicturesBelow): DataError {
  const others = Object.entries(ignored).map(([kind, count]) => `${count} ${kind}`);
  const received = others.length === 0 ? "none" : `none, but ${others.slice(0, 8).join(", ")}`;
  return new DataError({ at, expected: "JPEG, PNG, WebP, GIF, AVIF or TIFF files in this folder", received });
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
