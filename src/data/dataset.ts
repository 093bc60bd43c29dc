import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { toFileError } from "../base/files.js";
import { DataError, UsageError } from "../base/index.js";
import { findOrBuildCache } from "./cache.js";
import { requireKnown } from "./class-names.js";
import { type OnProgress, throwIfStopped } from "./concurrency.js";
import { copiesAcross, copiesUnderTwoLabels, groupCopies } from "./copies.js";
import type { Decode } from "./decode.js";
import { folderDecoder, thumbnailDecoder } from "./decoder.js";
import { withoutExcluded } from "./exclude.js";
import { findIdxFolder, readIdxFolder } from "./idx-folder.js";
import { ownSide, type Shape, shapeFor } from "./picture-shape.js";
import { firstGeometry, ladderSize } from "./preprocessing.js";
import { readClassFolders } from "./read-class-folders.js";
import type { Collection, GivenSplits, Looks, Sample, Skipped, SplitName } from "./sample.js";
import { partBy, type SeenPictures, signatureOf } from "./signature.js";
import { completeSplits, fewestPerClass } from "./split.js";
import { areGrey, thumbnailAt } from "./thumbnail.js";
import { readThumbnails } from "./thumbnails.js";

/** Labelled pictures, divided. Holds names only; `openImages` gives the pixels. */
export type Dataset = {
  /** Name of the folder. */
  readonly name: string;
  /** Absolute path that the samples' sources start from. */
  readonly root: string;
  readonly classes: readonly string[];
  /** 1 when every image is grey, in whatever way its file is stored. */
  readonly channels: 1 | 3;
  /** How its pictures become squares. */
  readonly shape: Shape;
  /** Median side of the squares that show the pictures with the pixels they have, px: see `ownSide`. */
  readonly nativeSize: number;
  /** Side at which it was first decoded, px: see `firstGeometry`. */
  readonly size: number;
  readonly splits: Readonly<Record<SplitName, readonly Sample[]>>;
  /** Samples with the same number are copies of one picture, saved anew or not. */
  readonly copies: ReadonlyMap<Sample, number>;
  /** `[20]` each: see `signatureOf`. */
  readonly signatures: ReadonlyMap<Sample, Uint8Array>;
  /** Pictures that models before have seen, and how many of them a given part has lost. */
  readonly seenBefore: { readonly count: number; readonly leftOut: number };
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
  /** Divides the samples; the same pictures and seed give the same splits. */
  readonly seed: number;
  /** By models that a training sets out from: what they have seen is not held out any more. */
  readonly seen?: SeenPictures | undefined;
  readonly cacheDir: string;
  /** A list of pictures to leave out: see `withoutExcluded`. */
  readonly exclude?: string | undefined;
  /** Takes classes of any number of pictures, to look at them. */
  readonly few?: boolean | undefined;
  /** How pictures become squares; by default as their shapes suggest: see `shapeFor`. */
  readonly shape?: Shape | undefined;
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
 * above them, or the IDX files of MNIST's family. What is not divided yet is divided by what the pictures show and by `seed`: see
 * `completeSplits`.
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
  const { at, decode, thumbnail, ...collected } = await collect(root, options);
  const labelled =
    options.classes === undefined ? collected.collection : relabelled(root, collected.collection, options.classes);
  const collection = options.exclude === undefined ? labelled : await withoutExcluded(labelled, options.exclude);
  const shape = options.shape ?? shapeFor(collection.sides);
  const nativeSize = median(collection.sides.map((sides) => ownSide(sides, shape)));
  const size = firstSize(nativeSize, collection, maxSize);
  const all = Object.values(collection.given).flatMap((samples) => samples ?? []);
  const sources = all.map(({ source }) => source);
  const reading = { signal, onProgress };
  const thumbnails = await readThumbnails(sources, collection, thumbnail, { ...reading, cacheDir });
  const channels = areGrey(thumbnails) ? 1 : collection.channels;
  const geometry = firstGeometry({ size, channels, shape });
  const key = { fingerprint: collection.fingerprint, geometry, subset: null };
  const { broken } = await findOrBuildCache(cacheDir, key, sources, async () => decode, { ...reading, broken: "list" });
  const copies = groupCopies(all, thumbnails);
  const signatures = new Map(all.map((sample, i) => [sample, signatureOf(thumbnailAt(thumbnails, i))]));
  const skipped = [...collection.skipped, ...broken];
  const given = without(collection.given, new Set(broken.map(({ source }) => source)));
  const strict = options.classes === undefined && options.few !== true;
  if (strict) refuseTooFew(root, collection.classes, given, copies, skipped);
  else refuseNone(root, given, skipped);

  const partBefore = options.seen && partsBefore(options.seen, signatures);
  const splits = completeSplits(given, copies, { seed, testFraction, validationFraction, partBefore });
  const left = Object.values(given).flatMap((samples) => samples ?? []);
  const kept = Object.values(splits).reduce((sum, samples) => sum + samples.length, 0);
  const seenBefore = {
    count: partBefore === undefined ? 0 : left.filter((sample) => partBefore(sample) !== null).length,
    leftOut: left.length - kept,
  };
  if (strict) refuseEmpty(root, splits);

  return {
    name: basename(root),
    root: at,
    classes: collection.classes,
    channels,
    shape,
    nativeSize,
    size,
    hasOwnTest: given.test !== null,
    splits,
    copies,
    signatures,
    seenBefore,
    skipped,
    ignored: collection.ignored,
    notes: [...collection.notes, ...copiesAcross(given, copies), ...copiesUnderTwoLabels(given, copies)],
    looks: collection.looks,
    fingerprint: collection.fingerprint,
  };
}

