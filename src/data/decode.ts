/**
 * One picture to one square of pixels. Training and prediction both come through here, so that a network is never
 * shown pixels at work that differ from those it learned on.
 */
import { open, readFile, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import sharp, { type Sharp } from "sharp";
import { DataError, FileError, lastly, messageOf } from "../base/index.js";
import { unreadable, withFileHandle } from "./file-errors.js";
import { roundHalfToEven } from "./half-to-even.js";
import type { Sides } from "./picture-shape.js";
import { type Geometry, imageBytes, PADDING, resizedSide } from "./preprocessing.js";

// Every picture is decoded once, so libvips' cache would only hold memory; and many pictures at a time on one thread
// each are faster than few on many.
sharp.cache(false);
sharp.concurrency(1);

/** Pictures under way at once: libuv's thread pool has four threads, where nothing was set. */
export const decodersAtOnce = Math.max(2, Math.min(4, availableParallelism()));

/** Goes into the key of a cache: another decoder may give other pixels. */
export const decoderVersion = `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`;

/** A whole file is read before it is decoded, and several at once. */
export const maxFileBytes = 512 * 1024 * 1024;

const fits = { cover: "cover", stretch: "fill", pad: "contain" } as const;
const padding = { r: PADDING, g: PADDING, b: PADDING };
const kernels = { nearest: "nearest", bilinear: "linear", bicubic: "cubic", lanczos3: "lanczos3" } as const;

/** Gives the pixels `[size, size, channels]` of one picture of a dataset. @throws {DataError} when it is broken. */
export type Decode = {
  (source: string, geometry: Geometry): Promise<Uint8Array>;
  /** The pixels of several pictures, one after the other, where that is faster; null where they have to be decoded one by one. */
  readonly many?: (sources: readonly string[], geometry: Geometry) => Promise<Uint8Array> | null;
};

/**
 * Decodes JPEG, PNG, WebP, GIF, AVIF or TIFF: the first frame, turned upright as EXIF says, transparent parts on
 * white, converted to 8-bit sRGB or grey.
 *
 * @param file a path, or the file's bytes.
 * @param name what errors call the picture.
 * @returns `[size, size, channels]`, `uint8`, row by row.
 * @throws {DataError} when the file cannot be read, is truncated or damaged, is of another format, or has more than
 *   16383 × 16383 pixels.
 */
export async function decodeImage(
  file: string | Uint8Array,
  geometry: Geometry,
  name: string = typeof file === "string" ? file : "image",
): Promise<Uint8Array> {
  const bytes = typeof file === "string" ? await readImage(file, name) : file;
  refuseOtherFormats(bytes, name);
  return await render(opened(bytes), geometry, name);
}

/** Up to so many pixels a picture is decoded in full to be looked at: a JPEG is else made smaller while it is, a little to one side. */
const mostInFull = 4_000_000;

/** The whole picture, squeezed, for its look; to the same pixels, nearly, in whatever format it is saved. @throws as `decodeImage`. */
export async function decodeThumbnail(file: string, geometry: Geometry, name: string): Promise<Uint8Array> {
  const bytes = await readImage(file, name);
  refuseOtherFormats(bytes, name);
  const picture = opened(bytes);
  const { width, height } = await uprightSize(picture, name);
  const whole = { left: 0, top: 0, width, height };
  return await render(width * height > mostInFull ? picture : picture.extract(whole), geometry, name);
}

// "error" refuses truncated and damaged files, but not a harmless oddity such as a wrong DPI tag.
const opened = (bytes: Uint8Array): Sharp =>
  sharp(bytes, { failOn: "error", autoOrient: true, pages: 1 }).flatten({ background: "#ffffff" });

/**
 * Grey pixels of any shape to the same geometry. A square that already has the wanted side is taken as it is, where
 * nothing is cropped.
 *
 * @param pixels `[height, width]`, `uint8`.
 * @returns `[size, size, channels]`, `uint8`; with three channels, all are equal.
 */
export async function resizeGrey(
  pixels: Uint8Array,
  { width, height }: Sides,
  geometry: Geometry,
): Promise<Uint8Array> {
  const asItIs = width === geometry.size && height === geometry.size && resizedSide(geometry) === geometry.size;
  const grey = asItIs
    ? pixels
    : await render(sharp(pixels, { raw: { width, height, channels: 1 } }), { ...geometry, channels: 1 }, "pixels");
  if (geometry.channels === 1) return grey;
  return new Uint8Array(grey.length * 3).map((_, i) => grey[Math.floor(i / 3)]!);
}

/** A square of `side` px, `[side, side, channels]`, to a geometry of as many channels. */
export async function resizeRaw(pixels: Uint8Array, side: number, geometry: Geometry): Promise<Uint8Array> {
  if (side === geometry.size && resizedSide(geometry) === side) return pixels;
  const { channels } = geometry;
  return render(sharp(pixels, { raw: { width: side, height: side, channels } }), geometry, "pixels");
}

/** Pixels of any shape as they are, without a thought for what is on them. */
export async function resizeSheet(
  pixels: Uint8Array,
  { channels, from, to }: { readonly channels: 1 | 3; readonly from: Sides; readonly to: Sides },
  interpolation: Geometry["interpolation"],
): Promise<Uint8Array> {
  const { data } = await sharp(pixels, { raw: { ...from, channels } })
    .resize({ ...to, fit: "fill", kernel: kernels[interpolation] })
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  return data;
}
export type Header = Sides & { readonly grey: boolean };

/**
 * Sides in px once the picture stands as EXIF says, and whether the file holds grey alone; null where no header can be read: what is wrong is said when it is decoded.
 *
 * @throws {FileError} when the machine cannot read now: see `unreadable`.
 */
export async function readHeader(file: string): Promise<Header | null> {
  try {
    const start = await readStart(file);
    return (start && (await headerOf(start).catch(() => null))) ?? (await headerOf(await readImage(file, file)));
  } catch (error) {
    if (error instanceof FileError) throw error;
    return null;
  }
}

/** JPEG and PNG say in the beginning of a file what they are: of a folder of photos, that is all that is read. */
const headerBytes = 128 * 1024;

/** The beginning of a large file of such a format, null of another. */
async function readStart(file: string): Promise<Uint8Array | null> {
  const start = Buffer.alloc(headerBytes);
  const { bytesRead } = await withFileHandle(async () => {
    const handle = await open(file);
    return lastly(
      () => handle.read(start, 0, headerBytes, 0),
      () => handle.close(),
    );
  }).catch((error: unknown) => {
    throw unreadable(error, file, "a readable image");
  });
  const isKnown = start.readUInt16BE() === 0xffd8 || start.readUInt32BE() === 0x89504e47;
  return bytesRead === headerBytes && isKnown ? start : null;
}

async function headerOf(bytes: Uint8Array): Promise<Header> {
  refuseOtherFormats(bytes, "image");
  const { space, ...metadata } = await sharp(bytes, { failOn: "error" }).metadata();
  const { width, height } = metadata.autoOrient;
  return { width, height, grey: space === "b-w" || space === "grey16" };
}

async function render(picture: Sharp, geometry: Geometry, name: string): Promise<Uint8Array> {
  const { size, channels } = geometry;
  const resized = resizedSide(geometry) === size ? fitted(picture, geometry) : await cropped(picture, geometry, name);
  const coloured = channels === 1 ? resized.greyscale().toColourspace("b-w") : resized.toColourspace("srgb");
  const data = await coloured
    .raw({ depth: "uchar" })
    .toBuffer()
    .catch((error: unknown) => {
      throw damaged(error, name);
    });
  if (data.length !== imageBytes(geometry)) {
    throw new Error(`internal: ${data.length} bytes decoded for ${size} × ${size} × ${channels}`);
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}

function fitted(picture: Sharp, { size, resize, interpolation }: Geometry): Sharp {
  return picture.resize({
    width: size,
    height: size,
    fit: fits[resize],
    position: "centre",
    background: padding,
    kernel: kernels[interpolation],
  });
}

/**
 * Resized a little too large, then the centre cut out, with timm's and torchvision's rounding: the longer side is cut down
 * to whole pixels, and a margin that falls between two goes to the even one.
 * @source torchvision 0.14 `transforms.functional`, `_compute_resized_output_size` and `center_crop`
 */
async function cropped(picture: Sharp, geometry: Geometry, name: string): Promise<Sharp> {
  const { size, resize, interpolation } = geometry;
  const side = resizedSide(geometry);
  const { width, height } = await uprightSize(picture, name);
  const scaled = (own: number, other: number) =>
    resize !== "cover" || own <= other ? side : Math.floor((side * own) / other);
  const [w, h] = [scaled(width, height), scaled(height, width)];
  const fit = resize === "pad" ? fits.pad : "fill";
  const resized = picture.resize({ width: w, height: h, fit, background: padding, kernel: kernels[interpolation] });
  return resized.extract({
    left: roundHalfToEven((w - size) / 2),
    top: roundHalfToEven((h - size) / 2),
    width: size,
    height: size,
  });
}

/** Width and height once the picture stands as EXIF says. */
async function uprightSize(picture: Sharp, name: string): Promise<Sides> {
  try {
    const { width, height, autoOrient } = await picture.metadata();
    return autoOrient ?? { width, height };
  } catch (error) {
    throw damaged(error, name);
  }
}

async function readImage(file: string, name: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size > maxFileBytes) {
      const received = `${Math.round(size / 1024 / 1024)} MB`;
      throw new DataError({
        at: name,
        expected: `an image file of at most ${maxFileBytes / 1024 / 1024} MB`,
        received,
      });
    }
    return await withFileHandle(() => readFile(file));
  } catch (error) {
    throw unreadable(error, name, "a readable image");
  }
}

