import type { ImageSet } from "../image-set.js";
import { readerOf } from "../shared-pictures.js";

/** Pictures in shared memory, `[size, size, channels]` each. */
export function sharedImageSet(pictures: readonly ArrayLike<number>[], size: number, channels: 1 | 3): ImageSet {
  const bytes = size * size * channels;
  const pixels = new SharedArrayBuffer(pictures.length * bytes);
  for (const [i, picture] of pictures.entries()) new Uint8Array(pixels).set(picture, i * bytes);
  const slots = Int32Array.from(pictures, (_, i) => i);
  const shared = { held: { kind: "memory", pixels }, bytes, slots } as const;
  return {
    count: pictures.length,
    size,
    channels,
    labels: new Int32Array(pictures.length),
    sources: pictures.map((_, i) => `${i}`),
    read: Object.assign(readerOf(shared), { share: () => shared }),
    close: () => {},
  };
}
