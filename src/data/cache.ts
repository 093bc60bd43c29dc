/**
 * Decoded pictures in two files: `KEY.pixels`, bare `uint8` pictures one after the other, and `KEY.json`, which says
 * what they are. KEY is a hash of all that the pixels depend on, so a changed dataset, geometry or decoder asks for
 * another name, and two processes that build one cache at once write the same bytes: whichever renames last does no harm.
 * The index is written last and vouches for the pixels: it holds their digest, and its own. Pixels that are not what was
 * written are decoded again. A cache folder may be deleted at any time.
 */
import { createHash, type Hash } from "node:crypto";
import { readFile, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ensureWritableFolder, removeHalfWritten, toFileError, writeFileAtomic } from "../base/files.js";
import { DataError, FileError, formatBytes, sealedJson, sha256, unsealedJson } from "../base/index.js";
import { forEachConcurrently, type OnProgress, throwIfStopped } from "./concurrency.js";
import { type Decode, decodersAtOnce, decoderVersion } from "./decode.js";
import { openFileDigests } from "./file-digests.js";
import { type Geometry, imageBytes } from "./preprocessing.js";
import type { Skipped } from "./sample.js";

/** Raise it when the files change their meaning. */
const version = 2;
const chunkBytes = 8 * 1024 * 1024;

export type CacheKey = {
  /** Of the dataset: files, their contents, labels. */
  readonly fingerprint: string;
  readonly geometry: Geometry;
  /** Hash of the list of pictures where it is not the whole dataset. */
  readonly subset: string | null;
  /** Side of the cached pictures that these were made from, px; left out where they come from the files. */
  readonly from?: number | undefined;
  /** Whether they are thumbnails, which are decoded in another way. */
  readonly thumbnails?: true | undefined;
};

export type PixelCache = {
  /** Picture i lies at byte i × `imageBytes`. */
  readonly pixelFile: string;
  /** One per picture, in the order of the file. */
  readonly sources: readonly string[];
  /** Pictures that could not be decoded; their bytes are zero. */
  readonly broken: readonly Skipped[];
};

const indexSchema = z.object({
  key: z.string(),
  sources: z.array(z.string()),
  broken: z.array(z.object({ source: z.string(), reason: z.string() })),
  /** Hexadecimal SHA-256 of the pixels. */
  pixels: z.string(),
});

export type BuildOptions = {
  /** A picture that `decode` refuses with a DataError is listed in the cache, or ends the work. */
  readonly broken: "list" | "throw";
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
};

/** `null` where there is no cache under this key, or a damaged one. */
export async function findCache(folder: string, key: CacheKey): Promise<PixelCache | null> {
  const files = filesOf(folder, key);
  try {
    const index = indexSchema.parse(unsealedJson(await readFile(files.index, "utf8")));
    const { size } = await stat(files.pixels);
    if (index.key !== keyText(key) || size !== index.sources.length * imageBytes(key.geometry)) return null;
    if ((await digestOf(files, size)) !== index.pixels) return null;
    return { pixelFile: files.pixels, sources: index.sources, broken: index.broken };
  } catch {
    // Not there, not JSON or not readable: in each case it is built anew, and writing will say what is wrong with the folder.
    return null;
  }
}

/**
 * Decodes `sources` into a cache. Holds some megabytes at a time, whatever the number of pictures.
 *
 * @throws {DataError} for a broken picture, if so chosen.
 * @throws {FileError} when the folder cannot be written or the disk is full.
 * @throws {InterruptedError} after the signal; nothing is left behind.
 */
export async function buildCache(
  folder: string,
  key: CacheKey,
  sources: readonly string[],
  decode: Decode,
  options: BuildOptions,
): Promise<PixelCache> {
  const files = filesOf(folder, key);
  await ensureWritableFolder(folder);
  await removeHalfWritten(folder);
  await refuseWithoutSpace(folder, sources.length * imageBytes(key.geometry));
  const broken: Skipped[] = [];
  const hash = createHash("sha256");
  await writeFileAtomic(files.pixels, hashed(hash, decodeAll(key.geometry, sources, decode, broken, options)));
  await writeFileAtomic(files.index, sealedJson({ key: keyText(key), sources, broken, pixels: hash.digest("hex") }));
  return { pixelFile: files.pixels, sources, broken };
}

