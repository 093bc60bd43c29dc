/**
 * The header of a safetensors file, parsed and written. Nothing in the format can run code, and a reader can check everything
 * before it believes anything, which is what this file does for every reader: a header that passes has tensors that lie side
 * by side, cover the data to its last byte and have the sizes their shapes say.
 *
 * @source https://github.com/huggingface/safetensors, README "Format" and `safetensors/src/tensor.rs`.
 */
import { ModelError } from "../base/index.js";
import { hiddenFault } from "./json-check.js";
import { byteLengthOf, type Dtype, dtypes } from "./tensor.js";

/** A tensor as the header describes it. */
export type TensorInfo = {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Its first byte, counted from the first byte of the file. */
  readonly start: number;
  /** The byte after its last. */
  readonly end: number;
};

export type Header = {
  /** In the order of their data, which lies side by side up to the last byte of the file. */
  readonly tensors: readonly TensorInfo[];
  readonly metadata: Readonly<Record<string, string>>;
};

/** The header's length stands before it, as a 64-bit integer. */
export const lengthBytes = 8;
/** The reference implementation's limit. */
const maxHeaderBytes = 100_000_000;
const alignment = 8;

/**
 * How long the header is, by the file's first eight bytes; to be called before anything is allocated for it.
 *
 * @param start the first bytes of the file, or all of it.
 * @param fileBytes the size of the whole file.
 * @param at the file's name, for errors.
 * @returns bytes, which the file really has after its first eight.
 * @throws {ModelError} when the file is too short for its header, or the header longer than 100 MB.
 */
export function readHeaderLength(start: Uint8Array, fileBytes: number, at: string): number {
  if (fileBytes < lengthBytes) return refuse(at, "a safetensors file of 8 bytes or more", `${fileBytes} bytes`);
  const claimed = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (claimed > maxHeaderBytes) {
    return refuse(at, "a safetensors file, with a header of at most 100 MB", "a file that begins otherwise");
  }
  if (lengthBytes + Number(claimed) > fileBytes) {
    const received = `${fileBytes - lengthBytes} bytes after its length`;
    return refuse(at, `a header of ${claimed} bytes`, received, "the file is cut off; copy or download it again");
  }
  return Number(claimed);
}

/**
 * What a header says, after checking it against itself and the size of the file.
 *
 * @param bytes the header alone, without its length.
 * @param fileBytes the size of the whole file.
 * @throws {ModelError} when anything in it contradicts the format, itself or the file. Nothing is allocated on its word.
 */
export function parseHeader(bytes: Uint8Array, fileBytes: number, at: string): Header {
  const dataStart = lengthBytes + bytes.length;
  const dataBytes = fileBytes - dataStart;

  let metadata: Readonly<Record<string, string>> = {};
  const entries: (Entry & { readonly name: string })[] = [];
  for (const [name, value] of Object.entries(parseJson(bytes, at))) {
    if (halfPair.test(name)) refuse(at, "names in Unicode", `half a surrogate pair in ${shorten(name)}`);
    if (name === "__metadata__") metadata = readMetadata(value, at);
    else entries.push({ name, ...readEntry(value, `${at}: tensor ${shorten(name)}`, dataBytes) });
  }

  const tensors: TensorInfo[] = [];
  let covered = 0;
  for (const { name, dtype, shape, start, end } of entries.sort((a, b) => a.start - b.start || a.end - b.end)) {
    // Overlaps would alias two tensors, holes could smuggle another file format in.
    if (start !== covered) {
      refuse(
        `${at}: tensor ${shorten(name)}`,
        `data from byte ${covered}, where the tensor before it ends`,
        `data from byte ${start}, ${start < covered ? "an overlap" : "a hole"}`,
      );
    }
    covered = end;
    tensors.push({ name, dtype, shape, start: dataStart + start, end: dataStart + end });
  }
  if (covered !== dataBytes) refuse(at, `${covered} bytes of tensors`, `${dataBytes} bytes`);
  return { tensors, metadata };
}

/**
 * The file up to its data, and where each tensor goes: the same for the same content, whatever the order of the maps, and
 * the same as the reference implementation writes when there is at most one metadata entry (it leaves their order to chance;
 * here they are sorted).
 *
 * @throws {RangeError} `internal:` when a name is taken, a text is not Unicode, or the header grows over 100 MB.
 */
