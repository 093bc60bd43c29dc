/** JSON that Bantam wrote and reads back: by a schema, so that damage is named with its file and field, and nothing is guessed. */
import type { z } from "zod";
import { readIfThere, writeFileAtomic } from "../base/files.js";
import { findingsOf, ModelError, sha256OfJson } from "../base/index.js";

/** How a document that is not as it should be is spoken of. */
export type Wording = {
  /** Where it came from. */
  readonly at: string;
  readonly expected: string;
  readonly hint: string;
};

/** @throws {ModelError} naming the first field that is wrong, or its `format` where that is another. */
export function checked<T>(json: unknown, schema: z.ZodType<T>, { at, expected, hint }: Wording): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [first] = findingsOf(result.error);
  const format = (json as { readonly format?: unknown } | null)?.format;
  const received = first!.startsWith("format: ") ? (JSON.stringify(format) ?? "none") : first!;
  throw new ModelError({ at, expected, received, hint });
}

/**
 * @returns null when there is no such file. @throws {FileError} when it cannot be read.
 * @throws {ModelError} when it is no JSON, or not as the schema has it.
 */
export async function readDocument<T>(schema: z.ZodType<T>, wording: Wording): Promise<T | null> {
  const json = await readJson(wording);
  return json === undefined ? null : checked(json, schema, wording);
}

/** Written with a digest of its content, which `readSealed` asks for: so that a number that was changed is found, too. */
export async function writeSealed(path: string, document: object): Promise<void> {
  const plain = JSON.parse(JSON.stringify(document)) as object;
  const sealed = Object.assign(plain, { sha256: sha256OfJson(plain) });
  await writeFileAtomic(path, `${JSON.stringify(sealed, null, 1)}\n`);
}

/** As `readDocument`; the schema sees the document without its digest. */
export async function readSealed<T>(schema: z.ZodType<T>, wording: Wording): Promise<T | null> {
  const json = await readJson(wording);
  if (json === undefined) return null;
  const { sha256, ...content } = Object(json) as Readonly<Record<string, unknown>>;
  // The schema first: it can name the field.
  const document = checked(Array.isArray(json) || Object(json) !== json ? json : content, schema, wording);
  if (sha256 === sha256OfJson(content)) return document;
  const received =
    sha256 === undefined ? "sha256: expected a digest of the content, received nothing" : "sha256: of another content";
  throw new ModelError({ at: wording.at, expected: wording.expected, received, hint: wording.hint });
}

/** undefined where there is no such file. */
async function readJson({ at, expected, hint }: Wording): Promise<unknown> {
  const text = (await readIfThere(at))?.toString();
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    const received = text.trim() === "" ? "an empty file" : "something that is no JSON";
    throw new ModelError({ at, expected, received, hint }, { cause });
  }
}