async function* hashed(hash: Hash, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Up to this size pixels are read anew in each run: it takes less than a second, and a failing disk does not tell of changes. */
const rereadBytes = 256 * 1024 * 1024;
const ofThisRun = openFileDigests(null);

async function digestOf(files: ReturnType<typeof filesOf>, size: number): Promise<string> {
  if (size <= rereadBytes) return (await ofThisRun).of(files.pixels);
  const digests = await openFileDigests(files.verified);
  const digest = await digests.of(files.pixels);
  await digests.save().catch(() => {}); // On a disk that can only be read they are hashed again.
  return digest;
}

/** `decode` and the folder are touched only where the cache is missing. */
export async function findOrBuildCache(
  folder: string,
  key: CacheKey,
  sources: readonly string[],
  openDecoder: () => Promise<Decode>,
  options: BuildOptions,
): Promise<PixelCache> {
  const found = await findCache(folder, key);
  if (found !== null && found.sources.length === sources.length && found.sources.every((s, i) => s === sources[i])) {
    return found;
  }
  return buildCache(folder, key, sources, await openDecoder(), options);
}

/** Yields the pictures in order, some megabytes at a time; adds those that cannot be decoded to `broken`. */
async function* decodeAll(
  geometry: Geometry,
  sources: readonly string[],
  decode: Decode,
  broken: Skipped[],
  options: BuildOptions,
): AsyncGenerator<Uint8Array> {
  const bytes = imageBytes(geometry);
  const perChunk = Math.max(1, Math.min(decode.many === undefined ? 1024 : 8192, Math.floor(chunkBytes / bytes)));
  let done = 0;
  for (let start = 0; start < sources.length; start += perChunk) {
    const names = sources.slice(start, start + perChunk);
    const reasons = new Map<string, string>();
    throwIfStopped(options.signal, "decoding images");
    const many = decode.many?.(names, geometry) ?? null;
    if (many !== null) {
      yield await many;
      done += names.length;
      options.onProgress?.(done, sources.length, "decoding images");
      continue;
    }
    const chunk = new Uint8Array(names.length * bytes);
    await forEachConcurrently(names.length, decodersAtOnce, async (i) => {
      throwIfStopped(options.signal, "decoding images");
      try {
        chunk.set(await decode(names[i]!, geometry), i * bytes);
      } catch (error) {
        if (options.broken === "throw" || !(error instanceof DataError)) throw error;
        reasons.set(names[i]!, error.facts.received);
      }
      options.onProgress?.(++done, sources.length, "decoding images");
    });
    for (const source of names) {
      const reason = reasons.get(source);
      if (reason !== undefined) broken.push({ source, reason });
    }
    yield chunk;
  }
  throwIfStopped(options.signal, "decoding images");
}

/** Better at once than after an hour of decoding. */
async function refuseWithoutSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder).catch((error: unknown) => {
    throw toFileError(error, folder, "folder");
  });
  // Some network and container file systems report no size at all; there the write itself will tell.
  if (bavail === 0 || bavail * bsize >= bytes) return;
  throw new FileError({
    at: folder,
    expected: `${formatBytes(bytes)} free for the decoded images`,
    received: `${formatBytes(bavail * bsize)} free`,
    hint: "free some space, choose another cache folder, or a smaller image size",
  });
}

function keyText({ fingerprint, geometry, subset, from, thumbnails }: CacheKey): string {
  const { size, channels, resize, interpolation, crop = 1 } = geometry;
  return JSON.stringify({
    version,
    fingerprint,
    subset,
    size,
    channels,
    resize,
    interpolation,
    // Left out where nothing is cut off, so that caches from before there was a crop are found.
    ...(crop !== 1 && { crop }),
    from,
    thumbnails,
    decoder: decoderVersion,
  });
}

function filesOf(folder: string, key: CacheKey) {
  const name = sha256(keyText(key)).slice(0, 32);
  const file = (extension: string) => join(folder, `${name}.${extension}`);
  return { pixels: file("pixels"), index: file("json"), verified: file("verified.json") };
}
