/** The commands that make a model file and those that take one, one after the other as people use them. */
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { folderOf, idxImages, idxLabels } from "../src/data/testing/fixtures.js";
import { loadModel } from "../src/shipping/index.js";
import { decodeSafetensors } from "../src/weights/index.js";
import { makePhotos } from "./photos.js";
import { createPlace } from "./place.js";

const { place, bantam } = createPlace();

/** The one document that `--json` prints. */
async function json(...words: string[]) {
  const { code, stdout, stderr } = await bantam(...words, "--json");
  expect(stderr).not.toMatch(/^(error|internal)/m);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^[^\n]+\n$/);
  return JSON.parse(stdout);
}

const size = ["--network", "mobilenet-v3-small", "--width", "0.35", "--resolution", "32"];
// The processor, not the fastest device of the moment: tests compare bytes.
const onCpu = ["--device", "cpu"];
const train = () => json("train", place("photos"), ...size, ...onCpu, "--epochs", "2", "--out", place("trained"));
let trained: Awaited<ReturnType<typeof train>>;

beforeAll(async () => {
  await makePhotos(place("photos"), 12);
  trained = await train();
}, 60_000);

describe("train", () => {
  test("trains the network that profile counts", async () => {
    const [network, name, ...rest] = size;
    expect(network).toBe("--network");
    const { params, macs, weightBytes } = await json("profile", name!, ...rest, "--classes", "3");
    expect(trained.costs).toMatchObject({ params, macs, weightBytes });
    expect(trained.curve.map(({ epoch }: { epoch: number }) => epoch)).toEqual([1, 2]);
    expect(trained.count).toBe(5); // about a fifth of each class of 12
    expect((await readdir(place("trained"))).toSorted()).toEqual([
      "checkpoints",
      "metrics.jsonl",
      "model.onnx",
      "model.safetensors",
      "report.html",
      "run.json",
    ]);
  });

  test("finds a learning rate before it trains, or is told one, not both", async () => {
    const words = ["train", place("photos"), ...size, "--epochs", "1", "--out", place("found"), "--find-learning-rate"];
    const { code, stderr } = await bantam(...words);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^learning rate \d\S*, found for batches of \d+$/m);
    const both = await bantam(...words, "--learning-rate", "0.1");
    expect(both.code).toBe(2);
    expect(both.stderr).toContain(
      "--find-learning-rate: expected a rate to be found or one that is given, received both",
    );
  });

  test("says what a step takes on each device, takes the fastest, and stays with it", async () => {
    const words = ["train", place("photos"), ...size, "--epochs", "1", "--out", place("auto")];
    const { code, stderr } = await bantam(...words);
    expect(code).toBe(0);
    const [, chosen, figures] = /^device (\w+): (.+)$/m.exec(stderr)!;
    const times = figures!
      .split(", ")
      .map((each) => /^(\w+) (?:(\S+) ms a step|cannot train this network)$/.exec(each)!);
    const able = times.filter(([, , ms]) => ms !== undefined).toSorted(([, , a], [, , b]) => Number(a) - Number(b));
    expect(able.length).toBeGreaterThan(1);
    expect(chosen).toBe(able[0]![1]);
    const again = await bantam(...words);
    expect(again).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/^device/m) });
    const other = able.at(-1)![1]!;
    const insisted = await bantam(...words, "--device", other);
    expect(insisted).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/^(device|epoch)/m) });
    expect(insisted.stderr).toMatch(/^warning: begun on .+, going on on .+: the results will be rounded differently$/m);
  });

  test("ends in the same weights however many threads assemble its batches, and says how long it waited for them", async () => {
    const out = place("workers");
    const words = ["train", place("photos"), ...size, ...onCpu, "--epochs", "2", "--out", out, "--workers"];
    const { code, stderr } = await bantam(...words, "1");
    expect(code).toBe(0);
    expect(stderr).toMatch(/^epoch {3}2\/2 {3}loss .* images\/s {3}\d+ % waiting for data$/m);
    const records = (await readFile(join(out, "metrics.jsonl"), "utf8")).trim().split("\n");
    expect(records.map((line) => JSON.parse(line).waitingForData)).toEqual([expect.any(Number), expect.any(Number)]);
    const weights = async (file: string) => decodeSafetensors(await readFile(file), file).tensors;
    expect(await weights(join(out, "model.safetensors"))).toEqual(await weights(trained.model));
    const refused = await bantam(...words, "-1");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--workers: expected at least 0, received "-1"');
  });

  test("takes the layers of a file, for the classes at hand, and goes on without it", async () => {
    const { architecture } = await loadModel(trained.model);
    const [file, out] = [place("layers.json"), place("of-layers")];
    await writeFile(file, JSON.stringify({ ...architecture, name: "mine", classes: 10 }));
    const words = ["train", place("photos"), "--network", file, ...onCpu, "--epochs", "1", "--out", out];
    expect(await bantam(...words)).toMatchObject({ code: 0 });
    await rm(file);
    expect(await bantam("train", "--resume", out)).toMatchObject({ code: 0 });
    const model = await loadModel(join(out, "model.safetensors"));
    expect(model.architecture).toEqual({ ...architecture, name: "mine" });
    expect(await bantam(...words)).toMatchObject({ code: 1, stderr: expect.stringContaining("layers.json") });
    await writeFile(file, JSON.stringify({ ...architecture, stem: { ...architecture.stem, kernel: 4 } }));
    const { code, stderr } = await bantam(...words);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/layers\.json: expected an architecture, received a wrong field\n +stem\.kernel: /),
    });
  });

  test.each([
    ["a named recipe", { base: "quick" }, false],
    ["a file that says so", { base: "quick", augmentation: { shift: 0, flip: true, erase: 0 } }, true],
    ["a file that says no", { base: "quick", augmentation: { shift: 0, flip: false, erase: 0 } }, false],
  ])("mirrors grey images by %s: %j is %j", async (_, recipe, flip) => {
    const grey = await folderOf({
      "train-images-idx3-ubyte": idxImages(40, 16, 16),
      "train-labels-idx1-ubyte": idxLabels(Array.from({ length: 40 }, (_, i) => i % 2)),
    });
    const [file, out] = [join(grey, "recipe.json"), `${grey}-out`];
    await writeFile(file, JSON.stringify(recipe));
    const words = ["train", grey, "--network", "mobilenet-v1-0.25@16", "--recipe", file, ...onCpu, "--epochs", "1"];
    expect(await bantam(...words, "--out", out)).toMatchObject({ code: 0 });
    expect(await bantam("train", "--resume", out)).toMatchObject({
      code: 0,
      stderr: expect.not.stringMatching(/^epoch/m),
    });
    const { facts } = JSON.parse(await readFile(join(out, "run.json"), "utf8"));
    expect(facts.recipe.augmentation.flip).toBe(flip);
  });

  test("called again, trains nothing and gives the same bytes", async () => {
    const bytes = await readFile(trained.model);
    const again = await train();
    expect(again.curve).toEqual(trained.curve); // the speed, too, is that of the first run
    expect(Buffer.compare(await readFile(again.model), bytes)).toBe(0);
  });
});

