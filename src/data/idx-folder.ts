import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { toFileError } from "../base/files.js";
import { DataError, sha256 } from "../base/index.js";
import { namesIn, refuseFewClasses } from "./class-names.js";
import type { Decode } from "./decode.js";
import { unreadable } from "./file-errors.js";
import { type Idx, readIdx } from "./idx.js";
import { idxDecoder, idxSource } from "./idx-decoder.js";
import { isElongated } from "./picture-shape.js";
import type { Collection, Sample } from "./sample.js";
import { DIVISION } from "./split.js";
import { isSystemFolder } from "./system-names.js";

/** `train-images-idx3-ubyte.gz`, `t10k-labels.idx1-ubyte` and so on. */
const idxName = /^(train|t10k)-(?:(images)[-.]idx3|(labels)[-.]idx1)-ubyte(?:\.gz)?$/;

type Part = "train" | "t10k";
type Files = { readonly images: string; readonly labels: string };
type Pair = { readonly files: Files; readonly images: Idx; readonly labels: Idx };

/** Where a folder's IDX files lie and what else lies there: in itself, or in the one sub-folder that has some, as in `MNIST/raw`. */
export async function findIdxFolder(
  root: string,
  depth = 0,
): Promise<{ readonly at: string; readonly names: string[] } | null> {
  const entries = await readdir(root, { withFileTypes: true }).catch((error: unknown) => {
    throw toFileError(error, root, "read");
  });
  const names = entries.map(({ name }) => name);
  if (names.some((name) => idxName.test(name))) return { at: root, names };
  const folders = entries.filter((entry) => entry.isDirectory() && !isSystemFolder(entry.name));
  // Many folders are classes, and long to look through.
  if (folders.length > 4 || depth === 3) return null;
  const found = [];
  for (const { name } of folders) found.push(await findIdxFolder(join(root, name), depth + 1).catch(() => null));
  const [only, ...more] = found.filter((each) => each !== null);
  return more.length === 0 ? (only ?? null) : null;
}

/**
 * Reads a folder of MNIST's family. With both pairs of files, `t10k` is the test split; one pair alone is one pool.
 * Classes are the lines of `classes.txt` where there is one, else the labels that occur.
 *
 * @param names what the folder holds.
 * @param isForModel whether one class is enough.
 * @throws {DataError} when images and labels do not belong together, or `classes.txt` does not fit them.
 */
export async function readIdxFolder(
  root: string,
  names: readonly string[],
  isForModel: boolean,
): Promise<{ readonly collection: Collection; readonly decode: Decode }> {
  const train = pairOf(root, names, "train");
  const t10k = pairOf(root, names, "t10k");
  const parts = [train, t10k].filter((files) => files !== null);
  const pairs = await Promise.all(parts.map((files) => readPair(root, files)));
  const first = pairs[0]!;
  const [, rows, columns] = first.images.shape as [number, number, number];
  for (const { files, images } of pairs) {
    const [, ...sides] = images.shape;
    if (sides[0] !== rows || sides[1] !== columns) {
      const expected = `images of ${rows} × ${columns} px, as in ${first.files.images}`;
      throw new DataError({ at: join(root, files.images), expected, received: `${sides.join(" × ")} px` });
    }
  }

  const named = names.includes("classes.txt") ? await readClassNames(root) : null;
  const values = named ? named.map((_, i) => i) : labelsIn(first.labels.data);
  const classes = named ?? values.map(String);
  if (!isForModel) refuseFewClasses(root, classes);
  const samples = pairs.map((pair) => samplesOf(root, pair, values));
  const facts = pairs.map(({ files, images, labels }) => [files.images, images.sha256, files.labels, labels.sha256]);

  const count = samples.reduce((sum, each) => sum + each.length, 0);
  return {
    collection: {
      classes,
      given: { train: samples[0]!, validation: null, test: samples[1] ?? null },
      channels: 1,
      sides: new Array(count).fill({ width: columns, height: rows }),
      barePixels: rows === columns,
      skipped: [],
      ignored: {},
      notes: [],
      looks: { count, grey: count, elongated: isElongated({ width: columns, height: rows }) ? count : 0 },
      fingerprint: sha256(...[DIVISION, named, ...facts].map((each) => JSON.stringify(each))),
    },
    decode: idxDecoder(new Map(pairs.map(({ files, images }) => [files.images, images]))),
  };
}

/** The two files of a part; of a packed and an unpacked one, the unpacked. */
function pairOf(root: string, names: readonly string[], part: Part): Files | null {
  const find = (kind: "images" | "labels") =>
    names.filter((name) => idxName.exec(name)?.[1] === part && name.startsWith(`${part}-${kind}`)).sort()[0];
  const images = find("images");
  const labels = find("labels");
  if (images !== undefined && labels !== undefined) return { images, labels };
  if (images === undefined && labels === undefined) return null;
  throw new DataError({
    at: root,
    expected: `${part}-images-idx3-ubyte and ${part}-labels-idx1-ubyte, gzipped or not`,
    received: `only ${images ?? labels}`,
    hint: `put the ${images === undefined ? "images" : "labels"} file beside it`,
  });
}

async function readPair(root: string, files: Files): Promise<Pair> {
  const [images, labels] = await Promise.all([
    readIdx(join(root, files.images), 3),
    readIdx(join(root, files.labels), 1),
  ]);
  if (images.shape[0] !== labels.shape[0]) {
    const expected = `${images.shape[0]} labels, one for each image in ${files.images}`;
    throw new DataError({ at: join(root, files.labels), expected, received: `${labels.shape[0]} labels` });
  }
  return { files, images, labels };
}

async function readClassNames(root: string): Promise<string[]> {
  const at = join(root, "classes.txt");
  const text = await readFile(at, "utf8").catch((error: unknown) => {
    throw unreadable(error, at, "class names, one a line");
  });
  const lines = namesIn(text);
  const wrong = lines.findIndex((line, i) => line === "" || lines.indexOf(line) !== i);
  if (wrong >= 0) {
    const received = lines[wrong] === "" ? `nothing in line ${wrong + 1}` : `"${lines[wrong]}" twice`;
    throw new DataError({ at, expected: "class names, one a line, each once", received });
  }
  return lines;
}

function labelsIn(labels: Uint8Array): number[] {
  return [...new Set(labels)].sort((a, b) => a - b);
}

/** @param values the label in the file of each class, in the order of the classes. */
function samplesOf(root: string, { files, images, labels }: Pair, values: readonly number[]): Sample[] {
  const classOf = new Map(values.map((value, i) => [value, i]));
  const bytes = images.shape[1]! * images.shape[2]!;
  return Array.from(labels.data, (value, index) => {
    const label = classOf.get(value);
    if (label === undefined) {
      const expected = `labels of the ${values.length} classes (${values[0]} to ${values.at(-1)})`;
      throw new DataError({ at: join(root, files.labels), expected, received: `${value} at image ${index}` });
    }
    const content = sha256(images.data.subarray(index * bytes, (index + 1) * bytes));
    return { source: idxSource(files.images, index), label, content };
  });
}
