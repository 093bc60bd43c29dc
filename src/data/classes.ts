import { DataError } from "../base/index.js";

/** @throws {DataError} unless there are two classes at least. */
export function refuseFewClasses(root: string, classes: readonly string[]): void {
  if (classes.length >= 2) return;
  throw new DataError({
    at: root,
    expected: "at least two classes",
    received: classes.length === 0 ? "none" : `one, "${classes[0]}"`,
    hint: "a classifier tells classes apart: put the images of each class in a sub-folder of its own",
  });
}
