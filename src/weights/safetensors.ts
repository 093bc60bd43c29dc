/**
 * Safetensors: eight bytes with the length of a JSON header, the header, the numbers. Nothing in it can run code, and a
 * reader can check everything before it believes anything, which is what `decodeSafetensors` does: a file that loads has
 * tensors that lie side by side, cover the data to its last byte and have the sizes their shapes say.
 *
 * @source https://github.com/huggingface/safetensors, README "Format" and `safetensors/src/tensor.rs`.
 */
import { ModelError } from "../base/index.js";
import { hiddenFault } from "./json-check.js";

/** Bytes per element, in the reference implementation's order: by alignment, then as its `Dtype` lists them. */
const bytesPerElement = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type Dtype = keyof typeof bytesPerElement;
const dtypes = Object.keys(bytesPerElement) as Dtype[];

/** F32 comes as numbers; every other type as its little-endian bytes, see `toFloat32`. */
export type Tensor =
  | { readonly dtype: "F32"; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: Exclude<Dtype, "F32">; readonly shape: readonly number[]; readonly data: Uint8Array };

export type Safetensors = {
  /** In the order of their data. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
};

/** The reference implementation's limit. */
const maxHeaderBytes = 100_000_000;
const lengthBytes = 8;
const alignment = 8;

/**
 * The bytes of a safetensors file: the same for the same content, whatever the order of the maps, and the same as the
 * reference implementation writes when there is at most one metadata entry (it leaves their order to chance; here they are sorted).
 *
 * @throws {RangeError} `internal:` when a tensor's data and shape disagree, a name is taken, or the header grows over 100 MB.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const ordered = [...tensors].sort(
    ([nameA, a], [nameB, b]) => dtypes.indexOf(b.dtype) - dtypes.indexOf(a.dtype) || compareCodePoints(nameA, nameB),
  );
  // Written by hand, as an object would put names like "0" first and could not hold "__proto__".
  const entries: string[] = [];
  const notes = Object.entries(metadata).sort(([a], [b]) => compareCodePoints(a, b));
  if (notes.length > 0)
    entries.push(`"__metadata__":{${notes.map(([key, value]) => `${quote(key)}:${quote(value)}`)}}`);
  let end = 0;
  for (const [name, { dtype, shape, data }] of ordered) {
    if (name === "__metadata__") throw new RangeError('internal: a tensor cannot be named "__metadata__"');
    const bytes = byteLengthOf(dtype, shape);
    if (bytes !== data.byteLength) {
      throw new RangeError(`internal: ${name} has ${data.byteLength} bytes; ${dtype} [${shape}] takes ${bytes}`);
    }
    const start = end;
    end += bytes;
    entries.push(`${quote(name)}:{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${start},${end}]}`);
  }

  const json = new TextEncoder().encode(`{${entries}}`);
  const headerBytes = Math.ceil(json.length / alignment) * alignment;
  if (headerBytes > maxHeaderBytes) throw new RangeError(`internal: the header of ${headerBytes} bytes is over 100 MB`);

  const file = new Uint8Array(lengthBytes + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, lengthBytes);
  file.fill(0x20, lengthBytes + json.length, lengthBytes + headerBytes);
  let offset = lengthBytes + headerBytes;
  for (const [, { data }] of ordered) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}

/**
 * @param bytes the whole file. The tensors are views into it wherever its alignment allows.
 * @param at the file's name, for errors.
 * @throws {ModelError} when anything in the file contradicts the format or itself. Nothing is allocated on the header's word.
 */
export function decodeSafetensors(bytes: Uint8Array, at: string): Safetensors {
  const { header, dataStart } = readHeader(bytes, at);
  const dataBytes = bytes.length - dataStart;

  let metadata: Record<string, string> = {};
  const entries: (Entry & { readonly name: string })[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (halfPair.test(name)) {
      throw new ModelError({
        at,
        expected: "names in Unicode",
        received: `half a surrogate pair in ${shorten(name)}`,
        hint: damaged,
      });
    }
    if (name === "__metadata__") metadata = readMetadata(value, at);
    else entries.push({ name, ...readEntry(value, `${at}: tensor ${shorten(name)}`, dataBytes) });
  }

  const tensors = new Map<string, Tensor>();
  let covered = 0;
  for (const { name, dtype, shape, start, end } of entries.sort((a, b) => a.start - b.start || a.end - b.end)) {
    // Overlaps would alias two tensors, holes could smuggle another file format in.
    if (start !== covered) {
      throw new ModelError({
        at: `${at}: tensor ${shorten(name)}`,
        expected: `data from byte ${covered}, where the tensor before it ends`,
        received: `data from byte ${start}, ${start < covered ? "an overlap" : "a hole"}`,
        hint: damaged,
      });
    }
    covered = end;
    tensors.set(name, tensorAt(dtype, shape, bytes.subarray(dataStart + start, dataStart + end)));
  }
  if (covered !== dataBytes) {
    throw new ModelError({
      at,
      expected: `${covered} bytes of tensors`,
      received: `${dataBytes} bytes`,
      hint: damaged,
    });
  }
  return { tensors, metadata };
}

/**
 * A floating-point tensor's numbers, in C order. F32 is passed through without a copy, F16 and BF16 widen exactly,
 * F64 is rounded.
 *
 * @param at file and tensor, for errors.
 * @throws {ModelError} when the tensor holds anything else than F32, F16, BF16 or F64.
 */
export function toFloat32(tensor: Tensor, at: string): Float32Array {
  if (tensor.dtype === "F32") return tensor.data;
  const { dtype, data } = tensor;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const numbers = new Float32Array(data.byteLength / bytesPerElement[dtype]);
  switch (dtype) {
    case "F64":
      for (let i = 0; i < numbers.length; i++) numbers[i] = view.getFloat64(8 * i, true);
      return numbers;
    case "F16":
      for (let i = 0; i < numbers.length; i++) numbers[i] = float16(view.getUint16(2 * i, true));
      return numbers;
    case "BF16": {
      // The upper half of a float32.
      const words = new Uint32Array(numbers.buffer);
      for (let i = 0; i < words.length; i++) words[i] = view.getUint16(2 * i, true) << 16;
      return numbers;
    }
    default:
      throw new ModelError({ at, expected: "floating-point numbers (F32, F16, BF16 or F64)", received: dtype });
  }
}

const damaged = "the file is damaged or was not written by a safetensors library; copy or download it again";

function readHeader(bytes: Uint8Array, at: string): { header: object; dataStart: number } {
  const refuse = (expected: string, received: string, hint = damaged): never => {
    throw new ModelError({ at, expected, received, hint });
  };
  if (bytes.length < lengthBytes) refuse("a safetensors file of 8 bytes or more", `${bytes.length} bytes`);
  const claimed = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (claimed > maxHeaderBytes) {
    refuse("a header of at most 100 MB", `a header length of ${claimed} bytes`, "is this a safetensors file?");
  }
  const dataStart = lengthBytes + Number(claimed);
  if (dataStart > bytes.length) {
    refuse(
      `a header of ${claimed} bytes`,
      `${bytes.length - lengthBytes} bytes after its length`,
      "the file is cut off; copy or download it again",
    );
  }

  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(lengthBytes, dataStart));
  } catch {
    refuse("a header in UTF-8", "other bytes");
  }
  if (!text.startsWith("{")) refuse('a header that begins with "{"', shorten(text.slice(0, 1)));

  const hidden = hiddenFault(text);
  if (hidden !== null) refuse(hidden.expected, shorten(hidden.received));
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    // The parser's own message quotes the header, which may be long and hostile.
    refuse("a header in JSON", `${shorten(text)}, which is not`);
  }
  return { header: header as object, dataStart };
}

