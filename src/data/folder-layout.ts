import { join } from "node:path";
import { DataError } from "../base/index.js";
import type { SplitName } from "./sample.js";

/** `evaluation` is the test where there is another validation, and the validation where there is another test. */
type Word = SplitName | "evaluation";

const words: Readonly<Record<string, Word>> = {
  train: "train",
  training: "train",
  trn: "train",
  trainval: "train",
  val: "validation",
  valid: "validation",
  validate: "validation",
  validation: "validation",
  validating: "validation",
  dev: "validation",
  development: "validation",
  eval: "evaluation",
  evaluate: "evaluation",
  evaluation: "evaluation",
  test: "test",
  tests: "test",
  testing: "test",
  tst: "test",
  holdout: "test",
  heldout: "test",
};
/** As in `trainset`. */
const joined = new RegExp(`^(?:${Object.keys(words).join("|")})(?=set|image|img|picture|pic|photo|data|split)`);
/** Say nothing about whose part it is. Numbers do not either: `train2017`, `test1`. */
const fillers = new Set(
  "set sets image images img imgs picture pictures pic pics photo photos data dataset datasets split splits folder dir sample samples example examples public private final the for of".split(
    " ",
  ),
);

export type Layout = {
  /** `folder` is relative to the root, "" for the root itself. Empty when there is no folder at all. */
  readonly parts: readonly { readonly split: SplitName; readonly folder: string }[];
  /** Folders that belong to no split, where there are splits. */
  readonly beside: readonly string[];
};

type Named = { readonly folder: string; readonly word: Word; readonly rest: string };

/**
 * Reads the folder's division off the names of its sub-folders: `train`, `training_set`, `TrainImages`, `flowers-train` or the like with
 * `val` or `test` beside it that is named in the same way, or alone, is a division; any other set of names is classes, even where one
 * class is called "train" or "test". A single held-out folder is the test split, whatever its name.
 *
 * @param holdsClasses whether a folder has sub-folders and no picture of its own: what else would a training folder be.
 * @throws {DataError} when two folders name the same split, or the folder can be read in two ways.
 */
export async function findLayout(
  root: string,
  folders: readonly string[],
  holdsClasses: (folder: string) => Promise<boolean>,
): Promise<Layout> {
  const classes = { parts: folders.length === 0 ? [] : [{ split: "train", folder: "" } as const], beside: [] };
  const named = folders.flatMap((folder) => readName(folder) ?? []);
  const trains = named.filter(({ word }) => word === "train");
  if (trains.length === 0) return classes;
  if (named.length === trains.length) {
    if (folders.length === 1) return { parts: [{ split: "train", folder: folders[0]! }], beside: [] };
    if (trains.length === 1 && trains[0]!.rest === "" && (await holdsClasses(trains[0]!.folder)))
      throw twoReadings(root, trains[0]!.folder, folders);
    return classes;
  }

  const divisions = divisionsOf(named, folders.length);
  if (divisions.length > 1) {
    const received = divisions.map((parts) => parts.map(({ folder }) => folder).join(" and ")).join(", ");
    const hint = "sort them as train/CLASS and test/CLASS, or give the folder of one of them";
    throw new DataError({ at: root, expected: "one division into train and test", received, hint });
  }
  const [parts] = divisions;
  if (parts === undefined) return classes;
  const beside = folders.filter((folder) => !parts.some((part) => part.folder === folder));
  const isPlain = beside.length === 0 && parts.every(({ rest }) => rest === "");
  for (const { folder } of parts.filter(({ word }) => word === "train")) {
    // Where nothing else is there, pictures straight in `train` are no class either, and are refused as what they are.
    if (!isPlain && !(await holdsClasses(folder))) return classes;
  }
  return { parts: splitsOf(root, parts), beside };
}

/** Names with the same rest belong together; all of them, where there is one training folder and nothing else. */
function divisionsOf(named: readonly Named[], folders: number): Named[][] {
  const rests = [...new Set(named.map(({ rest }) => rest))];
  const whole = rests
    .map((rest) => named.filter((each) => each.rest === rest))
    .filter((parts) => parts.some(({ word }) => word === "train") && parts.some(({ word }) => word !== "train"));
  const isAll = named.length === folders && named.filter(({ word }) => word === "train").length === 1;
  return whole.length === 0 && isAll ? [[...named]] : whole;
}

function splitsOf(root: string, parts: readonly Named[]): { split: SplitName; folder: string }[] {
  const has = (wanted: Word) => parts.some(({ word }) => word === wanted);
  const heldOut = parts.filter(({ word }) => word !== "train");
  const splitOf = (word: Word): SplitName => {
    if (word === "train") return word;
    if (heldOut.length === 1) return "test";
    if (word === "evaluation") return has("test") ? "validation" : "test";
    return word;
  };
  const found = parts.map(({ word, folder }) => ({ split: splitOf(word), folder }));
  for (const { split } of found) {
    const same = found.filter((other) => other.split === split).map(({ folder }) => join(root, folder));
    if (same.length > 1) {
      const hint = "keep one of them, or give the other a name of its own";
      throw new DataError({ at: root, expected: `one folder for ${split}`, received: same.join(" and "), hint });
    }
  }
  return found;
}

export function isPartName(folder: string): boolean {
  return readName(folder) !== null;
}

export function isTrainingName(folder: string): boolean {
  return readName(folder)?.word === "train";
}

/** null for a name without the word of exactly one part. */
function readName(folder: string): Named | null {
  const tokens = tokensOf(folder).flatMap((token) => {
    const start = joined.exec(token)?.[0];
    return start === undefined ? [token] : [start, token.slice(start.length)];
  });
  const found = new Set(tokens.flatMap((token) => (Object.hasOwn(words, token) ? [words[token]!] : [])));
  // Both together are what is learned from: test images are somewhere else.
  const isBoth = found.size === 2 && found.has("train") && found.has("validation");
  if (found.size !== 1 && !isBoth) return null;
  const rest = tokens.filter((token) => !Object.hasOwn(words, token) && !fillers.has(token)).join(" ");
  return { folder, word: isBoth ? "train" : [...found][0]!, rest };
}

/** Words in lower case: parted by signs, numbers and capitals. */
function tokensOf(name: string): string[] {
  return name
    .normalize("NFC")
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .replace(/\bh[eo]ld[^\p{L}]?out/gu, "holdout")
    .split(/[^\p{L}]+/u)
    .filter((token) => token !== "");
}

function twoReadings(root: string, train: string, folders: readonly string[]): DataError {
  const others = folders.filter((folder) => folder !== train);
  return new DataError({
    at: root,
    expected: "classes, or train and test",
    received: `"${train}", which holds folders of its own, beside ${others.length === 1 ? `"${others[0]}"` : `${others.length} more`}`,
    hint: `give ${join(root, train)} where the classes lie in there; where "${train}" is a class like the others, write the names of all classes into ${join(root, "classes.txt")}, one a line`,
  });
}
