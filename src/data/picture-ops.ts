/**
 * The changes that augmentation policies are made of, on pictures of bytes, `[side, side, channels]`. As torchvision computes them on
 * tensors: nearest pixel, black from outside, results cut to whole numbers.
 *
 * Each runs on every picture of every batch, so that the loops over pixels call nothing and allocate nothing: what depends on the value
 * alone is a table of 256.
 *
 * @source Cubuk et al. 2018, arXiv:1805.09501, table 6; the arithmetic: torchvision 0.14, `transforms.functional`
 */

import type { Picture } from "./picture.js";
import { rotated, shearedX, shearedY, translated } from "./picture-moves.js";

export const pictureOps = {
  Identity: ({ pixels }) => pixels,
  /** Rows move left, the further the lower, about the upper left corner. */
  ShearX: shearedX,
  /** Columns move up, the further to the right. */
  ShearY: shearedY,
  /** By whole pixels, to the right. */
  TranslateX: (picture, magnitude) => translated(picture, Math.trunc(magnitude), 0),
  TranslateY: (picture, magnitude) => translated(picture, 0, Math.trunc(magnitude)),
  /** Degrees, counter-clockwise about the middle. */
  Rotate: rotated,
  /** The factor is 1 + magnitude, here and in the next three. */
  Brightness: ({ pixels }, magnitude) => blendedWith(pixels, 0, 1 + magnitude),
  Color: (picture, magnitude) => {
    const { pixels, channels } = picture;
    return channels === 1 ? pixels : blended(pixels, greyOf(picture), 1 + magnitude);
  },
  Contrast: (picture, magnitude) => {
    const grey = greyOf(picture);
    let sum = 0;
    for (let i = 0; i < grey.length; i++) sum += grey[i]!;
    return blendedWith(picture.pixels, Math.fround(sum / grey.length), 1 + magnitude);
  },
  Sharpness: (picture, magnitude) => blended(picture.pixels, smoothed(picture), 1 + magnitude),
  /** Keeps so many bits. */
  Posterize: ({ pixels }, magnitude) => {
    const mask = (0xff << (8 - Math.trunc(magnitude))) & 0xff;
    return byValue(pixels, (value) => value & mask);
  },
  /** Inverts what is as bright or brighter. */
  Solarize: ({ pixels }, magnitude) => byValue(pixels, (value) => (value >= magnitude ? 255 - value : value)),
  AutoContrast: (picture) => byChannel(picture, stretched),
  Equalize: (picture) => byChannel(picture, equalized),
  Invert: ({ pixels }) => byValue(pixels, (value) => 255 - value),
} satisfies Readonly<Record<string, (picture: Picture, magnitude: number) => Uint8Array>>;

export type PictureOp = keyof typeof pictureOps;

function byValue(pixels: Uint8Array, map: (value: number) => number): Uint8Array {
  const table = Uint8Array.from({ length: 256 }, (_, value) => map(value));
  const result = new Uint8Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) result[i] = table[pixels[i]!]!;
  return result;
}

/** factor · picture + (1 − factor) · other, within 0 … 255, in float32. */
function blend(value: number, other: number, factor: number): number {
  const mixed = Math.fround(Math.fround(Math.fround(factor) * value) + Math.fround(Math.fround(1 - factor) * other));
  return Math.max(0, Math.min(255, mixed));
}

const blendedWith = (pixels: Uint8Array, other: number, factor: number) =>
  byValue(pixels, (value) => blend(value, other, factor));

/** @param other a number for each number of the picture, or one for all channels of a pixel. */
function blended(pixels: Uint8Array, other: Uint8Array, factor: number): Uint8Array {
  const [own, others] = [sharesOf(factor), sharesOf(1 - factor)];
  const result = new Uint8Array(pixels.length);
  const channels = pixels.length / other.length;
  for (let place = 0, i = 0; place < other.length; place++) {
    const added = others[other[place]!]!;
    for (let c = 0; c < channels; c++, i++) {
      const mixed = Math.fround(own[pixels[i]!]! + added);
      result[i] = mixed < 0 ? 0 : mixed > 255 ? 255 : mixed;
    }
  }
  return result;
}

const sharesOf = (factor: number) => Float32Array.from({ length: 256 }, (_, value) => Math.fround(factor) * value);

function greyOf({ pixels, side, channels }: Picture): Uint8Array {
  if (channels === 1) return pixels;
  const grey = new Uint8Array(side * side);
  for (let place = 0, i = 0; place < grey.length; place++, i += 3) {
    grey[place] = 0.2989 * pixels[i]! + 0.587 * pixels[i + 1]! + 0.114 * pixels[i + 2]!;
  }
  return grey;
}

/** A thirteenth, rounded, of what nine pixels come to with the middle one counted five times. */
const thirteenths = Uint8Array.from({ length: 13 * 255 + 1 }, (_, sum) => Math.round(sum / 13));

/** Each pixel with its neighbours, itself five times; the border is left. */
function smoothed({ pixels, side, channels }: Picture): Uint8Array {
  const result = pixels.slice();
  const row = side * channels;
  for (let y = 1; y < side - 1; y++) {
    const end = (y + 1) * row - channels;
    for (let i = y * row + channels; i < end; i++) {
      const up = i - row;
      const down = i + row;
      const sum =
        pixels[up - channels]! +
        pixels[up]! +
        pixels[up + channels]! +
        pixels[i - channels]! +
        5 * pixels[i]! +
        pixels[i + channels]! +
        pixels[down - channels]! +
        pixels[down]! +
        pixels[down + channels]!;
      result[i] = thirteenths[sum]!;
    }
  }
  return result;
}

/** Each channel by a table of 256, which is made of its histogram; null leaves the channel. */
function byChannel({ pixels, channels }: Picture, tableOf: (histogram: Float64Array) => Uint8Array | null): Uint8Array {
  const result = pixels.slice();
  for (let c = 0; c < channels; c++) {
    const histogram = new Float64Array(256);
    for (let i = c; i < pixels.length; i += channels) histogram[pixels[i]!]!++;
    const table = tableOf(histogram);
    if (table === null) continue;
    for (let i = c; i < pixels.length; i += channels) result[i] = table[pixels[i]!]!;
  }
  return result;
}

function stretched(histogram: Float64Array): Uint8Array | null {
  const least = histogram.findIndex((count) => count > 0);
  const most = histogram.findLastIndex((count) => count > 0);
  if (least === most) return null;
  const scale = Math.fround(255 * Math.fround(1 / (most - least)));
  return Uint8Array.from(histogram, (_, value) => Math.max(0, Math.min(255, Math.fround((value - least) * scale))));
}

function equalized(histogram: Float64Array): Uint8Array | null {
  const last = histogram.findLast((count) => count > 0)!;
  const total = histogram.reduce((sum, count) => sum + count, 0);
  const step = Math.floor((total - last) / 255);
  if (step === 0) return null;
  let below = 0;
  const table = Uint8Array.from(histogram, (count) => {
    const value = Math.floor((below + Math.floor(step / 2)) / step);
    below += count;
    return Math.min(255, value);
  });
  table[0] = 0;
  return table;
}
