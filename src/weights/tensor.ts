/** A tensor as safetensors knows it, and its numbers as everybody else wants them. */
import { ModelError } from "../base/index.js";

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
export const dtypes = Object.keys(bytesPerElement) as Dtype[];

/** F32 comes as numbers; every other type as its little-endian bytes, see `toFloat32`. */
export type Tensor =
  | { readonly dtype: "F32"; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: Exclude<Dtype, "F32">; readonly shape: readonly number[]; readonly data: Uint8Array };

/** NaN where the product leaves the exact integers. */
export function byteLengthOf(dtype: Dtype, shape: readonly number[]): number {
  let bytes: number = bytesPerElement[dtype];
  for (const size of shape) {
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) return Number.NaN;
  }
  return bytes;
}

/** @param data little-endian, as the file has it; kept as a view where its alignment allows. */
export function tensorAt(dtype: Dtype, shape: readonly number[], data: Uint8Array): Tensor {
  if (dtype !== "F32") return { dtype, shape, data };
  // Files of old writers, and slices of a larger buffer, may not be aligned.
  const aligned = data.byteOffset % 4 === 0 ? data : data.slice();
  return { dtype, shape, data: new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4) };
}

/**
 * A tensor's numbers, in C order. F32 is passed through without a copy; F16, BF16 and F8 widen exactly; F64 is rounded.
 * Integers and truth values (0 and 1) count things, so they are taken where float32 holds them exactly and refused where not.
 *
 * @param at file and tensor, for errors.
 * @throws {ModelError} for an integer that float32 cannot hold, which is beyond 2^24.
 */
export function toFloat32(tensor: Tensor, at: string): Float32Array {
  if (tensor.dtype === "F32") return tensor.data;
  const { dtype, data } = tensor;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [size, numberAt] = [bytesPerElement[dtype], readers[dtype]];
  const numbers = new Float32Array(Math.floor(data.byteLength / size));
  for (let i = 0; i < numbers.length; i++) numbers[i] = Number(numberAt(view, size * i));
  if (counting.has(dtype)) requireExact(numbers, (i) => numberAt(view, size * i), dtype, at);
  return numbers;
}

/** The element at a byte. */
const readers: Readonly<Record<Exclude<Dtype, "F32">, (view: DataView, offset: number) => number | bigint>> = {
  BOOL: (view, offset) => (view.getUint8(offset) === 0 ? 0 : 1),
  U8: (view, offset) => view.getUint8(offset),
  I8: (view, offset) => view.getInt8(offset),
  // The upper half of a float16.
  F8_E5M2: (view, offset) => float16s()[view.getUint8(offset) << 8]!,
  F8_E4M3: (view, offset) => float8E4M3(view.getUint8(offset)),
  I16: (view, offset) => view.getInt16(offset, true),
  U16: (view, offset) => view.getUint16(offset, true),
  F16: (view, offset) => float16s()[view.getUint16(offset, true)]!,
  BF16: (view, offset) => bfloat16s()[view.getUint16(offset, true)]!,
  I32: (view, offset) => view.getInt32(offset, true),
  U32: (view, offset) => view.getUint32(offset, true),
  F64: (view, offset) => view.getFloat64(offset, true),
  I64: (view, offset) => view.getBigInt64(offset, true),
  U64: (view, offset) => view.getBigUint64(offset, true),
};

/** Integers that float32 may not hold. */
const counting: ReadonlySet<Dtype> = new Set(["I32", "U32", "I64", "U64"]);

function requireExact(
  numbers: Float32Array,
  integerAt: (i: number) => number | bigint,
  dtype: Dtype,
  at: string,
): void {
  for (const [i, number] of numbers.entries()) {
    const integer = integerAt(i);
    // Compared as what it is: `Number` may have rounded a bigint before float32 did.
    if (typeof integer === "bigint" ? BigInt(number) === integer : number === integer) continue;
    throw new ModelError({
      at,
      expected: "integers that float32 holds exactly",
      received: `${integer} (${dtype}, element ${i})`,
      hint: "a tensor of such numbers is an index or a counter, not a weight; leave it out",
    });
  }
}

/**
 * As `toFloat32`, for numbers that a network is to count with.
 *
 * @throws {ModelError} naming the first that is infinite or no number.
 */
export function finiteFloat32(tensor: Tensor, at: string): Float32Array {
  const numbers = toFloat32(tensor, at);
  const wrong = numbers.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return numbers;
  throw new ModelError({
    at,
    expected: `${numbers.length} finite numbers`,
    received: `${numbers[wrong]} at place ${wrong}`,
    hint: "the weights are of a training that diverged, or the file is damaged; take another",
  });
}

/** All 65,536 of them, made at first use: a table look-up per weight instead of a power of two. */
let everyFloat16: Float32Array | null = null;
function float16s(): Float32Array {
  everyFloat16 ??= Float32Array.from({ length: 0x10000 }, (_, bits) => float16(bits));
  return everyFloat16;
}

/** As many: each is the upper half of a float32. */
let everyBfloat16: Float32Array | null = null;
function bfloat16s(): Float32Array {
  everyBfloat16 ??= new Float32Array(Uint32Array.from({ length: 0x10000 }, (_, bits) => bits << 16).buffer);
  return everyBfloat16;
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

/** @source Micikevicius et al. 2022, arXiv:2209.05433, Table 1: E4M3 has no infinities, and NaN only where all bits are set. */
function float8E4M3(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 3) & 15;
  const fraction = bits & 7;
  if (exponent === 15 && fraction === 7) return Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -9;
  return sign * (1 + fraction / 8) * 2 ** (exponent - 7);
}

/**
 * The bytes to write for a tensor, which are its own memory and no copy.
 *
 * @throws {RangeError} `internal:` when data and shape disagree.
 */
export function bytesFor(
  { name, dtype, shape }: { readonly name: string; readonly dtype: Dtype; readonly shape: readonly number[] },
  data: Tensor["data"],
): Uint8Array {
  const bytes = byteLengthOf(dtype, shape);
  if (bytes !== data.byteLength) {
    throw new RangeError(`internal: ${name} has ${data.byteLength} bytes; ${dtype} [${shape}] takes ${bytes}`);
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
