/** The thumbnails of a whole dataset, from the cache, made first where they are not in it; and what is known by that of a file alone. */
import { readFile } from "node:fs/promises";
import { toFileError } from "../base/files.js";
import { type BuildOptions, findOrBuildCache } from "./cache.js";
import { type Decode, decodeThumbnail } from "./decode.js";
import { signatureOf } from "./signature.js";
import { type Thumbnails, thumbnailAt, thumbnailGeometry } from "./thumbnail.js";

/** @returns in the order of `sources`; all 0 where a picture cannot be read. @throws as `findOrBuildCache`. */
export async function readThumbnails(
  sources: readonly string[],
  { fingerprint, channels }: { readonly fingerprint: string; readonly channels: 1 | 3 },
  decode: Decode,
  { cacheDir, ...options }: Omit<BuildOptions, "broken"> & { readonly cacheDir: string },
): Promise<Thumbnails> {
  const key = { fingerprint, geometry: thumbnailGeometry(channels), subset: null, thumbnails: true } as const;
  const { pixelFile } = await findOrBuildCache(cacheDir, key, sources, async () => decode, {
    ...options,
    broken: "list",
  });
  const pixels = await readFile(pixelFile).catch((error: unknown) => {
    throw toFileError(error, pixelFile, "read");
  });
  return { count: sources.length, channels, pixels };
}

/** By which a picture is known again among those that a model has seen. @throws as `decodeImage`. */
export async function signatureOfFile(file: string): Promise<Uint8Array> {
  const channels = 3;
  const pixels = await decodeThumbnail(file, thumbnailGeometry(channels), file);
  return signatureOf(thumbnailAt({ count: 1, channels, pixels }, 0));
}
