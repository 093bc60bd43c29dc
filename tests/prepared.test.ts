/** Whoever prepares a picture for a model does it alike: `eval`, `predict`, the file itself, and the lines that the README has for everybody else. */
import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { createRng } from "../src/base/index.js";
import { costsOfProfile } from "../src/cost/index.js";
import { type Geometry, openDataset, openImages, resizes, shapeOf, shapes } from "../src/data/index.js";
import { buildArchitecture, buildNetwork, profileArchitecture } from "../src/networks/index.js";
import { randomWeights } from "../src/networks/testing/random-weights.js";
import { chooseEngine } from "../src/runtime/index.js";
import { exportOnnx, type Model, openClassifier, predictFiles, saveModel } from "../src/shipping/index.js";
import { createPlace } from "./place.js";

const { place, bantam } = createPlace();
const repository = fileURLToPath(new URL("..", import.meta.url));
const engine = await chooseEngine("auto", 1);
const SIDE = 32;
const classes = ["a", "b", "c"];
/** Of probabilities: what two runs of one file on the same pixels may differ by. */
const BOUND = 1e-6;

/** Waves of every length and direction: whatever is cut off, moved or squeezed shows. */
function waves(width: number, height: number, seed: number): Sharp {
  const rng = createRng(seed);
  const parts = Array.from({ length: 9 }, () => [rng.normal() * 12, rng.normal() * 12, rng.uniform() * 6] as const);
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < pixels.length; i++) {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    const own = parts.slice(3 * (i % 3), 3 * (i % 3) + 3);
    const level = own.reduce((sum, [a, b, c]) => sum + Math.sin((a * x) / width + (b * y) / height + c), 0);
    pixels[i] = Math.round(128 + 42 * level);
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

const photos: Readonly<Record<string, () => Sharp>> = {
  "wide.jpg": () => waves(400, 100, 1).jpeg(),
  "tall.png": () => waves(90, 360, 2).png(),
  "turned.jpg": () => waves(300, 120, 3).withMetadata({ orientation: 6 }).jpeg(),
  "clear.png": () => waves(150, 100, 5).ensureAlpha(0.4).png(),
  "deep.png": () => waves(160, 120, 6).toColourspace("rgb16").png(),
  "print.jpg": () => waves(200, 90, 7).toColourspace("cmyk").jpeg(),
  "palette.png": () => waves(130, 50, 8).png({ palette: true, colours: 32 }),
  "grey.png": () => waves(120, 200, 9).toColourspace("b-w").png(),
  "deep-grey.png": () => waves(77, 140, 10).toColourspace("grey16").png(),
};

/** Untrained, with a classifier so sharp that a few levels show. */
function modelOf(geometry: Omit<Geometry, "size">): Model {
  const { channels } = geometry;
  const architecture = buildArchitecture("mobilenet-v3-small", { width: 0.35, resolution: SIDE, classes: 3, channels });
  const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });
  const tensors = randomWeights(graph, createRng(6));
  tensors.set(
    "classifier.weight",
    tensors.get("classifier.weight")!.map((weight) => 3 * weight),
  );
  tensors.set("classifier.bias", new Float32Array(3));
  const normalization = { mean: new Array(channels).fill(0.5), std: new Array(channels).fill(0.25) };
  return {
    architecture,
    tensors,
    classes,
    preprocessing: { size: SIDE, ...geometry, ...normalization },
    costs: costsOfProfile(profileArchitecture(architecture)),
    history: {},
  };
}

const readme = await readFile(join(repository, "README.md"), "utf8");
const [, own = "", ofCrops = ""] =
  /## The ONNX file without Bantam\n.*?```js\n(.*?)```.*?in place of `photo` stands\n\n```js\n(.*?)```/s.exec(readme) ??
  [];
const snippetFor = ({ crop }: Pick<Geometry, "crop">) =>
  crop === undefined ? own : own.replace(/^const photo = .*\n/m, () => ofCrops);

