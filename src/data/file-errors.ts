import { setTimeout } from "node:timers/promises";
import { fileErrorCode, toFileError } from "../base/files.js";
import { DataError, FileError, messageOf } from "../base/index.js";

/** What one file of a dataset may be to blame for. Anything else is the machine's fault, and the next file would meet it as well. */
const ownFaults = new Set(["ENOENT", "EACCES", "EPERM", "ELOOP", "ENOTDIR", "EISDIR", "ENAMETOOLONG", "ENXIO"]);
/** Too many files open in this process, or on the whole machine: over as soon as others are closed. */
const shortages = new Set(["EMFILE", "ENFILE"]);
const waitsMs = [0, 10, 100, 1000];

/**
 * The reason in words why a file must be left out, for what Node's file system threw.
 *
 * @throws {FileError} when it is not the file's fault: few file handles or little memory, a broken disk, a lost connection.
 */
export function fileReason(error: unknown, at: string): string {
  const known = toFileError(error, at, "read");
  if (!(known instanceof FileError)) return messageOf(error);
  if (!ownFaults.has(fileErrorCode(error))) throw known;
  return known.facts.received;
}

/**
 * The error for a file of the dataset that the file system does not give: a `DataError` where it is the file's own fault, a `FileError`
 * where it is the machine's. Anything else comes back as it is.
 */
export function unreadable(error: unknown, at: string, expected: string): unknown {
  const known = toFileError(error, at, "read");
  if (!(known instanceof FileError) || !ownFaults.has(fileErrorCode(error))) return known;
  return new DataError({ at, expected, received: known.facts.received }, { cause: error });
}

const underWay = new Set<Promise<unknown>>();
let alone: Promise<unknown> | null = null;

/**
 * Opens a file with others, or, where there are too few file handles, once more when nobody else of this process is reading, one after
 * the other. So a process with a handle to spare reads everything.
 *
 * @throws what `work` throws, when waiting does not help either.
 */
export async function withFileHandle<T>(work: () => Promise<T>): Promise<T> {
  while (alone !== null) await alone;
  const attempt = work();
  const settled = attempt.catch(() => {});
  underWay.add(settled);
  try {
    return await attempt;
  } catch (error) {
    if (!shortages.has(fileErrorCode(error))) throw error;
  } finally {
    underWay.delete(settled);
  }
  while (alone !== null) await alone;
  const retried = tryAgain(work);
  alone = retried
    .catch(() => {})
    .finally(() => {
      alone = null;
    });
  return retried;
}

async function tryAgain<T>(work: () => Promise<T>): Promise<T> {
  await Promise.all(underWay);
  for (const ms of waitsMs) {
    await setTimeout(ms);
    try {
      return await work();
    } catch (error) {
      if (!shortages.has(fileErrorCode(error))) throw error;
    }
  }
  return work();
}
