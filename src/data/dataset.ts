import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { toFileError } from "../base/files.js";
import { DataError, UsageError } from "../base/index.js";
import { findOrBuildCache } from "./cache.js";
import { requireKnown } from "./class-names.js";
import { type OnProgress, throwIfStopped } from "./concurrency.js";
import type { Decode } from "./decode.js";
import { folderDecoder } from "./decoder.js";
import { findIdxFolder, readIdxFolder } from "./idx-folder.js";
import { firstGeometry, ladderSize } from "./preprocessing.js";
import { readClassFolders } from "./read-class-folders.js";
import type { Collection, GivenSplits, Looks, Sample, Skipped, SplitName } from "./sample.js";
import { completeSplits, fewestPerClass } from "./split.js";

/** Labelled pictures, divided. Holds names only; `openImages` gives the pixels. */
export type Dataset = {
  /** Name of the folder. */
  readonly name: string;
  /** Absolute path that the samples' sources start from. */
  readonly root: string;
  readonly classes: readonly string[];
  /** 1 when every image's file is grey. */
  readonly channels: 1 | 3;
  /** Median shorter side, px. */
  readonly nativeSize: number;
  /** Side at which it was first decoded, px: see `firstGeometry`. */
  readonly size: number;
  readonly splits: Readonly<Record<SplitName, readonly Sample[]>>;
  /** Whether the test images are a part of the folder, not drawn from all of it. */
  readonly hasOwnTest: boolean;
  /** Images left out, and why. */
  readonly skipped: readonly Skipped[];
  /** What are no images, counted: files by extension, those of systems by name, folders of systems by name and a slash. */
  readonly ignored: Readonly<Record<string, number>>;
  /** How the folder was understood, where that is not plain. */
  readonly notes: readonly string[];
  readonly looks: Looks;
  /** Hexadecimal SHA-256 over classes, paths, labels and contents of the files: when they were written does not count. */
  readonly fingerprint: string;
};

export type OpenOptions = {
  /** Divides the samples; the same folder and seed give the same splits. */
  readonly seed: number;
  readonly cacheDir: string;
  /** Largest side to decode at, px; 224 where left out. The smallest side that is decoded at first is 16. */
  readonly maxSize?: number | undefined;
  /**
   * Of a model, in its order, where the images are for one: then some may be missing, no other may be there, and nothing is too few.
   * In Unicode's form NFC.
   */
  readonly classes?: readonly string[] | undefined;
  /** Share of each class to test on, where the folder does not say; 0.2 where left out. */
  readonly testFraction?: number | undefined;
  /** Share of each class to validate on, of what the test leaves; 0.1 where left out. */
  readonly validationFraction?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
};

/**
 * Reads a folder of labelled images: one sub-folder a class, with or without folders for train, validation and test
 * above them, or the IDX files of MNIST's family. What is not divided yet is divided by class, at random by `seed`:
 * first the test split, then from the rest the validation split.
 *
 * Every image is decoded once, into the cache, so that broken ones are known before training starts: they are left out
 * and listed in `skipped`. A second call finds the cache and decodes nothing.
 *
 * @throws {DataError} no such folder, fewer than two classes, a class without enough readable images for every split,
 *   IDX files that do not fit together.
 * @throws {FileError} when the cache cannot be written.
 * @throws {UsageError} when a fraction is not between 0 and 1, or `maxSize` is too small.
 * @throws {InterruptedError} after the signal.
 */
export async function openDataset(path: string, options: OpenOptions): Promise<Dataset> {
  const { seed, cacheDir, maxSize = 224, testFraction = 0.2, validationFraction = 0.1, signal, onProgress } = options;
  refuseOptions({ testFraction, validationFraction });
  throwIfStopped(signal, "reading the dataset");

  const root = resolve(path);
  const { at, decode, ...collected } = await collect(root, options);
  const collection =
    options.classes === undefined ? collected.collection : relabelled(root, collected.collection, options.classes);
  const size = firstSize(collection, maxSize);
  const geometry = firstGeometry({ size, channels: collection.channels });
  const key = { fingerprint: collection.fingerprint, geometry, subset: null };
  const all = Object.values(collection.given).flatMap((samples) => samples ?? []);
  const sources = all.map(({ source }) => source);
  const { broken } = await findOrBuildCache(cacheDir, key, sources, async () => decode, {
    broken: "list",
    signal,
    onProgress,
  });
  const skipped = [...collection.skipped, ...broken];
  const given = without(collection.given, new Set(broken.map(({ source }) => source)));
  if (options.classes === undefined) refuseTooFew(root, collection.classes, given, skipped);
  else refuseNone(root, given, skipped);

  return {
    name: basename(root),
    root: at,
    classes: collection.classes,
    channels: collection.channels,
    nativeSize: collection.nativeSize,
    size,
    hasOwnTest: given.test !== null,
    splits: completeSplits(given, { seed, testFraction, validationFraction }),
    skipped,
    ignored: collection.ignored,
    notes: collection.notes,
    looks: collection.looks,
    fingerprint: collection.fingerprint,
  };
}