export function layOut(
  described: ReadonlyMap<string, { readonly dtype: Dtype; readonly shape: readonly number[] }>,
  metadata: Readonly<Record<string, string>>,
): { readonly head: Uint8Array; readonly tensors: readonly TensorInfo[] } {
  const ordered = [...described].sort(
    ([nameA, a], [nameB, b]) => dtypes.indexOf(b.dtype) - dtypes.indexOf(a.dtype) || compareCodePoints(nameA, nameB),
  );
  // Written by hand, as an object would put names like "0" first and could not hold "__proto__".
  const entries: string[] = [];
  const notes = Object.entries(metadata).sort(([a], [b]) => compareCodePoints(a, b));
  if (notes.length > 0)
    entries.push(`"__metadata__":{${notes.map(([key, value]) => `${quote(key)}:${quote(value)}`)}}`);
  const placed: TensorInfo[] = [];
  let end = 0;
  for (const [name, { dtype, shape }] of ordered) {
    if (name === "__metadata__") throw new RangeError('internal: a tensor cannot be named "__metadata__"');
    const start = end;
    end += byteLengthOf(dtype, shape);
    entries.push(`${quote(name)}:{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${start},${end}]}`);
    placed.push({ name, dtype, shape, start, end });
  }

  const json = new TextEncoder().encode(`{${entries}}`);
  const headerBytes = Math.ceil(json.length / alignment) * alignment;
  if (headerBytes > maxHeaderBytes) throw new RangeError(`internal: the header of ${headerBytes} bytes is over 100 MB`);
  const head = new Uint8Array(lengthBytes + headerBytes).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerBytes), true);
  head.set(json, lengthBytes);
  return { head, tensors: placed.map((t) => ({ ...t, start: head.length + t.start, end: head.length + t.end })) };
}

const damaged = "the file is damaged or was not written by a safetensors library; copy or download it again";

function refuse(at: string, expected: string, received: string, hint = damaged): never {
  throw new ModelError({ at, expected, received, hint });
}

function parseJson(bytes: Uint8Array, at: string): object {
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse(at, "a header in UTF-8", "other bytes");
  }
  if (!text.startsWith("{")) refuse(at, 'a header that begins with "{"', shorten(text.slice(0, 1)));

  const hidden = hiddenFault(text);
  if (hidden !== null) refuse(at, hidden.expected, shorten(hidden.received));
  try {
    return JSON.parse(text) as object;
  } catch {
    // The parser's own message quotes the header, which may be long and hostile.
    return refuse(at, "a header in JSON", `${shorten(text)}, which is not`);
  }
}

function readMetadata(value: unknown, at: string): Record<string, string> {
  const where = `${at}: __metadata__`;
  if (!isObject(value)) return refuse(where, "an object of texts", kindOf(value));
  for (const [key, text] of Object.entries(value)) {
    if (typeof text === "string" && !halfPair.test(key) && !halfPair.test(text)) continue;
    refuse(`${where}.${shorten(key)}`, "a text in Unicode", kindOf(text));
  }
  return value as Record<string, string>;
}

/** `start` and `end` are counted from the end of the header, as the file has them. */
type Entry = { readonly dtype: Dtype; readonly shape: readonly number[]; readonly start: number; readonly end: number };

function readEntry(value: unknown, at: string, dataBytes: number): Entry {
  // `Object.hasOwn`, because a missing key must not be found in a prototype.
  const field = (name: string): unknown =>
    isObject(value) && Object.hasOwn(value, name) ? value[name] : refuse(at, `an object with "${name}"`, kindOf(value));

  const dtype = field("dtype") as Dtype;
  if (!dtypes.includes(dtype)) {
    const hint = "convert the tensor to one of them where the file comes from";
    return refuse(at, `a dtype out of ${dtypes.join(", ")}`, kindOf(dtype), hint);
  }
  const shape = field("shape");
  if (!isSizes(shape)) return refuse(at, "a shape of whole numbers", listOf(shape));
  const bytes = byteLengthOf(dtype, shape);
  if (!Number.isSafeInteger(bytes)) return refuse(at, "a shape that can be held in memory", listOf(shape));

  const offsets = field("data_offsets");
  if (!isSizes(offsets) || offsets.length !== 2)
    return refuse(at, "data_offsets of two whole numbers", listOf(offsets));
  const [start, end] = offsets as [number, number];
  if (start > end || end > dataBytes) {
    const hint = "the file is cut off or damaged; copy or download it again";
    return refuse(at, `data_offsets within the ${dataBytes} bytes of data`, listOf(offsets), hint);
  }
  if (end - start !== bytes) return refuse(at, `${bytes} bytes for ${dtype} ${listOf(shape)}`, `${end - start} bytes`);
  return { dtype, shape, start, end };
}

/** As Rust sorts strings; JavaScript's own order differs above U+FFFF. */
function compareCodePoints(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function quote(text: string): string {
  if (halfPair.test(text)) throw new RangeError(`internal: half a surrogate pair in ${shorten(text)}`);
  return JSON.stringify(text);
}

/** Not text: UTF-8 cannot hold it, and readers in other languages refuse its escape. */
const halfPair = /\p{Surrogate}/u;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

// What a hostile header says is quoted in part, and never walked recursively: it may nest a million deep.

function shorten(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function kindOf(value: unknown): string {
  if (typeof value === "string") return shorten(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return isObject(value) ? "an object" : String(value);
}

function listOf(value: unknown): string {
  if (!Array.isArray(value)) return kindOf(value);
  return `[${value.slice(0, 8).map(kindOf).join(", ")}${value.length > 8 ? ", …" : ""}]`;
}
