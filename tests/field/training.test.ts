/** Trainings that go wrong, as people bring them about: what is said, what ships, and with which exit code. */
import { mkdir, readdir, readFile } from "node:fs/promises";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../../src/base/index.js";
import { loadModel } from "../../src/shipping/index.js";
import { createField, makeNoise } from "./folders-fixtures.js";

const { place, bantam } = createField();
const network = ["--network", "mobilenet-v3-small-0.25@16", "--device", "cpu"];

/** @param colourOf of a pixel: class, picture and place. */
async function makePictures(
  name: string,
  perClass: number,
  colourOf: (label: number, picture: number, pixel: number) => readonly number[],
): Promise<string> {
  for (const label of [0, 1]) {
    await mkdir(place(name, `class ${label}`), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const pixels = Buffer.from(Array.from({ length: 16 * 16 }, (_, pixel) => colourOf(label, i, pixel)).flat());
      const picture = sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } });
      await picture.png().toFile(place(name, `class ${label}`, `${i}.png`));
    }
  }
  return place(name);
}

/** A training with its result, or its error. */
async function train(data: string, out: string, ...more: string[]) {
  const words = ["train", data, ...network, "--epochs", "3", "--out", place(out), "--json", ...more];
  const { code, stdout, stderr } = await bantam(words);
  expect(stderr, "never a stack").not.toMatch(/^\s+at |internal:/m);
  return { code, stderr, result: code === 0 ? JSON.parse(stdout) : null };
}

/** What ships are numbers. */
async function expectShipped(out: string) {
  const { tensors } = await loadModel(place(out, "model.safetensors"));
  for (const [name, numbers] of tensors) expect(numbers.every(Number.isFinite), name).toBe(true);
}

let seven: string;
beforeAll(async () => {
  await makeNoise(place("noise"));
  const rng = createRng(1);
  seven = await makePictures("seven", 7, () => [rng.integer(256), rng.integer(256), rng.integer(256)]);
});

describe("a batch larger than there are pictures", () => {
  test("becomes one of those there are, with the rate for it", async () => {
    const { code, stderr, result } = await train(seven, "large", "--batch-size", "4096", "--quiet");
    expect(code).toBe(0);
    expect(stderr).toContain("batches of 10 in place of 4096: there are 10 training pictures\n");
    // 0.2 for 64 images, by the recipe.
    expect(result.recipe).toEqual({ batchSize: 10, learningRate: expect.closeTo(0.03125, 6) });
    expect(result.setbacks).toEqual([]);
    await expectShipped("large");
  });

  test.each([
    [["--batch-size", "11", "--accumulate", "3"], 9],
    [["--batch-size", "10"], 10],
    [["--batch-size", "1"], 1],
  ] as const)("%s is one of %d", async (words, size) => {
    const out = `batch-${size}`;
    const { code, result } = await train(seven, out, ...words);
    expect(code).toBe(0);
    expect(result.recipe.batchSize).toBe(size);
    await expectShipped(out);
  });

  test("a rate that was given is not scaled", async () => {
    const { result } = await train(seven, "given", "--batch-size", "512", "--learning-rate", "0.02");
    expect(result.recipe).toEqual({ batchSize: 10, learningRate: 0.02 });
  });
});

