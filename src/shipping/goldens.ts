/**
 * Golden pictures travel in a file that is made to be passed on, so by default they are drawn: they show nobody, and no picture that the
 * network learned on. Each catches another mistake of a runtime or a preprocessing.
 */
import { createRng } from "../base/index.js";
import type { Geometry } from "../data/index.js";

/** One picture and what the network said of it when the file was written. */
export type Golden = { readonly pixels: Uint8Array; readonly probabilities: Float32Array };

/** Channel c at row y and column x, both in [0, 1). */
type Drawing = (y: number, x: number, c: number) => number;

/** Ramps that differ by axis and channel: what mirrors, transposes or swaps channels is seen. */
const ramps: Drawing = (y, x, c) => 255 * [x, y, 1 - (x + y) / 2][c]!;

/** A bright disc above the middle of a dark ground, of another brightness in each channel. */
const disc: Drawing = (y, x, c) => (Math.hypot(y - 0.4, x - 0.55) < 0.3 ? [250, 180, 60] : [20, 40, 90])[c]!;

/** Every value there is, in no order. */
function noise(): Drawing {
  const rng = createRng("golden");
  return () => rng.integer(256);
}

/** `[size, size, channels]` each, the same for every model of this geometry. */
export const drawnPictures = ({ size, channels }: Pick<Geometry, "size" | "channels">): readonly Uint8Array[] =>
  [ramps, disc, noise()].map((drawing) =>
    Uint8Array.from({ length: size * size * channels }, (_, i) => {
      const place = Math.floor(i / channels);
      return drawing(Math.floor(place / size) / size, (place % size) / size, i % channels);
    }),
  );
