import { closeSync, openSync } from "node:fs";
import { toFileError } from "../base/files.js";
import { DataError, sha256OfJson } from "../base/index.js";
import { findCache, findOrBuildCache } from "./cache.js";
import type { OnProgress } from "./concurrency.js";
import type { Dataset } from "./dataset.js";
import { openDecoder } from "./decoder.js";
import { parseIdxSource } from "./idx-decoder.js";
import { firstGeometry, type Geometry, imageBytes, resizedSide } from "./preprocessing.js";
import { resizeMany } from "./resize-many.js";
import type { SplitName } from "./sample.js";
import { type ReadPicture, readerOf, type SharedPictures, selected } from "./shared-pictures.js";

/** Decoded pictures of one split. Holds memory or an open file until `close`. */
export type ImageSet = {
  readonly count: number;
  /** Side, px. */
  readonly size: number;
  readonly channels: 1 | 3;
  /** `[count]`, indices into the dataset's classes. */
  readonly labels: Int32Array;
  readonly sources: readonly string[];
  readonly read: ReadPicture;
  close(): void;
};

export type ImageOptions = {
  readonly cacheDir: string;
  /**
   * A split of up to this many bytes is held in memory, 256 MiB where left out; of a larger one, each picture is read
   * from the file when it is asked for.
   */
  readonly memoryLimit?: number | undefined;
  /**
   * Makes sides smaller than the dataset's own from the pixels of that side, in place of decoding the files again: no photo is decoded
   * twice, but resized twice it has pixels that differ by a level or two from those that `decodeImage` gives.
   */
  readonly derive?: boolean | undefined;
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
  const larger = options.derive === true && canDerive(dataset, sources, geometry);
  const { file, slots } = larger
    ? await derive(dataset, split, geometry, options)
    : await locate(dataset, sources, geometry, options);
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
  const key = { fingerprint, geometry, subset: sha256OfJson(sources) };
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

/** Pictures of IDX files need no decoding, and lose nothing by being taken from there. */
function canDerive(dataset: Dataset, sources: readonly string[], geometry: Geometry): boolean {
  const first = firstGeometry(dataset);
  const inIdx = sources.length > 0 && parseIdxSource(sources[0]!) !== null;
  const isSmaller = geometry.size < first.size && resizedSide(geometry) === geometry.size;
  return (
    !inIdx && isSmaller && (["channels", "resize", "interpolation"] as const).every((k) => geometry[k] === first[k])
  );
}

async function derive(
  dataset: Dataset,
  split: SplitName,
  geometry: Geometry,
  { cacheDir, signal, onProgress }: ImageOptions,
): Promise<{ readonly file: string; readonly slots: readonly number[] }> {
  const sources = dataset.splits[split].map(({ source }) => source);
  const { size, channels } = dataset;
  const key = { fingerprint: dataset.fingerprint, geometry, subset: sha256OfJson(sources), from: size };
  let larger: ImageSet | undefined;
  try {
    const open = async () => {
      const set = await openImages(dataset, split, firstGeometry(dataset), {
        cacheDir,
        memoryLimit: 0,
        signal,
        onProgress,
      });
      larger = set;
      const placeOf = new Map(sources.map((source, i) => [source, i]));
      const bytes = imageBytes(set);
      const many = (names: readonly string[]) => {
        const pixels = new Uint8Array(names.length * bytes);
        for (const [i, name] of names.entries()) set.read(placeOf.get(name)!, pixels, i * bytes);
        return resizeMany(pixels, size, channels, geometry);
      };
      return Object.assign((name: string) => many([name]), { many });
    };
    const cache = await findOrBuildCache(cacheDir, key, sources, open, { broken: "throw", signal, onProgress });
    return { file: cache.pixelFile, slots: sources.map((_, slot) => slot) };
  } finally {
    larger?.close();
  }
}

/** @param slots position of each picture in the file. */
function fromFile(file: string, bytes: number, slots: readonly number[]): Pick<ImageSet, "read" | "close"> {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (error) {
    throw toFileError(error, file, "read");
  }
  const held = { kind: "file", handle, path: file } as const;
  return untilClosed({ held, bytes, slots: Int32Array.from(slots) }, () => closeSync(handle));
}

function fromMemory(file: string, bytes: number, slots: readonly number[]): Pick<ImageSet, "read" | "close"> {
  const pixels = new SharedArrayBuffer(slots.length * bytes);
  const into = new Uint8Array(pixels);
  const images = fromFile(file, bytes, slots);
  try {
    for (let i = 0; i < slots.length; i++) images.read(i, into, i * bytes);
  } finally {
    images.close();
  }
  const held = { kind: "memory", pixels } as const;
  return untilClosed({ held, bytes, slots: Int32Array.from(slots, (_, i) => i) }, () => {});
}

function untilClosed(shared: SharedPictures, release: () => void): Pick<ImageSet, "read" | "close"> {
  let open: { readonly shared: SharedPictures; readonly read: ReadPicture } | null = { shared, read: readerOf(shared) };
  const ifOpen = () => {
    if (open === null) throw new Error("internal: images read after they were closed");
    return open;
  };
  const read = (...args: Parameters<ReadPicture>) => ifOpen().read(...args);
  return {
    read: Object.assign(read, { share: () => ifOpen().shared }),
    close() {
      if (open !== null) release();
      open = null;
    },
  };
}

/** Some pictures of a set, in this order. The set stays its owner's to close. */
export function subset(images: ImageSet, indices: readonly number[]): ImageSet {
  const { share } = images.read;
  const read: ReadPicture = (index, into, offset) => images.read(indices[index]!, into, offset);
  return {
    ...images,
    count: indices.length,
    labels: Int32Array.from(indices, (index) => images.labels[index]!),
    sources: indices.map((index) => images.sources[index]!),
    read: share === undefined ? read : Object.assign(read, { share: () => selected(share(), indices) }),
    close: () => {},
  };
}

/** The same pictures with left and right exchanged. */
export function mirrored(images: ImageSet): ImageSet {
  const { size, channels } = images;
  const row = size * channels;
  const read: ReadPicture = (index, into, offset) => {
    images.read(index, into, offset);
    for (let start = offset; start < offset + size * row; start += row) {
      const pixels = into.slice(start, start + row);
      for (let x = 0; x < size; x++) {
        const from = (size - 1 - x) * channels;
        into.set(pixels.subarray(from, from + channels), start + x * channels);
      }
    }
  };
  return { ...images, read, close: () => {} };
}