describe("rates", () => {
  test("one that is far too high is quartered, and what it comes to ships", async () => {
    const { code, stderr, result } = await train(place("noise"), "high", "--learning-rate", "60", "--epochs", "6");
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^warning: epoch \d went wrong \(.*\): put back to (the start|epoch \d), and tried again at a learning rate of 15 with clipped gradients$/m,
    );
    expect(stderr).toMatch(/^best: epoch \d, .* of the validation images, loss /m);
    expect(result.setbacks[0]).toMatchObject({ learningRate: 15 });
    const lines = (await readFile(place("high", "metrics.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(result.curve);
    const { history } = await loadModel(place("high", "model.safetensors"));
    expect(history).toMatchObject({ best: result.best, setbacks: result.setbacks });
    expect(await readFile(place("high", "report.html"), "utf8")).toContain("went wrong (");
    await expectShipped("high");
  });

  test("one at which nothing comes of it ends with exit code 1 and leaves nothing", async () => {
    const { code, stderr } = await train(place("noise"), "absurd", "--learning-rate", "1e20");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: mobilenet-v3-small, epoch \d: expected a training that gets better than guessing, /m,
    );
    expect(stderr).toContain("lower --learning-rate");
    expect(stderr).not.toContain("damaged");
    await expect(readdir(place("absurd"))).rejects.toThrow("ENOENT");
    const lower = await train(place("noise"), "absurd", "--learning-rate", "0.01");
    expect(lower.code, "as the hint says, in the same folder").toBe(0);
  });

  test("one at which nothing moves is no divergence", async () => {
    const { code, result } = await train(place("noise"), "still", "--learning-rate", "1e-12");
    expect(code).toBe(0);
    expect(result.setbacks).toEqual([]);
  });

  test("a bound on the classifier's rate is said", async () => {
    expect((await train(place("noise"), "base", "--epochs", "2")).code).toBe(0);
    const words = ["train", place("noise"), "--from", place("base", "model.safetensors"), "--device", "cpu"];
    const { code, stderr } = await bantam([
      ...[...words, "--unfreeze", "classifier:1", "--learning-rate", "50", "--out", place("bound")],
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^learning rate \S+ in place of 50: above 2\/‖x‖², with \S+ for the features here/m);
  });
});

describe("fine-tuning", () => {
  test("a phase that explodes costs nothing: what it began with ships, by name", async () => {
    expect((await train(place("noise"), "trained", "--epochs", "6")).code).toBe(0);
    const words = (out: string) => [
      ...["train", place("noise"), "--from", place("trained", "model.safetensors"), "--device", "cpu", "--json"],
      ...["--unfreeze", "classifier:2,all:2:100", "--learning-rate", "1e12", "--out", place(out)],
    ];
    const { code, stdout, stderr } = await bantam(words("exploded"));
    expect(code).toBe(0);
    const { best, setbacks, curve } = JSON.parse(stdout);
    expect(setbacks.map(({ phase }: { phase: number }) => phase)).toEqual([2, 2, 2, 2]);
    expect(setbacks.at(-1)).toMatchObject({ backTo: 0, learningRate: null });
    expect(stderr).toMatch(
      /^warning: phase 2, epoch 3 went wrong .*: put back to the start of the phase, and left so/m,
    );
    expect(best.phase).toBeLessThan(2);
    const most = Math.max(...curve.map(({ validationAccuracy }: { validationAccuracy: number }) => validationAccuracy));
    expect(best.validationAccuracy).toBeGreaterThanOrEqual(most);

    // Stopped within a later try, it goes on to the same bytes.
    const stopped = await bantam(words("exploded-stopped"), /^warning: phase 2, epoch 3 went wrong/m);
    expect(stopped.code).toBe(130);
    expect((await bantam(words("exploded-stopped"))).code).toBe(0);
    for (const file of ["model.safetensors", "model.onnx"])
      expect(
        Buffer.compare(await readFile(place("exploded", file)), await readFile(place("exploded-stopped", file))),
      ).toBe(0);
  });
});

describe("pictures that say nothing", () => {
  test.each([
    ["black", [0, 0, 0]],
    ["white", [255, 255, 255]],
    ["teal", [0, 128, 128]],
  ] as const)("all %s are refused, and named", async (name, colour) => {
    const data = await makePictures(name, 6, () => colour);
    for (const words of [
      ["train", data, ...network, "--out", place(`${name}-train`)],
      ["fit", data, "--trials", "1", "--epochs", "1", "--device", "cpu", "--out", place(`${name}-fit`)],
    ]) {
      const { code, stderr } = await bantam(words);
      expect(code).toBe(1);
      expect(stderr).toContain(
        `error: ${data}: expected at least 3 readable images of every class, one for each of the 3 splits made from them, received 6 in "`,
      );
      expect(stderr).toContain(", copies of 1");
    }
  });

  test("one colour a class is learned", async () => {
    const data = await makePictures("colours", 10, (label, picture) =>
      label === 0 ? [200, 20, picture] : [picture, 20, 200],
    );
    const { code, result } = await train(data, "colours-out", "--epochs", "8");
    expect(code).toBe(0);
    expect(result.accuracy).toBe(1);
  });

  test("nearly all black: each batch may be without any variance", async () => {
    const data = await makePictures("nearly", 30, (label, picture) =>
      picture < 4 ? [9 * label, 0, picture + 1] : [0, 0, 0],
    );
    const { code, result, stderr } = await train(data, "nearly-out");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(Number.isFinite(result.best.validationLoss)).toBe(true);
    await expectShipped("nearly-out");
  });

  test.each([
    ["a channel that never changes", (label: number, i: number, p: number) => [label * 90 + ((i * p) % 60), 0, 255]],
    ["the same pictures in both classes", (_: number, i: number, p: number) => [(i * 97 + p * 31) % 256, p, 255 - p]],
    ["flat pictures of any brightness", (label: number, i: number) => [i * 8, i * 8, label]],
  ] as const)("%s end in a model", async (name, colourOf) => {
    const { code, result } = await train(await makePictures(name, 9, colourOf), `${name} out`);
    expect(code).toBe(0);
    expect(Number.isFinite(result.best.validationLoss)).toBe(true);
    await expectShipped(`${name} out`);
  });

  test("a single training picture a class", async () => {
    const rng = createRng(5);
    const { code, result } = await train(await makePictures("single", 3, () => [rng.integer(256), 0, 9]), "single-out");
    expect(code).toBe(0);
    expect(result.data.train).toBe(2);
    await expectShipped("single-out");
  });
});
