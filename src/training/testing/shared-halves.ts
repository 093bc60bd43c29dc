import type { ImageSet } from "../../data/index.js";
import { sharedImageSet } from "../../data/testing/shared-images.js";
import { halves } from "./halves.js";

/** The same pictures and labels as `halves`, where other threads can read them. */
export function sharedHalves(count: number, seed: number): ImageSet {
  const images = halves(count, seed);
  const pictures = Array.from({ length: count }, (_, i) => {
    const pixels = new Uint8Array(images.size * images.size);
    images.read(i, pixels, 0);
    return pixels;
  });
  return { ...sharedImageSet(pictures, images.size, 1), labels: images.labels };
}
