import { join } from "node:path";
import { DataError } from "../base/index.js";
import { type Decode, resizeGrey } from "./decode.js";
import { type Idx, readIdx } from "./idx.js";
import type { Geometry } from "./preprocessing.js";
import { resizeMany } from "./resize-many.js";

/** The address of one picture in an IDX file. */
export function idxSource(file: string, index: number): string {
  return `${file}#${index}`;
}

/** `null` for the path of a picture: those end in an extension. */
export function parseIdxSource(source: string): { readonly file: string; readonly index: number } | null {
  const match = /^(.+-ubyte(?:\.gz)?)#(\d+)$/.exec(source);
  return match ? { file: match[1]!, index: Number(match[2]) } : null;
}

export function idxDecoder(files: ReadonlyMap<string, Idx>): Decode {
  const pictureAt = (source: string) => {
    const address = parseIdxSource(source);
    const idx = address && files.get(address.file);
    if (!idx) throw new Error(`internal: ${source} is in none of the IDX files that were read`);
    const [count, height, width] = idx.shape as [number, number, number];
    if (address.index >= count) {
      throw new DataError({ at: source, expected: `one of ${count} images`, received: `index ${address.index}` });
    }
    const start = address.index * height * width;
    return { pixels: idx.data.subarray(start, start + height * width), width, height };
  };
  const decode = async (source: string, geometry: Geometry) => {
    const { pixels, ...shape } = pictureAt(source);
    return resizeGrey(pixels, shape, geometry);
  };
  return Object.assign(decode, {
    many(sources: readonly string[], geometry: Geometry) {
      const { width, height } = pictureAt(sources[0]!);
      if (width !== height) return null;
      const pixels = new Uint8Array(sources.length * width * width);
      for (const [i, source] of sources.entries()) pixels.set(pictureAt(source).pixels, i * width * width);
      return resizeMany(pixels, width, 1, geometry);
    },
  });
}

/** Reads those IDX files of `root` in which `sources` lie; holds them in memory. */
export async function openIdxDecoder(root: string, sources: readonly string[]): Promise<Decode> {
  const names = new Set(sources.map((source) => parseIdxSource(source)!.file));
  const files = new Map<string, Idx>();
  for (const name of names) files.set(name, await readIdx(join(root, name), 3));
  return idxDecoder(files);
}
