/** Other people's weights at the command line: predicted with, written anew, downloaded. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { type Architecture, buildArchitecture } from "../src/networks/index.js";
import { timmEntries } from "../src/pretrained/layouts/timm.js";
import { torchvisionEntries } from "../src/pretrained/layouts/torchvision.js";
import type { Entry } from "../src/pretrained/layouts/weight-layout.js";
import { formulaTensor, numbers } from "../src/pretrained/testing/formula.js";
import { repository, startHub } from "../src/pretrained/testing/hub-server.js";
import { encodeSafetensors, type Tensor } from "../src/weights/index.js";
import { createPlace } from "./place.js";

const { place, run: bantam } = createPlace();

beforeAll(async () => {
  const pixels = Buffer.from(numbers("picture", 73 * 73 * 3).map((u) => Math.floor((u + 1) * 128)));
  const picture = sharp(pixels, { raw: { width: 73, height: 73, channels: 3 } });
  await picture.png().toFile(place("picture.png"));
  const torch = { width: 0.35, classes: 10 };
  await writeFile(
    place("torch.safetensors"),
    fileOf(buildArchitecture("torch-mobilenet-v2", torch), torchvisionEntries),
  );
});

/** A library's file with the weights of the formula. */
function fileOf(network: Architecture, entriesOf: (network: Architecture) => readonly Entry[] | null): Uint8Array {
  const tensors = entriesOf(network)!.map((entry): [string, Tensor] => [
    entry.foreign,
    { dtype: "F32", shape: entry.foreignShape, data: formulaTensor(entry) },
  ]);
  return encodeSafetensors(new Map(tensors), { format: "pt" });
}

