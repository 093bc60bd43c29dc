import { forEachConcurrently } from "./concurrency.js";
import { decodersAtOnce, resizeRaw, resizeSheet } from "./decode.js";
import { type Geometry, imageBytes, resizedSide } from "./preprocessing.js";

/**
 * Many square pictures of one side to another, some dozens of times as fast as one by one, and to the same bits: they are laid out on
 * sheets, each continued at its borders as libvips continues a single picture, by so many pixels that no kernel reaches the next one
 * and that each begins at the same phase of the grid. A call of sharp costs half a millisecond, and a small picture next to nothing.
 * Where a sheet of noise does not come out as its pictures alone, which is so of large factors, they go one by one.
 *
 * @param pixels `[count, side, side, channels]`, `uint8`.
 * @param channels of `pixels`: 1, or as the geometry has them.
 * @returns `[count, size, size, geometry.channels]`.
 */
export async function resizeMany(
  pixels: Uint8Array,
  side: number,
  channels: 1 | 3,
  geometry: Geometry,
): Promise<Uint8Array> {
  const own = { ...geometry, channels };
  const resized = (await isSameOnSheets(side, own))
    ? await onSheets(pixels, side, own)
    : await oneByOne(pixels, side, own);
  return geometry.channels === channels ? resized : threefold(resized);
}

async function oneByOne(pixels: Uint8Array, side: number, geometry: Geometry): Promise<Uint8Array> {
  const [from, to] = [imageBytes({ ...geometry, size: side }), imageBytes(geometry)];
  const count = pixels.length / from;
  const resized = new Uint8Array(count * to);
  await forEachConcurrently(count, decodersAtOnce, async (i) => {
    resized.set(await resizeRaw(pixels.subarray(i * from, (i + 1) * from), side, geometry), i * to);
  });
  return resized;
}

async function onSheets(pixels: Uint8Array, side: number, geometry: Geometry): Promise<Uint8Array> {
  const { size, channels, interpolation } = geometry;
  const [from, to] = [imageBytes({ ...geometry, size: side }), imageBytes(geometry)];
  const count = pixels.length / from;
  const resized = new Uint8Array(count * to);
  const sheet = sheetFor(side, size);
  const perSheet = sheet.columns ** 2;
  await forEachConcurrently(Math.ceil(count / perSheet), decodersAtOnce, async (i) => {
    const part = pixels.subarray(i * perSheet * from, Math.min((i + 1) * perSheet, count) * from);
    const filled = { ...sheet, rows: Math.ceil(part.length / from / sheet.columns), channels };
    const resizedSheet = await resizeSheet(laidOut(part, filled), sizesOf(filled), interpolation);
    resized.set(cutOut(resizedSheet, part.length / from, filled), i * perSheet * to);
  });
  return resized;
}

/** By side, channels and geometry. */
const tried = new Map<string, Promise<boolean>>();
const PICTURES_TRIED = 12;

function isSameOnSheets(side: number, geometry: Geometry): Promise<boolean> {
  // What is cropped has no border to continue.
  if (resizedSide(geometry) !== geometry.size || side === geometry.size) return Promise.resolve(false);
  const key = JSON.stringify([side, geometry.size, geometry.channels, geometry.interpolation]);
  const known = tried.get(key) ?? trySheet(side, geometry);
  tried.set(key, known);
  return known;
}

/** Whether noise comes out the same at places all over a full sheet: which pixels count, and how much, does not depend on them. */
async function trySheet(side: number, geometry: Geometry): Promise<boolean> {
  const [from, to] = [imageBytes({ ...geometry, size: side }), imageBytes(geometry)];
  const count = sheetFor(side, geometry.size).columns ** 2;
  let state = 1;
  const noise = Uint8Array.from({ length: count * from }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes' generator
    return state >>> 24;
  });
  const resized = await onSheets(noise, side, geometry);
  for (let n = 0; n < PICTURES_TRIED; n++) {
    const i = Math.round((n * (count - 1)) / (PICTURES_TRIED - 1));
    const alone = await resizeRaw(noise.subarray(i * from, (i + 1) * from), side, geometry);
    if (Buffer.compare(alone, resized.subarray(i * to, (i + 1) * to)) !== 0) return false;
  }
  return true;
}

