import { describe, expect, test } from "vitest";
import { type Dtype, toFloat32 } from "./tensor.js";
import { f32, raw } from "./testing/files.js";

describe("toFloat32", () => {
  const bytesOf = (array: ArrayBufferView) => [...new Uint8Array(array.buffer, array.byteOffset, array.byteLength)];

  test("F16: worked by hand from the bits", () => {
    const bits: [number, number][] = [
      [0x0000, 0],
      [0x8000, -0],
      [0x3c00, 1],
      [0xc000, -2],
      [0x3555, 0.333251953125],
      [0x7bff, 65504], // the largest
      [0x0001, 2 ** -24], // the smallest, subnormal
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14], // the smallest normal
      [0x7c00, Number.POSITIVE_INFINITY],
      [0xfc00, Number.NEGATIVE_INFINITY],
      [0x7e01, Number.NaN],
    ];
    const tensor = raw("F16", [bits.length], bytesOf(Uint16Array.from(bits, ([word]) => word)));
    expect([...toFloat32(tensor, "a")]).toEqual(bits.map(([, number]) => number));
  });

  test("BF16, F64 and F32", () => {
    expect([...toFloat32(raw("BF16", [3], bytesOf(Uint16Array.of(0x3f80, 0xc000, 0x4049))), "a")]).toEqual([
      1, -2, 3.140625,
    ]);
    expect([...toFloat32(raw("F64", [2], bytesOf(Float64Array.of(0.1, -1e300))), "a")]).toEqual([
      Math.fround(0.1),
      -Infinity,
    ]);
    expect([...toFloat32(f32([2], [1, 2]), "a")]).toEqual([1, 2]);
  });

  test("F8: worked by hand from the bits", () => {
    // 1 sign, 5 exponent and 2 fraction bits; and 1, 4 and 3, where only all bits set are NaN.
    const e5m2 = raw("F8_E5M2", [6], [0x3c, 0xc1, 0x01, 0x7b, 0xfc, 0x7e]);
    expect([...toFloat32(e5m2, "a")]).toEqual([1, -2.5, 2 ** -16, 57344, -Infinity, Number.NaN]);
    const e4m3 = raw("F8_E4M3", [6], [0x38, 0xc1, 0x01, 0x7e, 0xff, 0x80]);
    expect([...toFloat32(e4m3, "a")]).toEqual([1, -2.25, 2 ** -9, 448, Number.NaN, -0]);
  });

  test.each<[Exclude<Dtype, "F32">, ArrayBufferView, number[]]>([
    ["BOOL", Uint8Array.of(0, 1, 255), [0, 1, 1]],
    ["U8", Uint8Array.of(0, 255), [0, 255]],
    ["I8", Int8Array.of(-128, 127), [-128, 127]],
    ["U16", Uint16Array.of(65535), [65535]],
    ["I16", Int16Array.of(-32768), [-32768]],
    ["U32", Uint32Array.of(2 ** 24, 2 ** 31), [2 ** 24, 2 ** 31]],
    ["I32", Int32Array.of(-(2 ** 24), -(2 ** 31)), [-(2 ** 24), -(2 ** 31)]],
    ["U64", BigUint64Array.of(7n, 2n ** 63n), [7, 2 ** 63]],
    ["I64", BigInt64Array.of(-7n, -(2n ** 63n)), [-7, -(2 ** 63)]],
  ])("%s: integers that float32 holds", (dtype, array, numbers) => {
    expect([...toFloat32(raw(dtype, [numbers.length], bytesOf(array)), "a")]).toEqual(numbers);
  });

  test.each<[Exclude<Dtype, "F32">, ArrayBufferView, string]>([
    ["U32", Uint32Array.of(1, 2 ** 24 + 1), "16777217"],
    ["I32", Int32Array.of(1, -(2 ** 24) - 1), "-16777217"],
    ["U64", BigUint64Array.of(1n, 2n ** 53n + 1n), "9007199254740993"], // a double would round it to one that fits
    ["I64", BigInt64Array.of(1n, 2n ** 63n - 1n), "9223372036854775807"],
  ])("%s: refuses an integer that float32 would round", (dtype, array, integer) => {
    const at = "a.safetensors: steps";
    expect(() => toFloat32(raw(dtype, [2], bytesOf(array)), at)).toThrow(
      `${at}: expected integers that float32 holds exactly, received ${integer} (${dtype}, element 1)`,
    );
  });
});
