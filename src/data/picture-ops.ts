/**
 * The changes that augmentation policies are made of, on pictures of bytes, `[side, side, channels]`. As torchvision computes them on
 * tensors: nearest pixel, black from outside, results cut to whole numbers.
 *
 * @source Cubuk et al. 2018, arXiv:1805.09501, table 6; the arithmetic: torchvision 0.14, `transforms.functional`
 */

import type { Rectangle } from "./augmentation.js";

export type Picture = { readonly pixels: Uint8Array; readonly side: number; readonly channels: number };

export const pictureOps = {
  Identity: ({ pixels }) => pixels,
  /** Rows move left, the further the lower, about the upper left corner. */
  ShearX: (picture, magnitude) => sheared(picture, magnitude, 0),
  /** Columns move up, the further to the right. */
  ShearY: (picture, magnitude) => sheared(picture, 0, magnitude),
  /** By whole pixels, to the right. */
  TranslateX: (picture, magnitude) => moved(picture, (x, y) => [x - Math.trunc(magnitude), y]),
  TranslateY: (picture, magnitude) => moved(picture, (x, y) => [x, y - Math.trunc(magnitude)]),
  /** Degrees, counter-clockwise about the middle. */
  Rotate: rotated,
  /** The factor is 1 + magnitude, here and in the next three. */
  Brightness: ({ pixels }, magnitude) => blended(pixels, () => 0, 1 + magnitude),
  Color: (picture, magnitude) => {
    const { pixels, channels } = picture;
    if (channels === 1) return pixels;
    const grey = greyOf(picture);
    return blended(pixels, (i) => grey[Math.floor(i / channels)]!, 1 + magnitude);
  },
  Contrast: (picture, magnitude) => {
    const grey = greyOf(picture);
    const mean = Math.fround(grey.reduce((sum, value) => sum + value, 0) / grey.length);
    return blended(picture.pixels, () => mean, 1 + magnitude);
  },
  Sharpness: (picture, magnitude) => {
    const smooth = smoothed(picture);
    return blended(picture.pixels, (i) => smooth[i]!, 1 + magnitude);
  },
  /** Keeps so many bits. */
  Posterize: ({ pixels }, magnitude) => {
    const mask = (0xff << (8 - Math.trunc(magnitude))) & 0xff;
    return pixels.map((value) => value & mask);
  },
  /** Inverts what is as bright or brighter. */
  Solarize: ({ pixels }, magnitude) => pixels.map((value) => (value >= magnitude ? 255 - value : value)),
  AutoContrast: (picture) => byChannel(picture, stretched),
  Equalize: (picture) => byChannel(picture, equalized),
  Invert: ({ pixels }) => pixels.map((value) => 255 - value),
} satisfies Readonly<Record<string, (picture: Picture, magnitude: number) => Uint8Array>>;

export type PictureOp = keyof typeof pictureOps;

/** @param from place in the picture from which a place of the result is taken, both from the upper left. */
function moved(
  { pixels, side, channels }: Picture,
  from: (x: number, y: number) => readonly [number, number],
): Uint8Array {
  const result = new Uint8Array(pixels.length);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [u, v] = from(x, y);
      if (u < 0 || v < 0 || u >= side || v >= side) continue;
      const [to, source] = [(y * side + x) * channels, (v * side + u) * channels];
      for (let c = 0; c < channels; c++) result[to + c] = pixels[source + c]!;
    }
  }
  return result;
}

function sheared(picture: Picture, alongX: number, alongY: number): Uint8Array {
  // Centres of pixels lie at halves.
  return moved(picture, (x, y) => [
    nearest(x + 0.5 + alongX * (y + 0.5) - 0.5),
    nearest(y + 0.5 + alongY * (x + 0.5) - 0.5),
  ]);
}

function rotated(picture: Picture, degrees: number): Uint8Array {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin, middle] = [Math.cos(angle), Math.sin(angle), (picture.side - 1) / 2];
  return moved(picture, (x, y) => {
    const [dx, dy] = [x - middle, y - middle];
    return [nearest(cos * dx - sin * dy + middle), nearest(sin * dx + cos * dy + middle)];
  });
}

