/** A list of pictures to leave out: a path a line, as the dataset names them; lines that begin with # are for people. */
import { readTextFile } from "../base/files.js";
import { DataError, sha256 } from "../base/index.js";
import type { Collection, Sample } from "./sample.js";

/**
 * The collection without the pictures in `file`, as another dataset: its fingerprint tells.
 *
 * @throws {FileError} when the list cannot be read. @throws {DataError} when it names what is not there.
 */
export async function withoutExcluded(collection: Collection, file: string): Promise<Collection> {
  const lines = (await readTextFile(file)).split(/\r?\n/).map((line) => line.trim());
  const listed = new Set(lines.filter((line) => line !== "" && !line.startsWith("#")));
  const { train, validation, test } = collection.given;
  const all = [train, validation ?? [], test ?? []].flat();
  requireThere(listed, [...all, ...collection.skipped], file);
  const kept = (samples: readonly Sample[]) => samples.filter(({ source }) => !listed.has(source));
  const count = all.filter(({ source }) => listed.has(source)).length;
  return {
    ...collection,
    given: { train: kept(train), validation: validation && kept(validation), test: test && kept(test) },
    skipped: collection.skipped.filter(({ source }) => !listed.has(source)),
    notes: [...collection.notes, `${count} pictures are left out, as ${file} says`],
    fingerprint: sha256(collection.fingerprint, ...[...listed].sort().map((source) => `\n${source}`)),
  };
}

function requireThere(listed: ReadonlySet<string>, there: readonly { readonly source: string }[], file: string): void {
  const known = new Set(there.map(({ source }) => source));
  const strangers = [...listed].filter((source) => !known.has(source));
  if (strangers.length === 0) return;
  const more = strangers.length > 3 ? ` and ${strangers.length - 3} more` : "";
  throw new DataError({
    at: file,
    expected: "paths of pictures in the dataset, a line each, as `bantam check` writes them",
    received: `${strangers.slice(0, 3).join(", ")}${more}, which are not there`,
    hint: "paths begin at the folder that is given; remove the lines of pictures that are gone",
  });
}
