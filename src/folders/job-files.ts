/** What each kind of job writes into its folder: what it may not find there of others, and what `--overwrite` removes. */
import { access, constants, readdir, rm, rmdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { filesBelow, toFileError } from "../base/files.js";
import { FileError } from "../base/index.js";

export type JobKind = "fit" | "train" | "search" | "scaling";

type Layout = {
  /** Files that would be missed. */
  readonly results: readonly string[];
  /** Files that are appended to, and nothing without results. */
  readonly records?: readonly string[];
  /** By name, with a pattern of the files that are written there and in the folders in there. */
  readonly folders: Readonly<Record<string, RegExp>>;
  /** Several jobs of this kind share a folder, each by a name of its own. */
  readonly isShared?: true;
};

const checkpoints = /^([^.].*\.safetensors|device\.json)$/;
const database = /./;
const weights = /^(trial-\d+\.safetensors|supernet\.safetensors|shared-accuracy\.json)$/;

const layouts: Readonly<Record<JobKind, Layout>> = {
  fit: {
    results: ["study.json", "model.safetensors", "model.onnx", "report.html"],
    folders: { checkpoints },
  },
  train: {
    results: ["model.safetensors", "model.onnx", "report.html"],
    records: ["metrics.jsonl"],
    folders: { checkpoints, tensorboard: /^events\.out\.tfevents\./ },
  },
  search: {
    // And a report-NAME.html for each that is named.
    results: ["report.html"],
    folders: { database, weights },
    isShared: true,
  },
  scaling: {
    results: [
      ...["grid.csv", "phi-0.json", "phi-1.json", "phi-2.json", "phi-3.json", "phi-4.json"],
      ...["points.csv", "alone.svg", "width-settings.svg", "compound.svg", "report.html"],
    ],
    folders: { database },
    isShared: true,
  },
};

export const jobKinds = Object.keys(layouts) as readonly JobKind[];

export const isShared = (kind: JobKind) => layouts[kind].isShared === true;

/**
 * That nothing stands where a job will write: a folder in the place of a file, a file in that of a folder.
 *
 * @param more files of this job beside those of its kind.
 * @throws {FileError} naming the first.
 */
export async function requirePlaces(folder: string, kind: JobKind, more: readonly string[]): Promise<void> {
  const { results, records = [], folders } = layouts[kind];
  const refuse = (at: string, expected: string, received: string) => {
    throw new FileError({ at, expected, received, hint: "move it away, or give another folder for the results" });
  };
  for (const name of [...results, ...records, ...more, "run.json"]) {
    if ((await kindOf(join(folder, name))) === "folder") refuse(join(folder, name), "a file or none", "a folder");
  }
  for (const [name, pattern] of Object.entries(folders)) {
    if ((await kindOf(join(folder, name))) === "file") refuse(join(folder, name), "a folder or none", "a file");
    if (pattern === database) continue;
    for (const entry of await readdir(join(folder, name), { withFileTypes: true }).catch(() => []))
      if (entry.isDirectory() && pattern.test(entry.name))
        refuse(join(folder, name, entry.name), "a file or none", "a folder");
  }
  for (const name of records) {
    await access(join(folder, name), constants.W_OK).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw toFileError(error, join(folder, name), "write");
    });
  }
}

/** What there is of that which a job of this kind writes, by name in the folder. */
export async function foundOf(folder: string, kind: JobKind): Promise<readonly string[]> {
  const { results, records = [], folders } = layouts[kind];
  const found: string[] = [];
  for (const name of [...results, ...records]) if ((await kindOf(join(folder, name))) !== null) found.push(name);
  for (const [name, pattern] of Object.entries(folders)) {
    if ((await filesBelow(join(folder, name))).some((file) => pattern.test(basename(file)))) found.push(name);
  }
  return found;
}

/** Whether it holds anything of a job that would be missed: the choice of a device, or an empty record of epochs, would not. */
export async function holdsWork(folder: string, kind: JobKind): Promise<boolean> {
  const { results, folders } = layouts[kind];
  for (const name of results) if ((await kindOf(join(folder, name))) !== null) return true;
  for (const [name, pattern] of Object.entries(folders)) {
    const files = await filesBelow(join(folder, name));
    if (files.some((file) => pattern === database || file.endsWith(".safetensors"))) return true;
  }
  return false;
}

/** Removes what a job of this kind writes, folders that are empty then, and nothing else. @throws {FileError} when it cannot. */
export async function removeOwn(folder: string, kind: JobKind): Promise<void> {
  const { results, records = [], folders } = layouts[kind];
  for (const name of [...results, ...records]) await remove(join(folder, name));
  for (const [name, pattern] of Object.entries(folders)) await removeMatching(join(folder, name), pattern);
}

/** Removes the weights that one of the searches in a folder has kept. @throws {FileError} when it cannot. */
export const removeWeights = (folder: string): Promise<void> => removeMatching(folder, weights);

/** Files by their names, at any depth, and the folders that are empty then. */
async function removeMatching(folder: string, pattern: RegExp): Promise<void> {
  for (const file of await filesBelow(folder)) if (pattern.test(basename(file))) await remove(file);
  await removeHollow(folder);
}

const remove = (file: string): Promise<void> =>
  rm(file, { force: true }).catch((error: unknown) => {
    throw toFileError(error, file, "write");
  });

/** Removes a folder in which there are no files, and such folders in it. */
async function removeHollow(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await removeHollow(join(folder, entry.name));
  }
  await rmdir(folder).catch(() => {});
}

export const foldersOf = (kind: JobKind): readonly string[] => Object.keys(layouts[kind].folders);

async function kindOf(path: string): Promise<"file" | "folder" | null> {
  const status = await stat(path).catch(() => null);
  if (status === null) return null;
  return status.isDirectory() ? "folder" : "file";
}