/** To the even one from halfway. Rounded off first, so that 2.4999999 from a sine counts as halfway. */
function nearest(place: number): number {
  const exact = Number(place.toFixed(5));
  const floor = Math.floor(exact);
  if (exact - floor !== 0.5) return Math.round(exact);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** factor · picture + (1 − factor) · other, within 0 … 255. */
function blended(pixels: Uint8Array, other: (i: number) => number, factor: number): Uint8Array {
  const share = Math.fround(factor);
  return pixels.map((value, i) => {
    const mixed = Math.fround(Math.fround(share * value) + Math.fround(Math.fround(1 - factor) * other(i)));
    return Math.max(0, Math.min(255, mixed));
  });
}

function greyOf({ pixels, side, channels }: Picture): Uint8Array {
  if (channels === 1) return pixels;
  return Uint8Array.from({ length: side * side }, (_, place) => {
    const [r, g, b] = [pixels[place * 3]!, pixels[place * 3 + 1]!, pixels[place * 3 + 2]!];
    return 0.2989 * r + 0.587 * g + 0.114 * b;
  });
}

/** Each pixel with its neighbours, itself five times; the border is left. */
function smoothed({ pixels, side, channels }: Picture): Uint8Array {
  const result = pixels.slice();
  for (let y = 1; y < side - 1; y++) {
    for (let x = 1; x < side - 1; x++) {
      for (let c = 0; c < channels; c++) {
        const at = (dx: number, dy: number) => pixels[((y + dy) * side + x + dx) * channels + c]!;
        let sum = 4 * at(0, 0);
        for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) sum += at(dx, dy);
        result[(y * side + x) * channels + c] = Math.round(sum / 13);
      }
    }
  }
  return result;
}

/** A part of the picture made as large as the whole, bilinear, centres of pixels at halves. */
export function cropped({ pixels, side, channels }: Picture, { x, y, width, height }: Rectangle): Uint8Array {
  const columns = Array.from({ length: side }, (_, i) => between(x, width, i, side));
  const rows = Array.from({ length: side }, (_, i) => between(y, height, i, side));
  const result = new Uint8Array(pixels.length);
  let to = 0;
  for (const [top, bottom, down] of rows) {
    for (const [left, right, along] of columns) {
      for (let c = 0; c < channels; c++) {
        const at = (row: number, column: number) => pixels[(row * side + column) * channels + c]!;
        const upper = at(top, left) + along * (at(top, right) - at(top, left));
        const lower = at(bottom, left) + along * (at(bottom, right) - at(bottom, left));
        result[to++] = Math.round(upper + down * (lower - upper));
      }
    }
  }
  return result;
}

/** Of a place in the result the two neighbours within the part, and how far it lies from the first to the second. */
function between(start: number, length: number, i: number, side: number): readonly [number, number, number] {
  const place = Math.min(Math.max(((i + 0.5) * length) / side - 0.5, 0), length - 1);
  const first = Math.floor(place);
  return [start + first, start + Math.min(first + 1, length - 1), place - first];
}

/** Each channel by a table of 256, which is made of its histogram; null leaves the channel. */
function byChannel(
  { pixels, channels }: Picture,
  tableOf: (histogram: Float64Array) => ((value: number) => number) | null,
): Uint8Array {
  const result = pixels.slice();
  for (let c = 0; c < channels; c++) {
    const histogram = new Float64Array(256);
    for (let i = c; i < pixels.length; i += channels) histogram[pixels[i]!]!++;
    const table = tableOf(histogram);
    if (table === null) continue;
    for (let i = c; i < pixels.length; i += channels) result[i] = table(pixels[i]!);
  }
  return result;
}

function stretched(histogram: Float64Array) {
  const least = histogram.findIndex((count) => count > 0);
  const most = histogram.findLastIndex((count) => count > 0);
  if (least === most) return null;
  const scale = Math.fround(255 * Math.fround(1 / (most - least)));
  return (value: number) => Math.max(0, Math.min(255, Math.fround((value - least) * scale)));
}

function equalized(histogram: Float64Array) {
  const last = histogram.findLast((count) => count > 0)!;
  const total = histogram.reduce((sum, count) => sum + count, 0);
  const step = Math.floor((total - last) / 255);
  if (step === 0) return null;
  let below = 0;
  const table = Array.from(histogram, (count) => {
    const value = Math.floor((below + Math.floor(step / 2)) / step);
    below += count;
    return Math.min(255, value);
  });
  table[0] = 0;
  return (value: number) => table[value]!;
}