/** Grey as three equal channels. */
function threefold(grey: Uint8Array): Uint8Array {
  const colours = new Uint8Array(grey.length * 3);
  for (let i = 0; i < grey.length; i++) colours.fill(grey[i]!, 3 * i, 3 * i + 3);
  return colours;
}

/** Pictures of `side` px in a grid, each with a border of `border` px that becomes one of `resizedBorder`. */
type Sheet = {
  readonly side: number;
  readonly size: number;
  readonly border: number;
  readonly resizedBorder: number;
  readonly columns: number;
};
type FilledSheet = Sheet & { readonly rows: number; readonly channels: 1 | 3 };

/** Half the width of the widest kernel, Lanczos', px of the smaller grid; and what libvips rounds. */
const REACH = 3;
const SPARE = 2;
const SHEET_SIDE = 2048;

function sheetFor(side: number, size: number): Sheet {
  const phase = side / commonDivisor(side, size);
  const needed = Math.ceil(REACH * Math.max(1, side / size)) + SPARE;
  const border = Math.ceil(needed / phase) * phase;
  const columns = Math.max(1, Math.floor(SHEET_SIDE / (Math.max(side, size) * (1 + (2 * border) / side))));
  return { side, size, border, resizedBorder: (border * size) / side, columns };
}

function sizesOf({ side, size, border, resizedBorder, columns, rows, channels }: FilledSheet) {
  const [tile, resizedTile] = [side + 2 * border, size + 2 * resizedBorder];
  return {
    channels,
    from: { width: columns * tile, height: rows * tile },
    to: { width: columns * resizedTile, height: rows * resizedTile },
  };
}

function laidOut(pixels: Uint8Array, { side, border, columns, rows, channels }: FilledSheet): Uint8Array {
  const tile = side + 2 * border;
  const [row, stride] = [tile * channels, columns * tile * channels];
  const sheet = new Uint8Array(rows * tile * stride);
  const line = side * channels;
  for (let i = 0; i * side * line < pixels.length; i++) {
    const corner = Math.floor(i / columns) * tile * stride + (i % columns) * row;
    for (let y = 0; y < side; y++) {
      const first = corner + (border + y) * stride + border * channels;
      const last = first + line - channels;
      sheet.set(pixels.subarray((i * side + y) * line, (i * side + y + 1) * line), first);
      for (let x = 1; x <= border; x++) {
        sheet.copyWithin(first - x * channels, first, first + channels);
        sheet.copyWithin(last + x * channels, last, last + channels);
      }
    }
    const [top, bottom] = [corner + border * stride, corner + (border + side - 1) * stride];
    for (let y = 1; y <= border; y++) {
      sheet.copyWithin(top - y * stride, top, top + row);
      sheet.copyWithin(bottom + y * stride, bottom, bottom + row);
    }
  }
  return sheet;
}

function cutOut(sheet: Uint8Array, count: number, { size, resizedBorder, columns, channels }: FilledSheet) {
  const tile = size + 2 * resizedBorder;
  const [line, stride] = [size * channels, columns * tile * channels];
  const pixels = new Uint8Array(count * size * line);
  for (let i = 0; i < count; i++) {
    const corner = (Math.floor(i / columns) * tile + resizedBorder) * stride;
    const left = ((i % columns) * tile + resizedBorder) * channels;
    for (let y = 0; y < size; y++) {
      const start = corner + y * stride + left;
      pixels.set(sheet.subarray(start, start + line), (i * size + y) * line);
    }
  }
  return pixels;
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));
