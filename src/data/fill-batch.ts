import type { Rng } from "../base/index.js";
import { type Augmentation, type Change, drawChange, drawCrop, reflect } from "./augmentation.js";
import { applyPolicy, drawPolicy } from "./augmentation-policy.js";
import type { ImageSet } from "./image-set.js";
import type { Picture } from "./picture.js";
import { cropped } from "./picture-moves.js";
import { imageBytes } from "./preprocessing.js";

export type BatchOptions = {
  /** One per channel, for pixels in [0, 1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly augmentation: Augmentation | null;
  /** Needed where there is augmentation: the batch depends on nothing else. */
  readonly rng: Rng | null;
};

/** What of an image set is needed here. */
export type Pictures = Pick<ImageSet, "size" | "channels"> & {
  readonly read: (...args: Parameters<ImageSet["read"]>) => void;
};

const unchanged: Change = { dx: 0, dy: 0, flip: false, erase: null };

/**
 * Normalized pictures, (pixel / 255 − mean) / std, channel first, then picture: `[C, N, H, W]`.
 *
 * @param indices which pictures, N of them.
 * @param into at least C · N · H · W long; the value of picture n, channel c, row y, column x comes to
 *   `((c · N + n) · H + y) · W + x`.
 */
export function fillBatch(
  images: Pictures,
  indices: ArrayLike<number>,
  { mean, std, augmentation, rng }: BatchOptions,
  into: Float32Array,
): void {
  const { size, channels } = images;
  const count = indices.length;
  const plane = size * size;
  if (into.length < channels * count * plane) {
    throw new RangeError(`internal: ${into.length} floats for a batch of ${channels} × ${count} × ${size} × ${size}`);
  }
  if (augmentation !== null && rng === null) throw new TypeError("internal: augmentation without an rng");

  const tables = Array.from({ length: channels }, (_, c) => normalized(mean[c]!, std[c]!));
  const stored = new Uint8Array(imageBytes(images));
  const columns = new Int32Array(size);
  for (let n = 0; n < count; n++) {
    const change = augmentation === null ? unchanged : drawChange(augmentation, size, rng!);
    images.read(indices[n]!, stored, 0);
    const pixels =
      augmentation === null ? stored : reshaped({ pixels: stored, side: size, channels }, augmentation, n, rng!);
    for (let x = 0; x < size; x++) columns[x] = channels * sourceColumn(x, change, size);
    for (let y = 0; y < size; y++) {
      const row = reflect(y - change.dy, size) * size * channels;
      const to = n * plane + y * size;
      if (channels === 1) fillGrey(into, to, pixels, row, columns, tables[0]!);
      else fillColour(into, to, count * plane, pixels, row, columns, tables);
    }
    if (change.erase === null) continue;
    for (let c = 0; c < channels; c++) erase(into, (c * count + n) * plane, size, change.erase);
  }
}

/** One row of a picture. @param columns where in the row of the pixels each column comes from. */
function fillGrey(
  into: Float32Array,
  to: number,
  pixels: Uint8Array,
  row: number,
  columns: Int32Array,
  table: Float32Array,
): void {
  for (let x = 0; x < columns.length; x++) into[to + x] = table[pixels[row + columns[x]!]!]!;
}

/** @param step from one channel to the next in `into`. */
function fillColour(
  into: Float32Array,
  to: number,
  step: number,
  pixels: Uint8Array,
  row: number,
  columns: Int32Array,
  [red, green, blue]: readonly Float32Array[],
): void {
  for (let x = 0; x < columns.length; x++) {
    const from = row + columns[x]!;
    into[to + x] = red![pixels[from]!]!;
    into[to + step + x] = green![pixels[from + 1]!]!;
    into[to + 2 * step + x] = blue![pixels[from + 2]!]!;
  }
}

/** Crop and policy, each from a stream of its own, so that switching one on moves nothing else. */
function reshaped(picture: Picture, { crop, policy }: Augmentation, n: number, rng: Rng): Uint8Array {
  const { side } = picture;
  const whole = crop === undefined ? picture.pixels : cropped(picture, drawCrop(crop, side, rng.fork(`crop ${n}`)));
  if (policy === undefined) return whole;
  return applyPolicy({ ...picture, pixels: whole }, drawPolicy(policy, side, rng.fork(`policy ${n}`)));
}

/** First mirrored, then shifted; so looked up the other way round. */
function sourceColumn(x: number, { dx, flip }: Change, size: number): number {
  const column = reflect(x - dx, size);
  return flip ? size - 1 - column : column;
}

/** Zero is the mean, once normalized. */
function erase(into: Float32Array, start: number, size: number, { x, y, width, height }: NonNullable<Change["erase"]>) {
  for (let row = y; row < y + height; row++) {
    const from = start + row * size + x;
    into.fill(0, from, from + width);
  }
}

function normalized(mean: number, std: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, value) => (value / 255 - mean) / std);
}