/** In which part models before had a picture. */
export function partsBefore(
  seen: SeenPictures,
  signatures: ReadonlyMap<Sample, Uint8Array>,
): (sample: Sample) => keyof SeenPictures | null {
  const partOf = partBy(seen);
  return (sample) => partOf(signatures.get(sample)!);
}

type Collected = {
  readonly at: string;
  readonly collection: Collection;
  readonly decode: Decode;
  readonly thumbnail: Decode;
};

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
  if (idx !== null) {
    const read = await readIdxFolder(idx.at, idx.names, options.classes !== undefined);
    return { at: idx.at, ...read, thumbnail: read.decode };
  }
  const { at, collection } = await readClassFolders(root, options, options.classes ?? null);
  return { at, collection, decode: folderDecoder(at), thumbnail: thumbnailDecoder(at) };
}

/** Of an even number, the lower of the two in the middle; 0 where there is none. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

function firstSize(nativeSize: number, { barePixels }: Collection, maxSize: number): number {
  const asItIs = barePixels && nativeSize <= maxSize;
  return asItIs ? nativeSize : ladderSize(Math.min(nativeSize, maxSize));
}

/** Labels become places in `classes`. */
function relabelled(root: string, collection: Collection, classes: readonly string[]): Collection {
  requireKnown(root, collection.classes, classes);
  const places = collection.classes.map((name) => classes.indexOf(name));
  const move = (samples: readonly Sample[]) => samples.map((sample) => ({ ...sample, label: places[sample.label]! }));
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

function refuseTooFew(
  root: string,
  classes: readonly string[],
  given: GivenSplits,
  copies: ReadonlyMap<Sample, number>,
  skipped: readonly Skipped[],
): void {
  const all = classes.map(() => 0);
  const different = classes.map(() => new Set<number>());
  for (const sample of given.train) {
    all[sample.label]!++;
    different[sample.label]!.add(copies.get(sample)!);
  }
  const fewest = fewestPerClass(given);
  const poor = classes.flatMap((name, label) => {
    const [count, own] = [all[label]!, different[label]!.size];
    if (own >= fewest) return [];
    return [own === count ? `${count} in "${name}"` : `${count} in "${name}", copies of ${own}`];
  });
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

/** Only what was seen before can leave a part without a picture. */
function refuseEmpty(root: string, splits: Record<SplitName, readonly Sample[]>): void {
  for (const [split, samples] of Object.entries(splits)) {
    if (samples.length > 0) continue;
    throw new DataError({
      at: root,
      expected: `images for the ${split} part that no network before has seen`,
      received: "none",
      hint: "add pictures that it was not trained on, or begin without --from and --teacher",
    });
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
