/**
 * What a picture thumbnails like, small: by this copies are known that are not the same file, but saved anew, in another format or size.
 * Sides are squeezed to the same 16 px, so that nothing of the picture is left out.
 */
import { type Geometry, imageBytes } from "./preprocessing.js";

/** Side of a thumbnail, px. */
const SIDE = 16;

/** Where there is less to see, everything thumbnails alike. In levels. */
export const LEAST_CONTRAST = 1;

export const thumbnailGeometry = (channels: 1 | 3): Geometry => ({
  size: SIDE,
  channels,
  resize: "stretch",
  interpolation: "bilinear",
});

/** In levels of 0 to 255. */
export type Thumbnail = {
  /** `[16 · 16]`, luma. */
  readonly fine: Float32Array;
  /** `[8 · 8]` and `[4 · 4]`: means of four, and of sixteen, of `fine`. */
  readonly coarse: Float32Array;
  readonly coarsest: Float32Array;
  /** `[2 · 4 · 4]`, blue and red difference; all 0 for a grey picture. */
  readonly colour: Float32Array;
  /** Standard deviation of `coarse`. */
  readonly contrast: number;
};

/**
 * @param pixels `[16, 16, channels]`, `uint8`, at `offset`.
 * @source Luma and colour differences: ITU-R BT.601, as JPEG has them (JFIF 1.02).
 */
function thumbnailOf(pixels: Uint8Array, channels: 1 | 3, offset = 0): Thumbnail {
  const fine = new Float32Array(SIDE * SIDE);
  const [blue, red] = [new Float32Array(SIDE * SIDE), new Float32Array(SIDE * SIDE)];
  for (let i = 0; i < fine.length; i++) {
    const at = offset + i * channels;
    if (channels === 1) {
      fine[i] = pixels[at]!;
      continue;
    }
    const [r, g, b] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
    const luma = 0.299 * r + 0.587 * g + 0.114 * b;
    fine[i] = luma;
    blue[i] = 0.564 * (b - luma);
    red[i] = 0.713 * (r - luma);
  }
  const coarse = halved(fine);
  const colour = new Float32Array(32);
  if (channels === 3) {
    colour.set(halved(halved(blue)));
    colour.set(halved(halved(red)), 16);
  }
  const mean = coarse.reduce((sum, x) => sum + x, 0) / coarse.length;
  const contrast = Math.sqrt(coarse.reduce((sum, x) => sum + (x - mean) ** 2, 0) / coarse.length);
  return { fine, coarse, coarsest: halved(coarse), colour, contrast };
}

/** Of many pictures. */
export type Thumbnails = {
  readonly count: number;
  readonly channels: 1 | 3;
  /** `[count, 16, 16, channels]`, `uint8`. */
  readonly pixels: Uint8Array;
};

export const thumbnailAt = ({ pixels, channels }: Thumbnails, i: number): Thumbnail =>
  thumbnailOf(pixels, channels, i * imageBytes(thumbnailGeometry(channels)));

/** Whether no picture has a trace of colour, however its file is stored; a broken one has none. */
export function areGrey({ channels, pixels }: Thumbnails): boolean {
  if (channels === 1) return true;
  for (let i = 0; i < pixels.length; i += 3) {
    if (pixels[i] !== pixels[i + 1] || pixels[i] !== pixels[i + 2]) return false;
  }
  return true;
}

/** Means of two by two, of a square. */
function halved(values: Float32Array): Float32Array {
  const side = Math.sqrt(values.length);
  const half = side / 2;
  const means = new Float32Array(half * half);
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      const at = 2 * y * side + 2 * x;
      means[y * half + x] = (values[at]! + values[at + 1]! + values[at + side]! + values[at + side + 1]!) / 4;
    }
  }
  return means;
}
