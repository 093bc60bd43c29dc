import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterEach } from "vitest";
import type { ImageSet } from "../image-set.js";

/** A new empty folder; all are removed after the test that made them. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bantam-data-"));
  folders.push(folder);
  return folder;
}
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

/** Files by path below a new folder; the parent folders are made. */
export async function folderOf(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const root = await temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

/** One colour all over. */
export function plain(rgb: readonly [number, number, number], width = 40, height = width): Sharp {
  const [r, g, b] = rgb;
  return sharp({ create: { width, height, channels: 3, background: { r, g, b } } });
}

/** Four quarters: red, green over blue, white, so that every turn and mirroring shows. */
export function quarters(width = 64, height = 64): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = quarterColours[y < height / 2 ? 0 : 1]![x < width / 2 ? 0 : 1]!;
      pixels.set(colour, (y * width + x) * 3);
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}
const quarterColours = [
  [
    [255, 0, 0],
    [0, 255, 0],
  ],
  [
    [0, 0, 255],
    [255, 255, 255],
  ],
];

/** `perClass` PNG files of every class, each of its own colour, 40 × 40 px unless said otherwise. */
export async function pictures(classes: readonly string[], perClass: number, side = 40, prefix = "") {
  const files: Record<string, Uint8Array> = {};
  for (const [label, name] of classes.entries()) {
    for (let i = 0; i < perClass; i++) {
      files[`${prefix}${name}/${i}.png`] = await plain([label * 50, i % 256, 7], side)
        .png()
        .toBuffer();
    }
  }
  return files;
}

export function idxHeader(magic: number, ...shape: number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(magic, 0);
  for (const [i, length] of shape.entries()) header.writeUInt32BE(length, 4 + 4 * i);
  return header;
}

/** Pixel p of image i is `(7 · i + p) mod 256`. */
export function idxImages(count: number, rows: number, columns: number): Buffer {
  const pixels = Buffer.alloc(count * rows * columns);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = 7 * Math.floor(i / (rows * columns)) + (i % (rows * columns));
  }
  return Buffer.concat([idxHeader(0x803, count, rows, columns), pixels]);
}

export function idxLabels(labels: readonly number[]): Buffer {
  return Buffer.concat([idxHeader(0x801, labels.length), Buffer.from(labels)]);
}

/** Pictures held in an array, `[size, size, channels]` each. */
export function imageSetOf(pictures: readonly (readonly number[])[], size: number, channels: 1 | 3): ImageSet {
  return {
    count: pictures.length,
    size,
    channels,
    labels: new Int32Array(pictures.length),
    sources: pictures.map((_, i) => `${i}`),
    read: (index, into, offset) => into.set(pictures[index]!, offset),
    close: () => {},
  };
}