type Collected = { readonly at: string; readonly collection: Collection; readonly decode: Decode };

async function collect(root: string, options: OpenOptions): Promise<Collected> {
  const status = await stat(root).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw toFileError(error, root, "read");
    const hint = "look for a typing mistake; relative paths start from the current folder";
    throw new DataError({ at: root, expected: "a folder of images", received: "no such folder", hint });
  });
  if (!status.isDirectory()) {
    const hint = "give the folder that holds the class folders or the IDX files, not a file in it";
    throw new DataError({ at: root, expected: "a folder of images", received: "a file", hint });
  }
  const idx = await findIdxFolder(root);
  if (idx !== null) return { at: idx.at, ...(await readIdxFolder(idx.at, idx.names, options.classes !== undefined)) };
  const { at, collection } = await readClassFolders(root, options, options.classes ?? null);
  return { at, collection, decode: folderDecoder(at) };
}

function firstSize({ nativeSize, barePixels }: Collection, maxSize: number): number {
  const asItIs = barePixels && nativeSize <= maxSize;
  return asItIs ? nativeSize : ladderSize(Math.min(nativeSize, maxSize));
}

/** Labels become places in `classes`. */
function relabelled(root: string, collection: Collection, classes: readonly string[]): Collection {
  requireKnown(root, collection.classes, classes);
  const places = collection.classes.map((name) => classes.indexOf(name));
  const move = (samples: readonly Sample[]) => samples.map(({ source, label }) => ({ source, label: places[label]! }));
  const { train, validation, test } = collection.given;
  return {
    ...collection,
    classes,
    given: { train: move(train), validation: validation && move(validation), test: test && move(test) },
  };
}

function without(given: GivenSplits, broken: ReadonlySet<string>): GivenSplits {
  const whole = (samples: readonly Sample[]) => samples.filter(({ source }) => !broken.has(source));
  return {
    train: whole(given.train),
    validation: given.validation && whole(given.validation),
    test: given.test && whole(given.test),
  };
}

function refuseTooFew(root: string, classes: readonly string[], given: GivenSplits, skipped: readonly Skipped[]): void {
  const counts = new Array<number>(classes.length).fill(0);
  for (const { label } of given.train) counts[label]!++;
  const fewest = fewestPerClass(given);
  const poor = classes.flatMap((name, label) => (counts[label]! < fewest ? [`${counts[label]} in "${name}"`] : []));
  if (poor.length > 0) {
    throw new DataError({
      at: root,
      expected:
        fewest === 1
          ? "at least one readable training image of every class"
          : `at least ${fewest} readable images of every class, one for each of the ${fewest} splits made from them`,
      received: `${firstFew(poor)}${brokenInWords(skipped)}`,
      hint: "add images, repair the broken ones, or remove the class",
    });
  }
  for (const [split, samples] of Object.entries(given)) {
    if (samples === null || samples.length > 0) continue;
    const received = `none${brokenInWords(skipped)}`;
    const hint = "add images, or move the folder away so that a part of the training images is used";
    throw new DataError({ at: root, expected: `at least one readable ${split} image`, received, hint });
  }
}

function refuseNone(root: string, given: GivenSplits, skipped: readonly Skipped[]): void {
  if (Object.values(given).some((samples) => samples !== null && samples.length > 0)) return;
  throw new DataError({ at: root, expected: "at least one readable image", received: `none${brokenInWords(skipped)}` });
}

function brokenInWords(skipped: readonly Skipped[]): string {
  if (skipped.length === 0) return "";
  const examples = skipped.slice(0, 3).map(({ source, reason }) => `${source} (${reason})`);
  return `; ${skipped.length} left out, such as ${examples.join(", ")}`;
}

function firstFew(items: readonly string[]): string {
  const shown = items.slice(0, 5).join(", ");
  return items.length > 5 ? `${shown} and ${items.length - 5} more` : shown;
}

function refuseOptions(fractions: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(fractions)) {
    if (value > 0 && value < 1) continue;
    throw new UsageError({ at: name, expected: "a fraction between 0 and 1, both excluded", received: String(value) });
  }
}
