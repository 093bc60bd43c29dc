import { toFileError } from "../base/files.js";
import { DataError, FileError } from "../base/index.js";

/** The reason in words, for what Node's file system threw. */
export function fileReason(error: unknown): string {
  const known = toFileError(error, "", "read");
  if (known instanceof FileError) return known.facts.received;
  return error instanceof Error ? error.message : String(error);
}

/** The `DataError` for a file of the dataset that the file system does not give; anything else comes back as it is. */
export function unreadable(error: unknown, at: string, expected: string): unknown {
  if (!(toFileError(error, at, "read") instanceof FileError)) return error;
  return new DataError({ at, expected, received: fileReason(error) }, { cause: error });
}
