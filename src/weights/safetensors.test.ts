import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, ModelError } from "../base/index.js";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.js";
import type { Dtype, Tensor } from "./tensor.js";
import { f32, fileOf, raw } from "./testing/files.js";

function refusal(bytes: Uint8Array): ModelError {
  try {
    decodeSafetensors(bytes, "a.safetensors");
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
  throw new Error("the file was loaded");
}

describe("the format", () => {
  test("is written byte for byte as the reference does", () => {
    const tensors = new Map([
      ["mask", raw("BOOL", [3], [1, 0, 1])],
      ["b", f32([2], [1, -2])],
      ["a", f32([], [0.5])],
      ["steps", raw("I64", [1], [7, 0, 0, 0, 0, 0, 0, 0])],
    ]);
    // Written by safetensors 0.8.0 in Python: save({...}, metadata={"k": "ü"}).
    const header =
      '{"__metadata__":{"k":"ü"},"steps":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},' +
      '"a":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]},' +
      '"mask":{"dtype":"BOOL","shape":[3],"data_offsets":[20,23]}}';
    const padding = " ".repeat((8 - (new TextEncoder().encode(header).length % 8)) % 8);
    const data = [7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3f, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 1, 0, 1];
    expect(encodeSafetensors(tensors, { k: "ü" })).toEqual(fileOf(header + padding, data));
  });

  test("does not depend on the order of the maps", () => {
    const entries: [string, Tensor][] = [
      ["𝛼", f32([1], [1])], // U+1D6FC sorts after U+FF41, though its first UTF-16 unit is smaller
      ["ａ", f32([1], [2])],
      ["10", f32([1], [3])],
      ["2", f32([1], [4])],
    ];
    const bytes = encodeSafetensors(new Map(entries), { x: "1", a: "2", 7: "3" });
    expect(encodeSafetensors(new Map(entries.toReversed()), { a: "2", 7: "3", x: "1" })).toEqual(bytes);
    const loaded = decodeSafetensors(bytes, "a");
    expect([...loaded.tensors.keys()]).toEqual(["10", "2", "ａ", "𝛼"]);
    expect(loaded.metadata).toEqual({ 7: "3", a: "2", x: "1" });
  });

  test("an empty file is a header and nothing else", () => {
    const bytes = encodeSafetensors(new Map());
    expect(bytes).toEqual(fileOf("{}      "));
    expect(decodeSafetensors(bytes, "a")).toEqual({ tensors: new Map(), metadata: {} });
  });

  test("names that mean something to JavaScript are only names", () => {
    const tensors = new Map([
      ["__proto__", f32([1], [1])],
      ["constructor", f32([0, 3], [])],
      ["", f32([1], [2])],
    ]);
    const metadata = JSON.parse('{"__proto__":"polluted","toString":"x"}') as Record<string, string>;
    const loaded = decodeSafetensors(encodeSafetensors(tensors, metadata), "a");
    expect(loaded.tensors).toEqual(tensors);
    expect(Object.entries(loaded.metadata)).toEqual([
      ["__proto__", "polluted"],
      ["toString", "x"],
    ]);
    expect(Object.getPrototypeOf(loaded.metadata)).toBe(Object.prototype);
  });

  test("data that is not aligned is read too", () => {
    const file = fileOf('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} ', [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
    for (let shift = 0; shift < 8; shift++) {
      const within = new Uint8Array(file.length + shift);
      within.set(file, shift);
      expect(decodeSafetensors(within.subarray(shift), "a").tensors.get("a")).toEqual(f32([2], [1, 2]));
    }
  });

  test("the tensors are views, so loading does not double the memory", () => {
    const bytes = encodeSafetensors(new Map([["a", f32([3], [1, 2, 3])]]));
    expect(decodeSafetensors(bytes, "a").tensors.get("a")!.data.buffer).toBe(bytes.buffer);
  });

  test("what is written is what is read", () => {
    const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    const tensor = fc
      .tuple(fc.constantFrom<Dtype>("F32", "F16", "BF16", "F64", "I64", "I32", "U8", "BOOL"), shape, fc.integer())
      .map(([dtype, sizes, seed]): Tensor => {
        const count = sizes.reduce((a, b) => a * b, 1);
        const rng = createRng(seed);
        if (dtype === "F32")
          return f32(
            sizes,
            Array.from({ length: count }, () => rng.normal()),
          );
        const size = { F16: 2, BF16: 2, F64: 8, I64: 8, I32: 4, U8: 1, BOOL: 1 }[dtype as "F16"];
        return raw(
          dtype,
          sizes,
          Array.from({ length: count * size }, () => rng.integer(256)),
        );
      });
    const name = fc.string({ unit: "grapheme" }).filter((text) => text !== "__metadata__");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, tensor)),
        fc.dictionary(name, fc.string({ unit: "grapheme" })),
        (list, metadata) => {
          const tensors = new Map(list);
          const bytes = encodeSafetensors(tensors, metadata);
          const loaded = decodeSafetensors(bytes, "a");
          expect(loaded.tensors).toEqual(tensors);
          expect({ ...loaded.metadata }).toEqual({ ...metadata });
          expect(encodeSafetensors(loaded.tensors, loaded.metadata)).toEqual(bytes);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("what cannot be written is our own mistake", () => {
    expect(() => encodeSafetensors(new Map([["a", f32([3], [1])]]))).toThrow(
      "internal: a has 4 bytes; F32 [3] takes 12",
    );
    expect(() => encodeSafetensors(new Map([["__metadata__", f32([1], [1])]]))).toThrow(/^internal: /);
    expect(() => encodeSafetensors(new Map(), { k: "\ud800" })).toThrow(/^internal: half a surrogate/);
  });
});

test("the error names file, tensor, expected, received and a way out", () => {
  const file = fileOf('{"stem.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,8]}}', new Uint8Array(8));
  expect(refusal(file).message).toBe(
    'a.safetensors: tensor "stem.weight": expected 24 bytes for F32 [2, 3], received 8 bytes\n' +
      "  hint: the file is damaged or was not written by a safetensors library; copy or download it again",
  );
});

describe("a hostile file is refused", () => {
  const entry = (fields: string) => `{"a":{${fields}}}`;
  const plain = '"dtype":"U8","shape":[2],"data_offsets":[0,2]';
  const two = new Uint8Array(2);

  test.each<[string, Uint8Array, RegExp]>([
    ["empty", new Uint8Array(0), /8 bytes or more, received 0/],
    ["seven bytes", new Uint8Array(7), /received 7 bytes/],
    ["header past the end", fileOf("{}", [], 100n), /header of 100 bytes, received 2 bytes.*\n.*cut off/],
    ["header over the limit", fileOf("{}", [], 100_000_001n), /at most 100 MB/],
    ["header of 2^64 - 1", fileOf("{}", [], 2n ** 64n - 1n), /a file that begins otherwise/],
    ["no header", fileOf("", []), /begins with "{"/],
    ["leading space", fileOf(" {}"), /begins with "{"/],
    ["byte order mark", fileOf("\ufeff{}"), /begins with "{"/],
    ["not UTF-8", fileOf(Uint8Array.from([0x7b, 0xc0, 0xaf, 0x7d])), /UTF-8/],
    ["not JSON", fileOf("{'a':1}"), /in JSON/],
    ["two documents", fileOf("{}{}"), /in JSON/],
    ["a million brackets", fileOf(`{"a":${"[".repeat(1e6)}${"]".repeat(1e6)}}`), /at most 3 deep/],
    [
      "a million brackets as shape",
      fileOf(entry(`"dtype":"U8","shape":[${"[".repeat(1e6)}${"]".repeat(1e6)}],"data_offsets":[0,0]`)),
      /at most 3 deep/,
    ],
    ["a list in a list", fileOf(entry('"dtype":"U8","shape":[[]],"data_offsets":[0,0]')), /at most 3 deep/],
    ["an unterminated text", fileOf('{"a'), /in JSON/],
    ["a bad escape in a key", fileOf('{"\\x":1}'), /in JSON/],
    ["a name of a megabyte", fileOf(`{"${"n".repeat(1e6)}":0}`), /^.{0,250}\n.*$/],
    ["tensor null", fileOf('{"a":null}'), /tensor "a".*received null/],
    ["tensor list", fileOf('{"a":[]}'), /tensor "a"/],
    ["no dtype", fileOf(entry('"shape":[2],"data_offsets":[0,2]'), two), /"dtype"/],
    ["unknown dtype", fileOf(entry('"dtype":"Q4","shape":[2],"data_offsets":[0,2]'), two), /BF16.*"Q4"/],
    ["dtype of the prototype", fileOf(entry('"dtype":"toString","shape":[2],"data_offsets":[0,2]'), two), /"toString"/],
    ["dtype list", fileOf(entry('"dtype":["U8"],"shape":[2],"data_offsets":[0,2]'), two), /a list of 1/],
    ["no shape", fileOf(entry('"dtype":"U8","data_offsets":[0,2]'), two), /"shape"/],
    ["shape text", fileOf(entry('"dtype":"U8","shape":"2","data_offsets":[0,2]'), two), /shape.*"2"/],
    ["negative size", fileOf(entry('"dtype":"U8","shape":[-2],"data_offsets":[0,2]'), two), /non-negative/],
    ["minus zero", fileOf(entry('"dtype":"U8","shape":[-0],"data_offsets":[0,0]')), /non-negative/],
    ["fractional size", fileOf(entry('"dtype":"U8","shape":[2.5],"data_offsets":[0,2]'), two), /whole/],
    ["float that is whole", fileOf(entry('"dtype":"U8","shape":[2.0],"data_offsets":[0,2]'), two), /whole/],
    ["exponent", fileOf(entry('"dtype":"U8","shape":[2e0],"data_offsets":[0,2]'), two), /plain digits/],
    ["NaN", fileOf(entry('"dtype":"U8","shape":[NaN],"data_offsets":[0,2]'), two), /in JSON/],
    ["size null", fileOf(entry('"dtype":"U8","shape":[null],"data_offsets":[0,2]'), two), /\[null\]/],
    [
      "size beyond 2^53",
      fileOf(entry('"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,2]'), two),
      /whole numbers/,
    ],
    [
      "size infinite",
      fileOf(entry(`"dtype":"U8","shape":[${"9".repeat(400)}],"data_offsets":[0,2]`), two),
      /\[Infinity\]/,
    ],
    [
      "product overflows",
      fileOf(entry('"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,2]'), two),
      /held in memory/,
    ],
    [
      "product overflows to nothing",
      fileOf(entry('"dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0]')),
      /held in memory/,
    ],
    ["no offsets", fileOf(entry('"dtype":"U8","shape":[2]'), two), /"data_offsets"/],
    [
      "one offset",
      fileOf(entry('"dtype":"U8","shape":[2],"data_offsets":[2]'), two),
      /two whole numbers, received \[2\]/,
    ],
    ["three offsets", fileOf(entry('"dtype":"U8","shape":[2],"data_offsets":[0,2,2]'), two), /two whole/],
    ["offsets backwards", fileOf(entry('"dtype":"U8","shape":[2],"data_offsets":[2,0]'), two), /within the 2 bytes/],
    [
      "offsets past the end",
      fileOf(entry('"dtype":"U8","shape":[3],"data_offsets":[0,3]'), two),
      /within the 2 bytes.*\n.*cut off/,
    ],
    [
      "size and offsets disagree",
      fileOf(entry('"dtype":"U8","shape":[1],"data_offsets":[0,2]'), two),
      /1 bytes for U8 \[1\], received 2/,
    ],
    ["data left over", fileOf(entry(plain), new Uint8Array(3)), /2 bytes of tensors, received 3/],
    ["a hole", fileOf(entry('"dtype":"U8","shape":[1],"data_offsets":[1,2]'), two), /byte 0.*a hole/],
    [
      "an overlap",
      fileOf(`{"a":{${plain}},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, two),
      /tensor "b".*an overlap/,
    ],
    ["the same bytes twice", fileOf(`{"a":{${plain}},"b":{${plain}}}`, two), /an overlap/],
    ["a tensor twice", fileOf(`{"a":{${plain}},"a":{${plain}}}`, two), /once, received "a twice"/],
    ["a tensor twice, escaped", fileOf(`{"a":{${plain}},"\\u0061" :{${plain}}}`, two), /a twice/],
    ["__proto__ twice", fileOf(`{"__proto__":{${plain}},"__proto__":{${plain}}}`, two), /twice/],
    ["a field twice", fileOf(entry(`${plain},"shape":[2]`), two), /shape twice/],
    ["metadata twice", fileOf('{"__metadata__":{},"__metadata__":{}}'), /twice/],
    ["metadata key twice", fileOf('{"__metadata__":{"k":"1","k":"2"}}'), /k twice/],
    ["metadata text", fileOf('{"__metadata__":"x"}'), /__metadata__: expected an object/],
    ["metadata number", fileOf('{"__metadata__":{"k":1}}'), /__metadata__."k": expected a text/],
    ["half a surrogate pair", fileOf('{"__metadata__":{"k":"\\ud800"}}'), /Unicode/],
    ["half a surrogate pair as name", fileOf('{"\\udfff":0}'), /Unicode/],
  ])("%s", (_, file, message) => {
    const error = refusal(file);
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(/undefined|\[object/);
    expect(error.facts.hint).toBeDefined();
    expect(error.message.length).toBeLessThan(500);
  });

  test("fields of the prototype do not count as given", () => {
    const fields = '"__proto__":{"dtype":"U8"},"shape":[2],"data_offsets":[0,2]';
    expect(refusal(fileOf(entry(fields), two)).message).toMatch(/"dtype"/);
  });

  test("the same keys in different tensors are no duplicates, nor are keys quoted in texts", () => {
    const header = `{"__metadata__":{"a":"{\\"k\\":1,\\"k\\":-1.5e3}"},"a":{${plain}},"b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}`;
    expect(decodeSafetensors(fileOf(header, two), "a").metadata).toEqual({ a: '{"k":1,"k":-1.5e3}' });
  });
});
