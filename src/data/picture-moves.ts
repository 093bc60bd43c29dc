/** Changes that take each pixel of the result from somewhere else in the picture. */
import { roundHalfToEven } from "./half-to-even.js";
import type { Picture, Rectangle } from "./picture.js";

/** Black comes in from outside. */
export function translated({ pixels, side, channels }: Picture, right: number, down: number): Uint8Array {
  const result = new Uint8Array(pixels.length);
  const row = side * channels;
  const columns = side - Math.abs(right);
  if (columns <= 0) return result;
  const [to, from] = [Math.max(right, 0) * channels, Math.max(-right, 0) * channels];
  for (let y = Math.max(down, 0); y < Math.min(side + down, side); y++) {
    const source = (y - down) * row + from;
    result.set(pixels.subarray(source, source + columns * channels), y * row + to);
  }
  return result;
}

/** Centres of pixels lie at halves, here and below. */
export function shearedX({ pixels, side, channels }: Picture, magnitude: number): Uint8Array {
  const result = new Uint8Array(pixels.length);
  for (let y = 0, to = 0; y < side; y++) {
    const right = magnitude * (y + 0.5);
    for (let x = 0; x < side; x++, to += channels) {
      const u = nearest(x + 0.5 + right - 0.5);
      if (u >= 0 && u < side) copyPixel(result, to, pixels, (y * side + u) * channels, channels);
    }
  }
  return result;
}

export function shearedY({ pixels, side, channels }: Picture, magnitude: number): Uint8Array {
  const result = new Uint8Array(pixels.length);
  for (let y = 0, to = 0; y < side; y++) {
    for (let x = 0; x < side; x++, to += channels) {
      const v = nearest(y + 0.5 + magnitude * (x + 0.5) - 0.5);
      if (v >= 0 && v < side) copyPixel(result, to, pixels, (v * side + x) * channels, channels);
    }
  }
  return result;
}

export function rotated({ pixels, side, channels }: Picture, degrees: number): Uint8Array {
  const result = new Uint8Array(pixels.length);
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin, middle] = [Math.cos(angle), Math.sin(angle), (side - 1) / 2];
  for (let y = 0, to = 0; y < side; y++) {
    const [sinY, cosY] = [sin * (y - middle), cos * (y - middle)];
    for (let x = 0; x < side; x++, to += channels) {
      const dx = x - middle;
      const u = nearest(cos * dx - sinY + middle);
      if (u < 0 || u >= side) continue;
      const v = nearest(sin * dx + cosY + middle);
      if (v >= 0 && v < side) copyPixel(result, to, pixels, (v * side + u) * channels, channels);
    }
  }
  return result;
}

function copyPixel(result: Uint8Array, to: number, pixels: Uint8Array, from: number, channels: number): void {
  for (let c = 0; c < channels; c++) result[to + c] = pixels[from + c]!;
}

/** To the even one from halfway. */
function nearest(place: number): number {
  const floor = Math.floor(place);
  const rest = place - floor;
  if (rest < 0.49999) return floor;
  // Rounded off to five digits first, so that 2.4999999 from a sine counts as halfway.
  return rest > 0.50001 ? floor + 1 : roundHalfToEven(Number(place.toFixed(5)));
}

/** A part of the picture made as large as the whole, bilinear. */
export function cropped({ pixels, side, channels }: Picture, { x, y, width, height }: Rectangle): Uint8Array {
  const [columns, rows] = [neighbours(x, width, side, channels), neighbours(y, height, side, 1)];
  const length = side * channels;
  let [upper, lower] = [new Float64Array(length), new Float64Array(length)];
  // Which row of the picture each of the two holds, in its new width. A part is enlarged, so that most are used again.
  let [upperRow, lowerRow] = [-1, -1];
  const result = new Uint8Array(pixels.length);
  for (let i = 0, to = 0; i < side; i++) {
    const [top, bottom, down] = [rows.first[i]!, rows.second[i]!, rows.share[i]!];
    if (top !== upperRow) {
      if (top === lowerRow) {
        [upper, lower] = [lower, upper];
        [upperRow, lowerRow] = [lowerRow, upperRow];
      } else {
        widen(pixels, top * length, columns, upper);
        upperRow = top;
      }
    }
    if (bottom !== lowerRow) {
      widen(pixels, bottom * length, columns, lower);
      lowerRow = bottom;
    }
    for (let k = 0; k < length; k++, to++) {
      const above = upper[k]!;
      result[to] = Math.round(above + down * (lower[k]! - above));
    }
  }
  return result;
}

/** Of each number of a row, or of each row: where its two neighbours stand, and how far it lies from the first to the second. */
type Neighbours = { readonly first: Int32Array; readonly second: Int32Array; readonly share: Float64Array };

/** One row of the picture in its new width. @param start of the row in `pixels`. */
function widen(pixels: Uint8Array, start: number, { first, second, share }: Neighbours, into: Float64Array): void {
  for (let k = 0; k < into.length; k++) {
    const value = pixels[start + first[k]!]!;
    into[k] = value + share[k]! * (pixels[start + second[k]!]! - value);
  }
}

/** @param start of the part, and its length, in pixels. @param channels side by side, with the same neighbours each. */
function neighbours(start: number, length: number, side: number, channels: number): Neighbours {
  const count = side * channels;
  const [first, second, share] = [new Int32Array(count), new Int32Array(count), new Float64Array(count)];
  for (let k = 0; k < count; k++) {
    const c = k % channels;
    const place = Math.min(Math.max((((k - c) / channels + 0.5) * length) / side - 0.5, 0), length - 1);
    const floor = Math.floor(place);
    first[k] = (start + floor) * channels + c;
    second[k] = (start + Math.min(floor + 1, length - 1)) * channels + c;
    share[k] = place - floor;
  }
  return { first, second, share };
}
