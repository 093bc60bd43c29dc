/** A command line in this process, in a folder of its own, and small pictures. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { createRng } from "../../src/base/index.js";
import { createPlace } from "../place.js";

/** Two classes of noisy pictures, told apart by their brightness. */
export async function makeNoise(folder: string, perClass = 10, seed = 1): Promise<void> {
  const rng = createRng(seed);
  for (const [label, level] of [
    ["dark", 40],
    ["light", 180],
  ] as const) {
    await mkdir(join(folder, label), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const pixels = Buffer.from(Uint8Array.from({ length: 16 * 16 * 3 }, () => level + rng.integer(60)));
      await sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } })
        .png()
        .toFile(join(folder, label, `${i}.png`));
    }
  }
}

export function createField() {
  const { place, run } = createPlace();
  return {
    place,
    /** @param stopAt Ctrl-C as soon as this is written. */
    bantam: (words: readonly string[], stopAt?: RegExp) => run(words, {}, stopAt),
    /** Digests of all files by their paths: what may not change. */
    async contents(...names: string[]): Promise<Record<string, string>> {
      const folder = place(...names);
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
      const digests = files.map(async (file) => [
        file.slice(folder.length + 1),
        createHash("sha256")
          .update(await readFile(file))
          .digest("hex"),
      ]);
      return Object.fromEntries((await Promise.all(digests)).sort()) as Record<string, string>;
    },
  };
}