async function json(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await bantam([...words, "--json"], env);
  expect(stderr).not.toMatch(/^(error|internal)/m);
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

/** Probabilities in the order of the classes `class 0`, `class 1`, …. */
function inOrder({ top }: { top: readonly { label: string; probability: number }[] }): number[] {
  const byLabel = new Map(top.map(({ label, probability }) => [label, probability]));
  return Array.from(byLabel, (_, k) => byLabel.get(`class ${k}`)!);
}

const picture = () => place("picture.png");
const torchWords = () => ["--weights", place("torch.safetensors"), "--network", "torch-mobilenet-v2-0.35@64"];

describe("predict", () => {
  test("gives torchvision's probabilities for a picture, prepared as torchvision does", async () => {
    const [prediction] = (await json(["predict", picture(), ...torchWords(), "--top", "10"])).predictions;
    // torchvision 0.14's own, from resize and crop to softmax: `scripts/golden/pretrained.py picture`.
    const theirs = [0.002729, 0.012429, 0.97747, 0.00014, 0.000839, 0.002361, 0.000471, 0.00043, 0.001827, 0.001304];
    const ours = inOrder(prediction);
    expect(ours).toHaveLength(10);
    expect(Math.max(...theirs.map((value, k) => Math.abs(value - ours[k]!)))).toBeLessThan(2e-5);
    expect(prediction).toMatchObject({ file: picture(), label: "class 2" });
  });

  test("takes every word for a picture where the weights are named", async () => {
    const { predictions } = await json(["predict", picture(), picture(), ...torchWords()]);
    expect(predictions).toHaveLength(2);
    const { stdout, stderr } = await bantam(["predict", picture(), ...torchWords()]);
    expect(stdout).toMatch(/picture\.png +class 2 /);
    expect(stderr).toContain("torch-mobilenet-v2: 262 tensors under torchvision's names");
  });

  test.each([
    [
      () => ["predict", picture()],
      /IMAGE…: expected a path, received nothing\n {2}hint: .*picture\.png is taken for the model/,
    ],
    [() => ["predict", "m.onnx", picture(), "--network", "mobilenet-v2"], /--network: expected --weights beside it/],
    [() => ["predict", picture(), "--weights", place("torch.safetensors")], /for example --network torch-mobilenet-v2/],
    [
      () => ["predict", picture(), ...torchWords().slice(0, 3), "mobilenet-v2"],
      /expected torch-mobilenet-v2, received/,
    ],
    [() => ["predict", place("torch.safetensors"), picture()], /are read with --weights/],
  ])("%# is refused with what to write", async (words, message) => {
    const { code, stdout, stderr } = await bantam(words());
    expect(stderr).toMatch(message);
    expect([code > 0, stdout]).toEqual([true, ""]);
  });
});

describe("export", () => {
  test.each(["onnx", "safetensors"])(
    "to .%s gives a file that says the same without the weights' source",
    async (format) => {
      const out = place(`exported.${format}`);
      const { bytes } = await json(["export", ...torchWords(), "--out", out]);
      expect(bytes).toBeGreaterThan(1_600_000);
      const expected = await json(["predict", picture(), ...torchWords()]);
      expect(await json(["predict", out, picture()])).toEqual(expected);
    },
  );

  test("with a new classifier gives somewhere to start from", async () => {
    const out = place("start.safetensors");
    const { stderr } = await bantam(["export", ...torchWords(), "--replace-classifier", "3", "--out", out]);
    expect(stderr).toContain("under torchvision's names, with a new classifier\n");
    const [{ top }] = (await json(["predict", out, picture()])).predictions;
    expect(top.map(({ label }: { label: string }) => label).sort()).toEqual(["class 0", "class 1", "class 2"]);
  });

  test.each([
    [[], /expected a model, or weights with --weights, received neither/],
    [["m.safetensors", "--weights", "w.safetensors"], /received both/],
    [["m.safetensors", "--replace-classifier", "3"], /--replace-classifier: expected --weights beside it/],
  ])("%j is refused", async (words, message) => {
    const { code, stderr } = await bantam(["export", ...words, "--out", place("no.onnx")]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe("a repository of timm", () => {
  const labels = Array.from({ length: 10 }, (_, k) => `thing ${k}`);
  const config = {
    architecture: "mobilenetv3_small_050",
    num_classes: 10,
    label_names: labels,
    pretrained_cfg: { tag: "lamb_in1k", input_size: [3, 64, 64], crop_pct: 0.875, interpolation: "bilinear" },
  };
  const network = () => buildArchitecture("timm-mobilenet-v3-small", { width: 0.5, classes: 10 });
  const files = () => ({
    "config.json": { bytes: Buffer.from(JSON.stringify(config)), large: false },
    "model.safetensors": { bytes: fileOf(network(), timmEntries), large: true },
  });

  test("says all by itself: in a folder, from the Hub, and from the cache", async () => {
    const folder = await mkdtemp(place("folder-"));
    for (const [name, { bytes }] of Object.entries(files())) await writeFile(join(folder, name), bytes);
    const local = await json(["predict", picture(), "--weights", folder]);
    expect(labels).toContain(local.predictions[0].label);
    expect(local.predictions[0].top).toHaveLength(5);

    const hub = await startHub(files());
    const env = { HF_ENDPOINT: hub.url, HF_TOKEN: "" };
    const words = ["predict", picture(), "--weights", `hf:${repository}`];
    try {
      const first = await bantam([...words, "--json"], env);
      expect(JSON.parse(first.stdout)).toEqual(local);
      expect(first.stderr).toContain(`download · hf:${repository}:model.safetensors\n`);
    } finally {
      await hub.close();
    }
    expect(await json(words, { ...env, HF_HUB_OFFLINE: "1" })).toEqual(local);
  });

  test("may lack a config.json; then the network has to be named", async () => {
    const { "model.safetensors": weights } = files();
    const hub = await startHub({ "model.safetensors": weights });
    const env = { HF_ENDPOINT: hub.url, HF_HOME: place("other-hub"), HF_TOKEN: "" };
    const words = ["predict", picture(), "--weights", `hf:${repository}@v2`];
    try {
      expect((await bantam(words, env)).stderr).toContain("the names are timm's");
      const { predictions } = await json([...words, "--network", "timm-mobilenet-v3-small-0.5@64"], env);
      expect(predictions[0].label).toMatch(/^class \d$/);
      const missing = await bantam([...words.slice(0, 3), "hf:bantam/boots"], env);
      expect(missing.stderr).toContain("error: hf:bantam/boots");
    } finally {
      await hub.close();
    }
  });
});
