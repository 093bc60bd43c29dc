/** Folders of pictures as people have them, and the program called on them. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp, { type Sharp } from "sharp";
import { createRng } from "../../src/base/index.js";
import { createPlace } from "../place.js";

export const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
/** The quickest training there is. */
export const quick = ["--network", "mobilenet-v3-small-0.25@16", "--device", "cpu", "--threads", "1", "--epochs", "1"];

const { place, run } = createPlace();

export const temporaryFolder = (): Promise<string> => mkdtemp(place("folder-"));

/** Noise of a colour of its own by `hue`, so that no two pictures are the same and classes can be told apart. */
export function picture(
  hue: number,
  i = 0,
  [width, height]: readonly [number, number] = [24, 24],
  channels = 3,
): Sharp {
  const pixels = Buffer.alloc(width * height * channels);
  const rng = createRng(i);
  for (let k = 0; k < pixels.length; k++) {
    const noise = rng.integer(256);
    pixels[k] = channels === 1 || k % channels === hue % channels ? 128 + (noise >> 1) : noise >> 2;
  }
  return sharp(pixels, { raw: { width, height, channels: channels as 1 | 3 } });
}

/** `count` PNG files in `folder`, of the pictures from `first` on. */
export async function fill(
  folder: string,
  count: number,
  hue = 0,
  make: (hue: number, i: number) => Sharp = picture,
  first = 0,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < count; i++)
    await make(hue, first + i)
      .png()
      .toFile(join(folder, `${i}.png`));
}

/** Each path a class folder with `perClass` pictures, those from `first` on, below a new root. */
export async function dataOf(paths: readonly string[], perClass = 8, first = 0): Promise<string> {
  const root = join(await temporaryFolder(), "photos");
  for (const [hue, path] of paths.entries()) await fill(join(root, path), perClass, hue, picture, first);
  return root;
}

export async function write(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** In this process. The cache is new with every call where none is given. */
export async function bantam(words: readonly string[], cache?: string) {
  return run(words, { BANTAM_CACHE: cache ?? (await temporaryFolder()) });
}

/** In a process of its own. */
export async function bantamApart(
  words: readonly string[],
  { node = [], env = {} }: { readonly node?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
) {
  const shell = ["-c", 'ulimit -n 256; exec "$0" "$@"', process.execPath, ...node, program, ...words];
  const child = spawn("bash", shell, {
    env: { ...process.env, BANTAM_CACHE: await temporaryFolder(), NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  return { code, stdout, stderr };
}
