/**
 * What a network of one side makes of pictures that are cropped, squeezed or padded to it, by how many of them are elongated.
 *
 *     npx jiti scripts/shapes.ts [--images 3000] [--epochs 8] [--seeds 2] [--out results/shape.csv]
 *
 * The pictures are Fashion-MNIST's from the box. In a set `share S` each lies somewhere on black, S of them on three times their length
 * in one direction or the other, the others on one and a half times; in `outlines` each is cut to what is not black.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { createRng, type Rng } from "../src/base/index.js";
import { openDataset, openImages, shapes } from "../src/data/index.js";
import { trainNetwork } from "../src/jobs/index.js";
import { chooseEngine } from "../src/runtime/index.js";

const SIDE = 28;
const shares = [0, 0.1, 0.25, 0.5, 1];
const { values } = parseArgs({
  options: {
    images: { type: "string", default: "3000" },
    epochs: { type: "string", default: "8" },
    seeds: { type: "string", default: "2" },
    out: { type: "string", default: "results/shape.csv" },
  },
});

type Picture = { readonly pixels: Uint8Array; readonly width: number; readonly height: number };

function onCanvas(pixels: Uint8Array, share: number, rng: Rng): Picture {
  const long = rng.uniform() < share ? 3 * SIDE : 1.5 * SIDE;
  const isWide = rng.uniform() < 0.5;
  const [width, height] = isWide ? [long, SIDE] : [SIDE, long];
  const offset = rng.integer(long - SIDE + 1);
  const canvas = new Uint8Array(width * height);
  for (let y = 0; y < SIDE; y++) {
    const start = isWide ? y * width + offset : (y + offset) * width;
    canvas.set(pixels.subarray(y * SIDE, (y + 1) * SIDE), start);
  }
  return { pixels: canvas, width, height };
}

/** Levels up to this are none of the thing. */
const BLACK = 30;

function outline(pixels: Uint8Array): Picture {
  const seen = Array.from(pixels.keys()).filter((i) => pixels[i]! > BLACK);
  const [xs, ys] = [seen.map((i) => i % SIDE), seen.map((i) => Math.floor(i / SIDE))];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left + 1, Math.max(...ys) - top + 1];
  const rows = Array.from({ length: height }, (_, y) => pixels.subarray((top + y) * SIDE + left).subarray(0, width));
  return { pixels: Buffer.concat(rows), width, height };
}

const root = await mkdtemp(join(tmpdir(), "bantam-shapes-"));
const cacheDir = join(root, "cache");
const engine = await chooseEngine("cpu", 1);
const box = await openDataset("data/fashion-mnist-test-10k", { seed: 0, cacheDir });
const images = await openImages(
  box,
  "train",
  { size: SIDE, channels: 1, resize: "cover", interpolation: "bilinear" },
  { cacheDir },
);

async function writeSet(name: string, make: (pixels: Uint8Array, rng: Rng) => Picture): Promise<string> {
  const rng = createRng(0).fork(name);
  const folder = join(root, name);
  for (let i = 0; i < Math.min(Number(values.images), images.count); i++) {
    const pixels = new Uint8Array(SIDE * SIDE);
    images.read(i, pixels, 0);
    const { pixels: own, ...raw } = make(pixels, rng.fork(i));
    const place = join(folder, String(images.labels[i]));
    await mkdir(place, { recursive: true });
    await sharp(own, { raw: { ...raw, channels: 1 } })
      .toColourspace("b-w")
      .toFile(join(place, `${i}.png`));
  }
  return folder;
}

const sets = [
  ...shares.map((share) => [`share ${share}`, (pixels: Uint8Array, rng: Rng) => onCanvas(pixels, share, rng)] as const),
  ["outlines", outline] as const,
];
const lines = ["set,elongated_percent,shape,seed,held_out,accuracy_percent"];
try {
  for (const [name, make] of sets) {
    const data = await writeSet(name, make);
    const { looks } = await openDataset(data, { seed: 0, cacheDir });
    for (let seed = 0; seed < Number(values.seeds); seed++) {
      for (const shape of shapes) {
        const network = { name: "mobilenet-v1", width: 0.1, resolution: SIDE };
        const out = join(root, "run");
        const options = {
          data,
          shape,
          network,
          epochs: Number(values.epochs),
          seed,
          out,
          overwrite: true,
          engine,
          cacheDir,
          workers: 0,
        };
        const { accuracy, count } = await trainNetwork(options);
        const elongated = ((100 * looks.elongated) / looks.count).toFixed(0);
        lines.push([name, elongated, shape, seed, count, (100 * accuracy).toFixed(1)].join());
        console.log(lines.at(-1));
      }
    }
  }
  await writeFile(values.out, `${lines.join("\n")}\n`);
} finally {
  images.close();
  await rm(root, { recursive: true, force: true });
}