describe("eval", () => {
  test("gives the accuracy that train reported, from either file", async () => {
    for (const model of [trained.model, trained.onnx]) {
      const { accuracy, count, perClass, confusion } = await json("eval", model, place("photos"));
      expect({ accuracy, count }).toEqual({ accuracy: trained.accuracy, count: trained.count });
      expect(perClass.map(({ label }: { label: string }) => label)).toEqual(["circle", "cross", "stripes"]);
      expect(confusion.flat().reduce((a: number, b: number) => a + b)).toBe(count);
    }
  });

  test("refuses a folder of other classes", async () => {
    await makePhotos(place("others"), 4);
    await rename(place("others", "stripes"), place("others", "dots"));
    const { code, stderr, stdout } = await bantam("eval", trained.onnx, place("others"));
    const expected = `expected only classes of the model ("circle", "cross", "stripes"), received "dots"\n`;
    expect(stderr).toContain(`others: ${expected}`);
    expect(stderr).toContain("\n  hint: move the others away, or write ");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });
});

describe("predict", () => {
  const images = () => [place("photos", "cross", "0.png"), place("photos", "stripes", "1.jpg")];

  test("gives the classes of each picture, the most probable first, the same from either file", async () => {
    const { predictions } = await json("predict", trained.onnx, ...images(), "--top", "2");
    expect(predictions.map(({ file }: { file: string }) => file)).toEqual(images());
    for (const { label, probability, top } of predictions) {
      expect(top).toHaveLength(2);
      expect(top[0]).toEqual({ label, probability });
      expect(probability).toBeGreaterThanOrEqual(top[1].probability);
      expect(probability + top[1].probability).toBeLessThanOrEqual(1 + 1e-6);
    }
    const same = await json("predict", trained.model, ...images(), "--top", "2");
    expect(same).toEqual({ predictions, errors: [], skipped: [], ignored: {} });
    const { stdout, stderr } = await bantam("predict", trained.onnx, ...images());
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    for (const [i, { file, label }] of predictions.entries()) {
      expect(lines[i]).toMatch(new RegExp(`${basename(file)} +${label} `));
    }
    expect(stderr).toBe("");
  });

  test("of a folder says how many pictures the model has seen, copies included", async () => {
    await mkdir(place("mixed"));
    const { predictions } = JSON.parse((await bantam("predict", trained.onnx, place("photos"), "--json")).stdout);
    const partOf = new Map<string, string | null>(
      predictions.map(({ file, seen }: { file: string; seen: string | null }) => [file, seen]),
    );
    const countOf = (part: string | null) => [...partOf.values()].filter((seen) => seen === part).length;
    const { train, validation } = JSON.parse(
      (await bantam("eval", trained.onnx, place("photos"), "--json")).stdout,
    ).data;
    expect([countOf("train"), countOf("validation"), countOf(null)]).toEqual([train, validation, trained.count]);
    const [known] = [...partOf].find(([file, part]) => part === "train" && file.endsWith(".png"))!;
    const [unknown] = [...partOf].find(([, part]) => part === null)!;
    await sharp(known).jpeg({ quality: 80 }).toFile(place("mixed", "again.jpg"));
    await copyFile(unknown, place("mixed", basename(unknown)));
    const mixed = await bantam("predict", trained.onnx, place("mixed"));
    expect(mixed.stderr).toBe("the model was trained on 1 of 2 pictures, and chosen by 0, copies included\n");
    // Alone it does not tell, nor does one whose neighbour is damaged.
    await copyFile(trained.onnx, place("alone.onnx"));
    const alone = await json("predict", place("alone.onnx"), place("mixed"));
    expect(alone.predictions.map((one: object) => "seen" in one)).toEqual([false, false]);
    await writeFile(place("alone.safetensors"), "nothing");
    const damaged = await bantam("predict", place("alone.onnx"), place("mixed"));
    expect(damaged).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^warning: which pictures the model has seen is not told: .*alone\.safetensors/),
    });
  });

  test.each([
    [
      "a text file",
      "notes.txt",
      "a JPEG, PNG, WebP, GIF, AVIF or TIFF image, received a file that starts with 6e 65 69",
    ],
    ["a broken picture", "cut.png", "a readable image"],
    ["an empty file", "empty.png", "a JPEG, PNG, WebP, GIF, AVIF or TIFF image, received an empty file"],
    ["a file that is not there", "none.png", "a readable image, received"],
  ])("names %s", async (_, name, text) => {
    const [picture] = images();
    await writeFile(place("notes.txt"), "neither is this");
    await writeFile(place("cut.png"), (await readFile(picture!)).subarray(0, 200));
    await writeFile(place("empty.png"), "");
    const { code, stderr, stdout } = await bantam("predict", trained.onnx, place(name));
    expect(stderr.startsWith(`error: ${place(name)}: expected ${text}`), stderr).toBe(true);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const among = await bantam("predict", trained.onnx, picture!, place(name), picture!);
    expect(among.code).toBe(1);
    expect(among.stdout).toMatch(/^(.*0\.png +\w+ .*)\n\1\n$/);
    expect(among.stderr.startsWith(`error: ${place(name)}: expected ${text}`)).toBe(true);
    expect(among.stderr).toMatch(/\nfailed: 1 of what was asked for, named above\n$/);
  });

  test("refuses a model that is cut off", async () => {
    for (const [file, text] of [
      [trained.onnx, "expected an ONNX file"],
      [trained.model, "the file is cut off or damaged"],
    ]) {
      const cut = place(`cut-${basename(file)}`);
      const bytes = await readFile(file);
      await writeFile(cut, bytes.subarray(0, bytes.length - 1000));
      const { code, stderr, stdout } = await bantam("predict", cut, ...images());
      expect(stderr).toMatch(/^error: /);
      expect(stderr).toContain(cut);
      expect(stderr).toContain(text);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    }
  });
});

describe("export", () => {
  test("writes an ONNX file that says what the model says", async () => {
    const file = place("exported.onnx");
    const { bytes } = await json("export", trained.model, "--out", file);
    expect((await readFile(file)).length).toBe(bytes);
    const picture = place("photos", "circle", "0.png");
    expect(await json("predict", file, picture)).toEqual(await json("predict", trained.model, picture));
  });

  test.each([
    [
      "a place below a file",
      () => [trained.model, "--out", place("photos", "cross", "notes.txt", "m.onnx")],
      1,
      /goes through a file/,
    ],
    ["a folder that is not there", () => [trained.model, "--out", place("nowhere", "m.onnx")], 1, /does not exist/],
    ["an ONNX file for a model", () => [trained.onnx, "--out", place("m.onnx")], 1, /safetensors/],
    ["no place at all", () => [trained.model], 2, /--out/],
  ] as const)("refuses %s", async (_, words, expected, message) => {
    const before = await readdir(place());
    const { code, stderr, stdout } = await bantam("export", ...words());
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
    expect(await readdir(place()), "nothing is left half written").toEqual(before);
  });
});
