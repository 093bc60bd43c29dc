/** Features on disk, in parts: a computation that was stopped goes on after the last one that is complete. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureWritableFolder, writeFileAtomic } from "../../base/files.js";
import type { ImageSet } from "../../data/index.js";
import type { createBody } from "../../training/index.js";
import { decodeSealed, encodeSealed } from "../../weights/index.js";

type Body = Awaited<ReturnType<typeof createBody>>;

/** Images in one file. */
const PART = 512;

/**
 * `[count, C, H, W]` of all images.
 *
 * @param options.key of everything that the features depend on: images, weights, engine and its threads.
 */
export async function cachedFeatures(
  images: ImageSet,
  body: Body,
  options: {
    readonly cacheDir: string;
    readonly key: string;
    readonly signal?: AbortSignal | undefined;
    readonly onProgress: (done: number, total: number) => void;
  },
): Promise<Float32Array> {
  const folder = join(options.cacheDir, "features", options.key);
  await ensureWritableFolder(folder);
  const parts: Float32Array[] = [];
  for (let first = 0; first < images.count; first += PART) {
    const last = Math.min(first + PART, images.count);
    const file = join(folder, `${first}-${last}.safetensors`);
    const known = await readPart(file, last - first);
    const features = known ?? (await body.features(images, { first, last, signal: options.signal }));
    if (known === null) {
      const shape = [last - first, features.length / (last - first)];
      const tensors = new Map([["features", { dtype: "F32", shape, data: features } as const]]);
      await writeFileAtomic(file, encodeSealed(tensors));
    }
    parts.push(features);
    options.onProgress(last, images.count);
  }
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** null where there is none, or it is not one: then it is computed again. */
async function readPart(file: string, count: number): Promise<Float32Array | null> {
  try {
    const tensor = decodeSealed(await readFile(file), file).tensors.get("features");
    return tensor?.dtype === "F32" && tensor.shape[0] === count ? tensor.data : null;
  } catch {
    return null;
  }
}
