import { join } from "node:path";
import { DataError } from "../base/index.js";
import type { SplitName } from "./sample.js";

const splitOf: Readonly<Record<string, SplitName>> = {
  train: "train",
  training: "train",
  val: "validation",
  valid: "validation",
  validation: "validation",
  test: "test",
  testing: "test",
};

export type Layout = {
  /** `folder` is relative to the root, "" for the root itself. Empty when there is no folder at all. */
  readonly parts: readonly { readonly split: SplitName; readonly folder: string }[];
  /** Folders that belong to no split, where there are splits. */
  readonly beside: readonly string[];
};

/**
 * Reads the folder's division off the names of its sub-folders: `train` with `val` or `test` beside it, or alone,
 * is a division; any other set of names is classes, even where one class is called "train". A single held-out
 * folder is the test split, whatever its name.
 *
 * @throws {DataError} when two folders name the same split.
 */
export function findLayout(root: string, folders: readonly string[]): Layout {
  const named = folders.flatMap((folder) => {
    const split = Object.hasOwn(splitOf, folder.toLowerCase()) ? splitOf[folder.toLowerCase()]! : null;
    return split === null ? [] : [{ split, folder }];
  });
  const heldOut = named.filter(({ split }) => split !== "train");
  const divided = named.length > heldOut.length && (heldOut.length > 0 || folders.length === named.length);
  if (!divided) return { parts: folders.length === 0 ? [] : [{ split: "train", folder: "" }], beside: [] };

  for (const { split } of named) {
    const same = named.filter((other) => other.split === split).map(({ folder }) => join(root, folder));
    if (same.length > 1) {
      const hint = "keep one of them, or give the other a name of its own";
      throw new DataError({ at: root, expected: `one folder for ${split}`, received: same.join(" and "), hint });
    }
  }
  const beside = folders.filter((folder) => !named.some((part) => part.folder === folder));
  if (heldOut.length === 1) {
    return { parts: named.map((part) => (part.split === "train" ? part : { ...part, split: "test" })), beside };
  }
  return { parts: named, beside };
}