/** What the README's lines print, as they stand, in a folder as they expect it. */
async function bySnippet(folder: string, onnx: Uint8Array, photo: string, snippet: string): Promise<number[]> {
  await mkdir(join(folder, "runs", "photos"), { recursive: true });
  await writeFile(join(folder, "runs", "photos", "model.onnx"), onnx);
  await copyFile(photo, join(folder, "cat.jpg"));
  await symlink(join(repository, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "snippet.mjs"), snippet);
  const { stdout } = await promisify(execFile)(process.execPath, ["snippet.mjs"], { cwd: folder });
  const [, numbers = ""] = /\[\s*(.*?),?\s*\]/s.exec(stdout) ?? [];
  return numbers.split(",").map(Number);
}

/** As `eval` has them: decoded into the cache. @returns `[3]` by the name of the photo. */
async function byCache({ preprocessing }: Model, onnx: string, data: string): Promise<Map<string, Float32Array>> {
  const cacheDir = place("cache");
  const shape = shapeOf(preprocessing.resize);
  const dataset = await openDataset(data, { seed: 0, cacheDir, maxSize: SIDE, shape, classes });
  const all = { ...dataset.splits, test: Object.values(dataset.splits).flat() };
  const images = await openImages({ ...dataset, splits: all }, "test", preprocessing, { cacheDir });
  const bytes = SIDE * SIDE * preprocessing.channels;
  const pictures = images.sources.map((_, i) => {
    const pixels = new Uint8Array(bytes);
    images.read(i, pixels, 0);
    return pixels;
  });
  images.close();
  const classifier = await openClassifier(onnx, engine);
  const rows = await classifier.classify(pictures);
  await classifier.dispose();
  return new Map(images.sources.map((source, i) => [source.split("/").at(-1)!, rows[i]!]));
}

const mostApart = (row: ArrayLike<number>, other: ArrayLike<number>) =>
  Math.max(...Array.from(row, (value, k) => Math.abs(value - other[k]!)));

const ours = shapes.flatMap((shape) =>
  ([1, 3] as const).map((channels) => ({ resize: resizes[shape], channels, interpolation: "bilinear" as const })),
);
const others = (["cover", "stretch"] as const).map(
  (resize) => ({ resize, channels: 3, interpolation: "bicubic", crop: 0.875 }) as const,
);

describe.each<Omit<Geometry, "size">>([...ours, ...others])(
  "$resize, $channels channels, $interpolation, crop $crop",
  (geometry) => {
    test("eval, predict, the README's lines and both files agree", async () => {
      const folder = place(Object.values(geometry).join("-"));
      const files = { onnx: join(folder, "model.onnx"), model: join(folder, "model.safetensors") };
      await mkdir(folder, { recursive: true });
      const model = modelOf(geometry);
      const onnx = await exportOnnx(model, engine, undefined);
      await writeFile(files.onnx, onnx);
      await saveModel(files.model, model);

      const expected = new Map<string, number[]>();
      for (const [name, photo] of Object.entries(photos)) {
        await photo().toFile(join(folder, name));
        expected.set(
          name,
          await bySnippet(join(folder, `with-${name}`), onnx, join(folder, name), snippetFor(geometry)),
        );
      }
      // Else all would agree on nothing.
      const answers = [...expected.values()].map((row) => row.indexOf(Math.max(...row)));
      expect(new Set(answers).size).toBeGreaterThan(1);

      for (const file of Object.values(files)) {
        const classifier = await openClassifier(file, engine);
        const { predictions } = await predictFiles(
          classifier,
          [...expected.keys()].map((name) => join(folder, name)),
        );
        await classifier.dispose();
        for (const { file: photo, top } of predictions) {
          const row = classes.map((name) => top.find(({ label }) => label === name)!.probability);
          expect([photo, mostApart(row, expected.get(photo.split("/").at(-1)!)!)]).toSatisfy(
            ([, apart]) => apart <= BOUND,
          );
        }
      }

      const data = join(folder, "data");
      for (const [i, name] of [...expected.keys()].entries()) {
        const own = join(data, classes[answers[i]!]!);
        await mkdir(own, { recursive: true });
        await copyFile(join(folder, name), join(own, name));
      }
      const cached = await byCache(model, files.onnx, data);
      for (const [name, row] of expected)
        expect([name, mostApart(cached.get(name)!, row)]).toSatisfy(([, apart]) => apart <= BOUND);
      const { stdout } = await bantam("eval", files.onnx, data, "--json");
      expect(JSON.parse(stdout)).toMatchObject({ accuracy: 1, count: expected.size });
    });
  },
);
