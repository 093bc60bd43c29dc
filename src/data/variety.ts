import { DataError } from "../base/index.js";
import type { ImageSet } from "./image-set.js";
import { imageBytes } from "./preprocessing.js";

/**
 * Nothing can be learned from pictures that are all the same. The second one mostly differs, and no more are read.
 *
 * @param at what the user calls the data. @throws {DataError} when each picture is the first one, pixel by pixel.
 */
export function requireVariety(images: ImageSet, at: string): void {
  const bytes = imageBytes(images);
  const [first, other] = [new Uint8Array(bytes), new Uint8Array(bytes)];
  if (images.count > 0) images.read(0, first, 0);
  for (let i = 1; i < images.count; i++) {
    images.read(i, other, 0);
    if (Buffer.compare(first, other) !== 0) return;
  }
  if (images.count < 2) return;
  const colour = Array.from(first.subarray(0, images.channels));
  const isPlain = first.every((value, i) => value === colour[i % images.channels]);
  const received = `${images.count} of which each is the same${isPlain ? `, all pixels ${colour.join(" ")}` : ""}`;
  const hint = "open a few of the files: there is nothing in them by which classes could be told apart";
  throw new DataError({ at, expected: "training pictures that differ", received, hint });
}