function readMetadata(value: unknown, at: string): Record<string, string> {
  const where = `${at}: __metadata__`;
  if (!isObject(value))
    throw new ModelError({ at: where, expected: "an object of texts", received: kindOf(value), hint: damaged });
  for (const [key, text] of Object.entries(value)) {
    if (typeof text === "string" && !halfPair.test(key) && !halfPair.test(text)) continue;
    throw new ModelError({
      at: `${where}.${shorten(key)}`,
      expected: "a text in Unicode",
      received: kindOf(text),
      hint: damaged,
    });
  }
  return value as Record<string, string>;
}

type Entry = { readonly dtype: Dtype; readonly shape: readonly number[]; readonly start: number; readonly end: number };

function readEntry(value: unknown, at: string, dataBytes: number): Entry {
  const refuse = (expected: string, received: string, hint = damaged): never => {
    throw new ModelError({ at, expected, received, hint });
  };
  // `Object.hasOwn`, because a missing key must not be found in a prototype.
  const field = (name: string): unknown =>
    isObject(value) && Object.hasOwn(value, name) ? value[name] : refuse(`an object with "${name}"`, kindOf(value));

  const dtype = field("dtype") as Dtype;
  if (!dtypes.includes(dtype)) {
    refuse(
      `a dtype out of ${dtypes.join(", ")}`,
      kindOf(dtype),
      "convert the tensor to one of them where the file comes from",
    );
  }
  const shape = field("shape");
  if (!isSizes(shape)) return refuse("a shape of whole numbers", listOf(shape));
  const bytes = byteLengthOf(dtype, shape);
  if (!Number.isSafeInteger(bytes)) refuse("a shape that can be held in memory", listOf(shape));

  const offsets = field("data_offsets");
  if (!isSizes(offsets) || offsets.length !== 2) return refuse("data_offsets of two whole numbers", listOf(offsets));
  const [start, end] = offsets as [number, number];
  if (start > end || end > dataBytes) {
    refuse(
      `data_offsets within the ${dataBytes} bytes of data`,
      listOf(offsets),
      "the file is cut off or damaged; copy or download it again",
    );
  }
  if (end - start !== bytes) refuse(`${bytes} bytes for ${dtype} ${listOf(shape)}`, `${end - start} bytes`);
  return { dtype, shape, start, end };
}

function tensorAt(dtype: Dtype, shape: readonly number[], data: Uint8Array): Tensor {
  if (dtype !== "F32") return { dtype, shape, data };
  // Files of old writers, and slices of a larger buffer, may not be aligned.
  const aligned = data.byteOffset % 4 === 0 ? data : data.slice();
  return { dtype, shape, data: new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4) };
}

/** NaN where the product leaves the exact integers. */
function byteLengthOf(dtype: Dtype, shape: readonly number[]): number {
  let bytes: number = bytesPerElement[dtype];
  for (const size of shape) {
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) return Number.NaN;
  }
  return bytes;
}

/** @source IEEE 754-2019, binary16: 1 sign, 5 exponent and 10 fraction bits. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
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
