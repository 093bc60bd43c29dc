/**
 * Safetensors in memory: eight bytes with the length of a JSON header, the header, the numbers. What a reader checks is in
 * `header.ts`; files too large to hold are read and written by `safetensors-file.ts`.
 */
import { layOut, lengthBytes, parseHeader, readHeaderLength } from "./header.js";
import { bytesFor, type Tensor, tensorAt } from "./tensor.js";

export type Safetensors = {
  /** In the order of their data. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
};

/**
 * The bytes of a safetensors file: the same for the same content, whatever the order of the maps; see `layOut`.
 *
 * @throws {RangeError} `internal:` when a tensor's data and shape disagree, a name is taken, or the header grows over 100 MB.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { head, tensors: places } = layOut(tensors, metadata);
  const data = places.map((place) => bytesFor(place, tensors.get(place.name)!.data));
  const file = new Uint8Array(places.at(-1)?.end ?? head.length);
  file.set(head);
  for (const [i, { start }] of places.entries()) file.set(data[i]!, start);
  return file;
}

/**
 * @param bytes the whole file. The tensors are views into it wherever its alignment allows.
 * @param at the file's name, for errors.
 * @throws {ModelError} when anything in the file contradicts the format or itself. Nothing is allocated on the header's word.
 */
export function decodeSafetensors(bytes: Uint8Array, at: string): Safetensors {
  const headerEnd = lengthBytes + readHeaderLength(bytes, bytes.length, at);
  const { tensors, metadata } = parseHeader(bytes.subarray(lengthBytes, headerEnd), bytes.length, at);
  return {
    metadata,
    tensors: new Map(
      tensors.map(({ name, dtype, shape, start, end }) => [name, tensorAt(dtype, shape, bytes.subarray(start, end))]),
    ),
  };
}
