import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { toFileError } from "../base/files.js";
import { DataError, FileError } from "../base/index.js";
import { findCache, findOrBuildCache } from "./cache.js";
import type { OnProgress } from "./concurrency.js";
import type { Dataset } from "./dataset.js";
import { openDecoder } from "./decoder.js";
import { type Geometry, imageBytes } from "./preprocessing.js";
import type { SplitName } from "./sample.js";

/** Decoded pictures of one split. Holds memory or an open file until `close`. */
export type ImageSet = {
  readonly count: number;
  /** Side, px. */
  readonly size: number;
  readonly channels: 1 | 3;
  /** `[count]`, indices into the dataset's classes. */
  readonly labels: Int32Array;
  readonly sources: readonly string[];
  /** Copies picture `index`, `[size, size, channels]` of `uint8`, into `into` from `offset` on. */
  read(index: number, into: Uint8Array, offset: number): void;
  close(): void;
};

export type ImageOptions = {
  readonly cacheDir: string;
  /**
   * A split of up to this many bytes is held in memory, 256 MiB where left out; of a larger one, each picture is read
   * from the file when it is asked for.
   */
  readonly memoryLimit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
};

const defaultMemoryLimit = 256 * 1024 * 1024;

/**
 * The pictures of a split as pixels of one geometry, from the cache; decodes them first where they are not in it.
 *
 * @throws {DataError} when a picture can no longer be read that could be when the dataset was opened.
 * @throws {FileError} when the cache cannot be written or read.
 * @throws {InterruptedError} after the signal.
 */
export async function openImages(
  dataset: Dataset,
  split: SplitName,
  geometry: Geometry,
  options: ImageOptions,
): Promise<ImageSet> {
  const samples = dataset.splits[split];
  const sources = samples.map(({ source }) => source);
  const { file, slots } = await locate(dataset, sources, geometry, options);
  const bytes = imageBytes(geometry);
  const inMemory = slots.length * bytes <= (options.memoryLimit ?? defaultMemoryLimit);
  const pixels = inMemory ? fromMemory(file, bytes, slots) : fromFile(file, bytes, slots);
  return {
    count: samples.length,
    size: geometry.size,
    channels: geometry.channels,
    labels: Int32Array.from(samples, ({ label }) => label),
    sources,
    ...pixels,
  };
}

/** The cache of the whole dataset where there is one of this geometry, else one of these pictures alone. */
async function locate(
  { fingerprint, root }: Dataset,
  sources: readonly string[],
  geometry: Geometry,
  { cacheDir, signal, onProgress }: ImageOptions,
): Promise<{ readonly file: string; readonly slots: readonly number[] }> {
  const whole = await findCache(cacheDir, { fingerprint, geometry, subset: null });
  if (whole !== null) {
    const slotOf = new Map(whole.sources.map((source, slot) => [source, slot]));
    const slots = sources.map((source) => slotOf.get(source));
    if (slots.every((slot) => slot !== undefined)) return { file: whole.pixelFile, slots };
  }
  const subset = createHash("sha256").update(JSON.stringify(sources)).digest("hex");
  const key = { fingerprint, geometry, subset };
  const open = () => openDecoder(root, sources);
  const cache = await findOrBuildCache(cacheDir, key, sources, open, { broken: "throw", signal, onProgress }).catch(
    (error: unknown) => {
      if (!(error instanceof DataError)) throw error;
      const hint = "the file changed after the dataset was opened; start again";
      throw new DataError({ ...error.facts, hint }, { cause: error });
    },
  );
  return { file: cache.pixelFile, slots: sources.map((_, slot) => slot) };
}

/** @param slots position of each picture in the file. */
function fromFile(file: string, bytes: number, slots: readonly number[]): Pick<ImageSet, "read" | "close"> {
  const handle = attempt(file, () => openSync(file, "r"));
  let open = true;
  return {
    read(index, into, offset) {
      if (!open) throw new Error("internal: images read after they were closed");
      const start = checked(slots, index) * bytes;
      for (let done = 0; done < bytes; ) {
        const read = attempt(file, () => readSync(handle, into, offset + done, bytes - done, start + done));
        if (read === 0) {
          const expected = `a picture of ${bytes} bytes at byte ${start}`;
          throw new FileError({
            at: file,
            expected,
            received: `the end of the file after ${done}`,
            hint: "start again",
          });
        }
        done += read;
      }
    },
    close() {
      if (open) closeSync(handle);
      open = false;
    },
  };
}

function fromMemory(file: string, bytes: number, slots: readonly number[]): Pick<ImageSet, "read" | "close"> {
  let held: Uint8Array | null = new Uint8Array(slots.length * bytes);
  const images = fromFile(file, bytes, slots);
  try {
    for (let i = 0; i < slots.length; i++) images.read(i, held, i * bytes);
  } finally {
    images.close();
  }
  return {
    read(index, into, offset) {
      if (held === null) throw new Error("internal: images read after they were closed");
      checked(slots, index);
      into.set(held.subarray(index * bytes, (index + 1) * bytes), offset);
    },
    close() {
      held = null;
    },
  };
}

function checked(slots: readonly number[], index: number): number {
  const slot = slots[index];
  if (slot === undefined) throw new RangeError(`internal: image ${index} of ${slots.length}`);
  return slot;
}

function attempt<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toFileError(error, file, "read");
  }
}
