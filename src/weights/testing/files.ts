import type { Rng } from "../../base/index.js";
import type { ByteSource } from "../safetensors-file.js";
import type { Dtype, Tensor } from "../tensor.js";

export const f32 = (shape: number[], numbers: number[]): Tensor => ({
  dtype: "F32",
  shape,
  data: Float32Array.from(numbers),
});
export const raw = (dtype: Exclude<Dtype, "F32">, shape: number[], bytes: number[]): Tensor => ({
  dtype,
  shape,
  data: Uint8Array.from(bytes),
});

/** A file with any header and data, as an attacker would write it. */
export function fileOf(header: string | Uint8Array, data: ArrayLike<number> = [], claimed?: bigint): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
  file.set(text, 8);
  file.set(data, 8 + text.length);
  return file;
}

/** A source in memory that keeps account of every buffer it was asked to fill. */
export function countingSource(file: Uint8Array): ByteSource & { readonly asked: { start: number; bytes: number }[] } {
  const asked: { start: number; bytes: number }[] = [];
  return {
    asked,
    bytes: file.length,
    async read(into, start) {
      asked.push({ start, bytes: into.buffer.byteLength });
      into.set(file.subarray(start, start + into.length));
    },
    close: async () => {},
  };
}

/**
 * One to three wounds: in the length, in the header, anywhere; bytes cut off, doubled or put in; a number, dtype or name of the
 * header exchanged, a key given twice, brackets nested.
 */
export function damage(file: Uint8Array, rng: Rng): Uint8Array {
  let bytes: Uint8Array = file.slice();
  for (let wounds = 1 + rng.integer(3); wounds > 0; wounds--) {
    const at = rng.integer(Math.max(1, bytes.length));
    const headerEnd = headerEndOf(bytes);
    switch (rng.integer(9)) {
      case 0:
        if (bytes.length > 0) bytes[rng.integer(Math.min(8, bytes.length))] = rng.integer(256);
        break;
      case 1:
        if (headerEnd > 8) bytes[8 + rng.integer(headerEnd - 8)] = rng.integer(256);
        break;
      case 2:
        if (bytes.length > 0) bytes[at] = bytes[at]! ^ (1 << rng.integer(8));
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4: {
        const insertion = rng.uniform() < 0.5 ? bytes.slice(at, at + 64) : Uint8Array.of(rng.integer(256));
        bytes = Uint8Array.from([...bytes.slice(0, at), ...insertion, ...bytes.slice(at)]);
        break;
      }
      case 5:
        bytes = withHeader(bytes, (header) => {
          const entries = [...header.matchAll(/"[a-z_.0-9]+":(\{[^{}]*\}|\[[^\]]*\]|"[^"]*")/gi)];
          if (entries.length === 0) return header;
          const twice = rng.choice(entries);
          return `${header.slice(0, twice.index)}${twice[0]},${header.slice(twice.index)}`;
        });
        break;
      case 6:
        bytes = withHeader(bytes, (header) => {
          const depth = 1 + rng.integer(2000);
          const nested = rng.uniform() < 0.5 ? "[".repeat(depth) + "]".repeat(depth) : `${'{"a":'.repeat(depth)}0`;
          return header.replace(rng.choice([/\[[^\]]*\]/, /"F32"/, /\d+/]), nested);
        });
        break;
      default:
        bytes = withHeader(bytes, (header) => {
          const values = [
            ..."0 -1 1.5 1e3 9007199254740992 null [] 3 8 32 40".split(" "),
            '"8"',
            '"F16"',
            '"U8"',
            "{}",
          ];
          const parts = [...header.matchAll(/\d+|"[a-z_.]+"/gi)];
          if (parts.length === 0) return header;
          const hit = rng.choice(parts);
          return header.slice(0, hit.index) + rng.choice(values) + header.slice(hit.index + hit[0].length);
        });
    }
  }
  return bytes;
}

/** Within the file, whatever its first eight bytes say. */
function headerEndOf(bytes: Uint8Array): number {
  if (bytes.length < 8) return bytes.length;
  return Math.min(8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)), bytes.length);
}

/** The length of the header is kept right, so that the wound reaches the checks behind it. */
function withHeader(bytes: Uint8Array, edit: (header: string) => string): Uint8Array {
  const headerEnd = headerEndOf(bytes);
  const edited = edit(new TextDecoder("latin1").decode(bytes.subarray(8, headerEnd)));
  return fileOf(
    Uint8Array.from(edited, (character) => character.charCodeAt(0)),
    bytes.subarray(headerEnd),
  );
}
