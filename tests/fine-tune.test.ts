/** Pretrained networks fine-tuned, and networks taught by others, as people do it: from one model file to the next. */
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { InterruptedError } from "../src/base/index.js";
import { type TrainOptions, trainNetwork } from "../src/jobs/index.js";
import { buildArchitecture } from "../src/networks/index.js";
import { torchvisionEntries } from "../src/pretrained/layouts/torchvision.js";
import { newClassifier } from "../src/pretrained/new-classifier.js";
import { formulaTensor } from "../src/pretrained/testing/formula.js";
import { chooseEngine } from "../src/runtime/index.js";
import { loadModel, type Model } from "../src/shipping/index.js";
import { parsePlan } from "../src/training/index.js";
import { encodeSafetensors, type Tensor } from "../src/weights/index.js";
import { makePhotos } from "./photos.js";
import { createPlace } from "./place.js";

const { place, bantam } = createPlace();

const { device } = await chooseEngine("auto", 1);

async function trained(out: string, ...words: string[]) {
  // One device: each training would first try all there are.
  const { code, stderr, stdout } = await bantam("train", ...words, "--device", device, "--out", place(out), "--json");
  expect(stderr).not.toMatch(/^(error|internal)/m);
  expect(code).toBe(0);
  return { stderr, result: JSON.parse(stdout), model: await loadModel(place(out, "model.safetensors")) };
}

const base = () => place("base", "model.safetensors");
const network = ["--network", "mobilenet-v3-small-0.35@32"];
let pretrained: Model;

beforeAll(async () => {
  await makePhotos(place("photos"), 20);
  await cp(place("photos"), place("new"), { recursive: true });
  await rename(place("new", "circle"), place("new", "ring"));
  await rm(place("new", "stripes"), { recursive: true });
  pretrained = (await trained("base", place("photos"), ...network, "--epochs", "10")).model;
}, 120_000);

/** Names of the tensors whose bytes are not the pretrained network's. */
const changed = ({ tensors }: Model) =>
  [...tensors].flatMap(([name, numbers]) => {
    const before = pretrained.tensors.get(name)!;
    return Buffer.compare(bytesOf(numbers), bytesOf(before)) === 0 ? [] : [name];
  });

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength);