/** libvips guesses the format from the content, and would run an SVG or a PDF that is called `.png`. */
function refuseOtherFormats(bytes: Uint8Array, name: string): void {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  const known =
    start.startsWith("\xff\xd8\xff") || // JPEG
    start.startsWith("\x89PNG") ||
    start.startsWith("GIF8") ||
    (start.startsWith("RIFF") && start.endsWith("WEBP")) ||
    start.slice(4, 8) === "ftyp" || // AVIF
    /^(II[*+]\0|MM\0[*+])/.test(start); // TIFF, BigTIFF
  if (known) return;
  const received = bytes.length === 0 ? "an empty file" : `a file that starts with ${hex(bytes.subarray(0, 4))}`;
  throw new DataError({ at: name, expected: "a JPEG, PNG, WebP, GIF, AVIF or TIFF image", received });
}

/** What libvips says of the machine, in the words of the C library and its own. */
const machineFaults =
  /Too many open files|No space left on device|Cannot allocate memory|Input\/output error|out of memory/;

function damaged(error: unknown, name: string): DataError | FileError {
  const fault = machineFaults.exec(String(error))?.[0];
  if (fault !== undefined) {
    const hint = "free some memory and space for temporary files, close some programs, and start again";
    return new FileError(
      { at: name, expected: "an image to be decoded", received: fault.toLowerCase(), hint },
      { cause: error },
    );
  }
  return new DataError({ at: name, expected: "a readable image", received: decoderReason(error) }, { cause: error });
}

/**
 * libvips reports a stack of lines, deepest cause last, some of them noise. It keeps them in one place for the whole
 * process, so that of two pictures that fail at the same moment one may be left without a reason.
 */
function decoderReason(error: unknown): string {
  const lines = messageOf(error)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== "Unknown error" && !/^source: bad seek|^\([\d.]+\)$/.test(line));
  return (lines.at(-1) ?? "a damaged or truncated file").replace(/^Input (?:buffer|file) has corrupt header: /, "");
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
