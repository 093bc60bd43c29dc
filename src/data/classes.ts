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

/** `"cat", "dog" and 3 more` */
export function quoted(names: readonly string[]): string {
  const shown = names
    .slice(0, 8)
    .map((name) => `"${name}"`)
    .join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