describe("fine-tuning", () => {
  test("gives the classifier new classes, and leaves what is frozen as it was", async () => {
    const words = [place("new"), "--from", base(), "--unfreeze", "classifier:3"];
    const { model, stderr, result } = await trained("head", ...words);
    expect(stderr).toMatch(
      /^\d+ tensors taken; classifier\.weight \[2, 1024\] and classifier\.bias \[2\] begin anew$/m,
    );
    expect(stderr).toContain("the classifier alone, 3 epochs");
    expect(stderr).toContain("on features computed once, of unchanged images");
    expect(changed(model)).toEqual(["classifier.weight", "classifier.bias"]);
    expect(model.classes).toEqual(["cross", "ring"]);
    expect(model.preprocessing, "what the network was pretrained with").toEqual(pretrained.preprocessing);
    expect(model.history).toMatchObject({
      pretrained: { weights: base(), layout: "bantam", fresh: ["classifier.weight", "classifier.bias"] },
      plan: [{ part: "classifier", epochs: 3 }],
      batchNorm: "frozen",
    });
    expect(result.curve.map(({ epoch }: { epoch: number }) => epoch)).toEqual([1, 2, 3]);
    const evaluated = await bantam("eval", result.onnx, place("new"), "--json");
    expect(JSON.parse(evaluated.stdout).accuracy).toBe(result.accuracy);
  });

  test("goes on to later phases: epochs are counted through, statistics move where batch norm may", async () => {
    const words = [place("new"), "--from", base(), "--unfreeze", "classifier:2,last-1:1:0.1", "--batch-norm"];
    for (const [norms, moved] of [
      ["frozen", false],
      ["batch", true],
    ] as const) {
      const { model, stderr, result } = await trained(norms, ...words, norms);
      expect(stderr).toContain("2/2: the last stage and the head, 1 epoch at 0.1 of the learning rate\n");
      expect(result.curve.map(({ epoch }: { epoch: number }) => epoch)).toEqual([1, 2, 3]);
      const lines = (await readFile(place(norms, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line).epoch)).toEqual([1, 2, 3]);
      // The best epoch may be one of the classifier's; what stopped there is known from the phase's own file.
      const names = new Set(changed(model).map((name) => name.replace(/\.\d+\..*/, "")));
      for (const name of names) expect(name).toMatch(/^(stages|head|classifier)/);
      const phase = await readdir(place(norms, "checkpoints"));
      expect(phase.toSorted()).toEqual(["1-classifier", "2-last-1"]);
      const bytes = await readFile(place(norms, "checkpoints", "2-last-1", "last.safetensors"));
      const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString());
      expect(header.buffers.shape[0] > 1, norms).toBe(moved);
    }
  });

  test("begins each phase with what the one before came to", async () => {
    const words = [place("new"), "--from", base(), "--unfreeze"];
    const first = await trained("one-phase", ...words, "classifier:3");
    const { model } = await trained("two-phases", ...words, "classifier:3,all:1:0.000001");
    const [before, after] = [first.model, model].map(({ tensors }) => tensors.get("classifier.weight")!);
    const moved = before!.map((weight, i) => Math.abs(weight - after![i]!)).reduce((a, b) => Math.max(a, b));
    expect(moved).toBeLessThan(1e-5);
    const start = newClassifier(model.architecture).get("classifier.weight")!;
    expect(start.map((weight, i) => Math.abs(weight - before![i]!)).reduce((a, b) => Math.max(a, b))).toBeGreaterThan(
      1e-4,
    );
  });

  test("takes another library's weights, and shows grey pictures as its pictures were shown", async () => {
    const torch = buildArchitecture("torch-mobilenet-v2", { width: 0.35 });
    const tensors = torchvisionEntries(torch)!.map((entry): [string, Tensor] => [
      entry.foreign,
      { dtype: "F32", shape: entry.foreignShape, data: formulaTensor(entry) },
    ]);
    await writeFile(place("torch.safetensors"), encodeSafetensors(new Map(tensors), { format: "pt" }));
    for (const name of ["a", "b"]) {
      await mkdir(place("grey", name), { recursive: true });
      for (let i = 0; i < 12; i++) {
        const pixels = Buffer.alloc(40 * 40, name === "a" ? 40 + i : 200 - i);
        const picture = sharp(pixels, { raw: { width: 40, height: 40, channels: 1 } });
        await picture.png().toFile(place("grey", name, `${i}.png`));
      }
    }
    const words = ["--from", place("torch.safetensors"), "--network", "torch-mobilenet-v2-0.35@32"];
    const { model, stderr } = await trained("grey-run", place("grey"), ...words, "--unfreeze", "classifier:2");
    expect(stderr).toContain("260 tensors taken; classifier.weight [2, 1280] and classifier.bias [2] begin anew\n");
    expect(model.architecture).toMatchObject({ name: "torch-mobilenet-v2", channels: 3, resolution: 32, classes: 2 });
    expect(model.architecture.stages.map(({ stride }) => stride)).toEqual(torch.stages.map(({ stride }) => stride));
    const { mean, std, ...geometry } = model.preprocessing;
    expect({ mean, std }).toEqual({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
    expect(geometry).toEqual({ size: 32, channels: 3, resize: "cover", crop: 224 / 256, interpolation: "bilinear" });
    expect(model.tensors.get("stem.conv.weight")).toEqual(new Map(tensors).get("features.0.0.weight")!.data);
  });

  test("keeps the classifier where the classes are the same", async () => {
    const { model, stderr } = await trained("again", place("photos"), "--from", base(), "--unfreeze", "all:1:0.001");
    expect(stderr).toContain("tensors taken; the classes are the same");
    const [before, after] = [pretrained, model].map(({ tensors }) => tensors.get("classifier.weight")!);
    const moved = before!.map((weight, i) => Math.abs(weight - after![i]!)).reduce((a, b) => Math.max(a, b));
    expect(moved).toBeLessThan(0.01);
  });

  test("runs at another resolution where one is given, with the strides of the weights", async () => {
    const words = [place("new"), "--from", base(), "--resolution", "40", "--unfreeze", "classifier:1"];
    const { model } = await trained("larger", ...words);
    expect(model.architecture).toEqual({ ...pretrained.architecture, resolution: 40, classes: 2 });
    expect(model.preprocessing).toEqual({ ...pretrained.preprocessing, size: 40 });
  });

  test.each([
    [["--from", "WEIGHTS", "--unfreeze", "tail"], /--unfreeze: expected classifier, head, last-N .*, received "tail"/],
    [["--from", "WEIGHTS", "--unfreeze", "last-40:1"], /expected at most the last \d+ stages/],
    [["--from", "WEIGHTS", "--width", "0.5"], /--width: expected --network beside it, received none/],
    [["--from", "WEIGHTS", "--network", "mobilenet-v2"], /network: expected mobilenet-v3-small/],
    [["--from", "WEIGHTS", "--find-learning-rate"], /expected to be found for a training from random weights/],
    [[], /--network: expected a network, or weights with --from, received neither/],
    [[...network, "--unfreeze", "all"], /--unfreeze: expected --from beside it, received none/],
    [[...network, "--batch-norm", "batch"], /--batch-norm: expected --from beside it, received none/],
    [[...network, "--temperature", "2"], /--temperature: expected --teacher beside it, received none/],
    [[...network, "--teacher-weight", "0.5"], /--teacher-weight: expected --teacher beside it, received none/],
  ])("%j is refused", async (words, message) => {
    const given = words.map((word) => (word === "WEIGHTS" ? base() : word));
    const { code, stderr, stdout } = await bantam("train", place("new"), ...given, "--out", place("none"));
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});

describe("a fine-tuning that was stopped", () => {
  const options = async (out: string, changes: Partial<TrainOptions> = {}): Promise<TrainOptions> => ({
    data: place("new"),
    out: place(out),
    seed: 0,
    cacheDir: place("cache"),
    from: {
      weights: base(),
      plan: parsePlan("classifier:2,last-1:2,all:1", "--unfreeze", { total: 0, given: false, norms: "live" }),
    },
    engine: await chooseEngine("auto", 1),
    ...changes,
  });
  const repeatable = async (run: string) => readFile(place(run, "model.safetensors"));

  test("ends in the bytes of an unbroken one, whichever epoch it was stopped in", async () => {
    const unbroken = await trainNetwork(await options("unbroken"));
    for (const last of [1, 2, 3, 4]) {
      const out = `stopped-${last}`;
      const controller = new AbortController();
      let epochs = 0;
      const line = (text: string) => {
        if (text.startsWith("epoch") && ++epochs === last) controller.abort();
      };
      const progress = { phase: () => {}, update: () => {}, line };
      const first = trainNetwork(await options(out, { signal: controller.signal, progress }));
      await expect(first).rejects.toThrow(InterruptedError);
      let again = 0;
      const count = (text: string) => {
        if (text.startsWith("epoch")) again++;
      };
      const result = await trainNetwork(await options(out, { progress: { ...progress, line: count } }));
      expect(again, "epochs that were left").toBe(5 - last);
      expect(Buffer.compare(await repeatable(out), await repeatable("unbroken"))).toBe(0);
      const speedless = (curve: typeof result.curve) =>
        curve.map((record) => ({ ...record, imagesPerSecond: 0, waitingForData: 0 }));
      expect(speedless(result.curve)).toEqual(speedless(unbroken.curve));
      const lines = (await readFile(place(out, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
      expect(lines.map((text) => JSON.parse(text).epoch)).toEqual([1, 2, 3, 4, 5]);
    }
  }, 60_000);

  test("is another run with another plan or another policy of batch norm, and its folder refuses that", async () => {
    const epochsOf = async (changes: Partial<TrainOptions["from"]>, overwrite = false) => {
      let epochs = 0;
      const line = (text: string) => {
        if (text.startsWith("epoch")) epochs++;
      };
      const { from, ...rest } = await options("same", { progress: { phase: () => {}, update: () => {}, line } });
      await trainNetwork({ ...rest, overwrite, from: { ...from!, ...changes } });
      return epochs;
    };
    expect(await epochsOf({})).toBe(5);
    expect(await epochsOf({})).toBe(0);
    await expect(epochsOf({ batchNorm: "batch" })).rejects.toThrow(
      'expected the options of the training that it holds (batchNorm "frozen"), received batchNorm "batch"',
    );
    const plan = parsePlan("classifier:2,all:1", "--unfreeze", { total: 0, given: false, norms: "live" });
    await expect(epochsOf({ plan })).rejects.toThrow("hint: give another --out, or --overwrite to begin anew");
    expect(await epochsOf({ plan }, true)).toBe(3);
  }, 60_000);

  test("reads features that are in the cache, and computes a damaged part again", async () => {
    const folder = place("features");
    const run = async (out: string) => trainNetwork(await options(out, { cacheDir: folder }));
    const partFiles = async () => {
      const keys = await readdir(join(folder, "features"));
      const files = keys.map(async (key) => {
        const names = await readdir(join(folder, "features", key));
        return names.map((name) => join(folder, "features", key, name));
      });
      return (await Promise.all(files)).flat().toSorted();
    };
    await run("features-1");
    const files = await partFiles();
    expect(files).toHaveLength(2); // of training and validation
    const times = async () => Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
    const before = await times();
    const bytes = await readFile(files[0]!);
    await run("features-2");
    expect([await times(), await partFiles()]).toEqual([before, files]);
    await writeFile(files[0]!, bytes.subarray(0, 100));
    await run("features-3");
    expect(Buffer.compare(await readFile(files[0]!), bytes)).toBe(0);
    expect(Buffer.compare(await repeatable("features-3"), await repeatable("features-1"))).toBe(0);
  }, 60_000);
});

describe("distillation", () => {
  const taught = ["--epochs", "1", "--teacher"];

  test("trains a network by a teacher of another size, and ships what it was taught with", async () => {
    const words = [place("photos"), "--network", "mobilenet-v2-0.35@24", ...taught, base(), "--temperature", "2"];
    const { model, stderr, result } = await trained("taught", ...words);
    expect(stderr).toContain("shown the 24 px pictures of the student at its own 32 px\n");
    expect(model.history).toMatchObject({ distillation: { weights: base(), temperature: 2, weight: 0.9 } });
    expect(model.architecture).toMatchObject({ name: "mobilenet-v2", resolution: 24 });
    const plain = await trained("untaught", place("photos"), "--network", "mobilenet-v2-0.35@24", "--epochs", "1");
    expect(result.curve[0].trainLoss).not.toBeCloseTo(plain.result.curve[0].trainLoss, 3);
  });

  test("and fine-tuning go together: the classifier then trains on pictures", async () => {
    const words = [place("photos"), "--from", base(), "--unfreeze", "classifier:1", "--teacher", base()];
    const { stderr } = await trained("both", ...words);
    expect(stderr).toContain(`taught by mobilenet-v3-small of ${base()}\n`);
    expect(stderr).not.toContain("on features");
  });

  test("needs a teacher of the same classes", async () => {
    const { code, stderr } = await bantam("train", place("new"), ...network, ...taught, base(), "--out", place("none"));
    expect(stderr).toContain(
      "expected a teacher of the same 2 classes (cross, ring), received one of 3, without ring, with circle, stripes\n",
    );
    expect(stderr).toContain("hint: train a teacher on these images first");
    expect(code).toBe(1);
  });
});
