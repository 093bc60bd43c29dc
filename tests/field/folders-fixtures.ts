/** A command line in this process, in a folder of its own, and small pictures. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { createRng } from "../../src/base/index.js";
import { commands } from "../../src/cli/commands/index.js";
import { main } from "../../src/cli/index.js";
import { createFakeIo } from "../../src/cli/testing/fake-io.js";

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

export async function createPlace() {
  const root = await mkdtemp(join(tmpdir(), "bantam-folders-"));
  const place = (...names: string[]) => join(root, ...names);
  return {
    place,
    remove: () => rm(root, { recursive: true, force: true }),
    /** @param stopAt Ctrl-C as soon as this is written. */
    async bantam(words: readonly string[], stopAt?: RegExp) {
      const io = createFakeIo({ BANTAM_CACHE: place("cache"), BANTAM_THREADS: "1", NO_COLOR: "1" });
      if (stopAt !== undefined) {
        const { stderr } = io;
        const write = stderr.write.bind(stderr) as (text: string, done?: (error?: Error | null) => void) => boolean;
        stderr.write = (text: string, done?: (error?: Error | null) => void): boolean => {
          if (stopAt.test(text)) io.signals.emit("SIGINT", "SIGINT");
          return write(text, done);
        };
      }
      const code = await main(words, commands, io);
      return { code, stderr: io.stderr.text, stdout: io.stdout.text };
    },
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
