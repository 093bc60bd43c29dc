/** Decoded pictures as any thread of the process can read them: in shared memory, or in a file that is open. */
import { readSync } from "node:fs";
import { toFileError } from "../base/files.js";
import { FileError } from "../base/index.js";

export type SharedPictures = {
  readonly held:
    | { readonly kind: "memory"; readonly pixels: SharedArrayBuffer }
    /** `handle` is the process's, so that whoever opened it closes it; `path` is for errors. */
    | { readonly kind: "file"; readonly handle: number; readonly path: string };
  /** Of one picture. */
  readonly bytes: number;
  /** Of each picture, where it lies among those held. */
  readonly slots: Int32Array;
};

export type ReadPicture = {
  /** Copies picture `index`, `[size, size, channels]` of `uint8`, into `into` from `offset` on. */
  (index: number, into: Uint8Array, offset: number): void;
  /** The same pictures for another thread, to be read while the set is open. Left out where only this thread can. */
  readonly share?: () => SharedPictures;
};

/** @throws {FileError} when it reads: the file cannot be read, or ends too early. */
export function readerOf({ held, bytes, slots }: SharedPictures): (...args: Parameters<ReadPicture>) => void {
  const slotOf = (index: number): number => {
    const slot = slots[index];
    if (slot === undefined) throw new RangeError(`internal: image ${index} of ${slots.length}`);
    return slot;
  };
  if (held.kind === "memory") {
    const pixels = new Uint8Array(held.pixels);
    return (index, into, offset) => {
      const start = slotOf(index) * bytes;
      into.set(pixels.subarray(start, start + bytes), offset);
    };
  }
  const { handle, path } = held;
  return (index, into, offset) => {
    const start = slotOf(index) * bytes;
    for (let done = 0; done < bytes; ) {
      const read = attempt(path, () => readSync(handle, into, offset + done, bytes - done, start + done));
      if (read === 0) {
        const expected = `a picture of ${bytes} bytes at byte ${start}`;
        const received = `the end of the file after ${done}`;
        throw new FileError({ at: path, expected, received, hint: "start again" });
      }
      done += read;
    }
  };
}

/** Those of them that are wanted, in this order. */
export const selected = (shared: SharedPictures, indices: readonly number[]): SharedPictures => ({
  ...shared,
  slots: Int32Array.from(indices, (index) => shared.slots[index]!),
});

function attempt<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toFileError(error, file, "read");
  }
}
