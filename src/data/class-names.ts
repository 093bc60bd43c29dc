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

/** @throws {DataError} when there are others than the classes of a model. */
export function requireKnown(root: string, classes: readonly string[], known: readonly string[]): void {
  const unknown = classes.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new DataError({
    at: root,
    expected: `only classes of the model (${quoted(known)})`,
    received: quoted(unknown),
    hint: "move the others away, or write the names of those to measure into classes.txt beside their folders, one a line",
  });
}

/** `"cat", "dog" and 3 more`; what cannot be seen is written as its code. */
export function quoted(names: readonly string[]): string {
  const shown = names
    .slice(0, 8)
    .map((name) => `"${name.replace(/[\p{C}\p{Z}]/gu, visible)}"`)
    .join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}

const visible = (sign: string) => (sign === " " ? sign : `\\u{${sign.codePointAt(0)!.toString(16)}}`);

/** Names look the same, and are, whatever form of Unicode a system writes them in. */
export function sameName(a: string, b: string): boolean {
  return a.normalize("NFC") === b.normalize("NFC");
}

/** The lines of a list of class names. */
export function namesIn(text: string): string[] {
  return text
    .replace(/^\uFEFF/, "")
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.trim().normalize("NFC"));
}
