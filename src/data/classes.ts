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
