import { UsageError } from "../../base/index.js";

/**
 * What a file shall be, by the end of its name.
 * @throws {UsageError} where it ends otherwise.
 */
export function fileFormat<Format extends string>(path: string, formats: readonly Format[]): Format {
  const format = formats.find((format) => path.toLowerCase().endsWith(`.${format}`));
  if (format !== undefined) return format;
  throw new UsageError({
    at: "--out",
    expected: `a name that ends in ${formats.map((format) => `.${format}`).join(" or ")}`,
    received: JSON.stringify(path),
  });
}
