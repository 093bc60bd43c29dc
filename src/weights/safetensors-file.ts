/**
 * Safetensors on disk, for files larger than one wants in memory: the header is read and checked as `header.ts` does it for
 * all, then one tensor at a time. Node's modules are loaded where a file is opened, so that a page can load this room's door.
 */
import type { FileHandle } from "node:fs/promises";
import { FileError, ModelError } from "../base/index.js";
import { layOut, lengthBytes, parseHeader, readHeaderLength, type TensorInfo } from "./header.js";
import { bytesFor, type Dtype, type Tensor, tensorAt } from "./tensor.js";

/** A file whose header has been read and checked. Whoever opened it closes it. */
export type SafetensorsFile = {
  /** In the order of their data. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * One tensor, read from the disk at every call.
   *
   * @throws {ModelError} when there is none of that name, or memory does not suffice for it.
   * @throws {FileError} when the file cannot be read any more, or was changed since it was opened.
   */
  read(name: string): Promise<Tensor>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Bytes that can be read from any position. */
export type ByteSource = {
  readonly bytes: number;
  /** Fills `into` from byte `start` of the file on. */
  read(into: Uint8Array, start: number): Promise<void>;
  close(): Promise<void>;
};

/**
 * Open a safetensors file, read its header and check it against the file's size. No number is read yet.
 *
 * @throws {ModelError} when the header contradicts the format, itself or the file; see `decodeSafetensors`.
 * @throws {FileError} when the file cannot be read.
 * @example
 * const file = await openSafetensors("model.safetensors");
 * try {
 *   for (const name of file.tensors.keys()) console.log(name, toFloat32(await file.read(name), name).length);
 * } finally {
 *   await file.close();
 * }
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  return readFrom(await fileSource(path), path);
}

/** As `openSafetensors`, from any source, which it closes when the header is refused. Nothing is allocated on the header's word. */
export async function readFrom(source: ByteSource, at: string): Promise<SafetensorsFile> {
  const bytesAt = async (start: number, end: number, what: string): Promise<Uint8Array> => {
    const bytes = allocate(end - start, `${at}: ${what}`);
    await source.read(bytes, start);
    return bytes;
  };
  try {
    const length = await bytesAt(0, Math.min(lengthBytes, source.bytes), "length");
    const headerEnd = lengthBytes + readHeaderLength(length, source.bytes, at);
    const { tensors, metadata } = parseHeader(await bytesAt(lengthBytes, headerEnd, "header"), source.bytes, at);
    const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
    const close = () => source.close();
    return {
      tensors: byName,
      metadata,
      close,
      [Symbol.asyncDispose]: close,
      async read(name) {
        const tensor = byName.get(name);
        if (tensor === undefined) {
          const received = `none of that name among ${byName.size}`;
          throw new ModelError({ at, expected: `a tensor ${JSON.stringify(name)}`, received });
        }
        const { dtype, shape, start, end } = tensor;
        return tensorAt(dtype, shape, await bytesAt(start, end, name));
      },
    };
  } catch (error) {
    await source.close().catch(() => {});
    throw error;
  }
}

/** A tensor that is fetched when its turn to be written has come. */
export type LazyTensor = {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Its data, as a `Tensor` of this dtype and shape has it. */
  load(): Tensor["data"] | Promise<Tensor["data"]>;
};

/**
 * Write a safetensors file, tensor by tensor, with at most one of the lazy ones in memory. The bytes are those of
 * `encodeSafetensors`, and the file is replaced as a whole or not at all.
 *
 * @param path its folder must exist.
 * @throws {FileError} when it cannot be written. What `load` throws passes through; either way the old file is untouched.
 * @throws {RangeError} `internal:` as `encodeSafetensors`.
 */
export async function writeSafetensors(
  path: string,
  entries: ReadonlyMap<string, Tensor | LazyTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { head, tensors } = layOut(entries, metadata);
  const { writeFileAtomic } = await import("../base/files.js");
  const pieces = async function* (): AsyncIterable<Uint8Array> {
    yield head;
    for (const place of tensors) {
      const entry = entries.get(place.name)!;
      yield bytesFor(place, "load" in entry ? await entry.load() : entry.data);
    }
  };
  await writeFileAtomic(path, pieces());
}

/** Node reads at most 2^31 - 1 bytes at once. */
const largestRead = 2 ** 30;

async function fileSource(path: string): Promise<ByteSource> {
  const { open } = await import("node:fs/promises");
  const { toFileError } = await import("../base/files.js");
  const orFileError = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw toFileError(error, path, "read");
    }
  };
  const handle: FileHandle = await orFileError(open(path, "r"));
  const stats = await handle.stat();
  if (!stats.isFile()) {
    await handle.close();
    const received = stats.isDirectory() ? "a folder" : "a device or a pipe";
    throw new FileError({ at: path, expected: "a file", received, hint: "name a .safetensors file" });
  }
  return {
    bytes: stats.size,
    async read(into, start) {
      for (let done = 0; done < into.length; ) {
        const length = Math.min(into.length - done, largestRead);
        const { bytesRead } = await orFileError(handle.read(into, done, length, start + done));
        if (bytesRead === 0) {
          throw new FileError({
            at: path,
            expected: `${stats.size} bytes, as when it was opened`,
            received: `an end after ${start + done}`,
            hint: "another program changed the file meanwhile; open it again",
          });
        }
        done += bytesRead;
      }
    },
    close: () => handle.close(),
  };
}

/** The size is at most the file's, but a sparse file may be larger than any memory. */
function allocate(bytes: number, at: string): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch (error) {
    const facts = { at, expected: "memory for it", received: `${bytes} bytes, which this process cannot allocate` };
    throw new ModelError({ ...facts, hint: "run on a machine with more memory" }, { cause: error });
  }
}
