/** Files as other libraries write them, loaded: every number in its place, and every fault of a file told. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ModelError, UsageError } from "../base/index.js";
import { sizeOf } from "../ir/index.js";
import { buildArchitecture, buildNetwork, networks } from "../networks/index.js";
import { saveModel } from "../shipping/index.js";
import { encodeSafetensors, type Tensor } from "../weights/index.js";
import { imagenetClasses } from "./imagenet-classes.js";
import { kerasEntries } from "./layouts/keras.js";
import { timmEntries } from "./layouts/timm.js";
import { torchvisionEntries } from "./layouts/torchvision.js";
import type { Entry, LayoutName } from "./layouts/weight-layout.js";
import { loadPretrained } from "./load.js";
import { foreignTensors } from "./testing/foreign.js";
import { numbers } from "./testing/formula.js";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bantam-pretrained-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const layouts = { timm: timmEntries, torchvision: torchvisionEntries, keras: kerasEntries };

/** A library's tensors of a network of ours with random weights, and those weights. */
function foreign(
  network: string,
  layout: LayoutName,
  { width = 0.25, classes = 10, depth = 1, channels = 3 as 1 | 3 } = {},
) {
  const architecture = buildArchitecture(network, { width, classes, depth, channels });
  const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });
  const own = new Map(graph.parameters.map(({ value }) => [value.name, numbers(value.name, sizeOf(value.shape))]));
  const entries = layouts[layout](architecture)!;
  return { architecture, own, entries, tensors: foreignTensors(entries, own) };
}

let files = 0;
async function write(content: Uint8Array | string, name = "model.safetensors"): Promise<string> {
  const folder = join(root, String(files++));
  await mkdir(folder);
  await writeFile(join(folder, name), content);
  return join(folder, name);
}
const writeTensors = (tensors: ReadonlyMap<string, Tensor>) => write(encodeSafetensors(tensors));

const caught = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => {
      throw new Error("nothing was thrown");
    },
    (error: Error) => error,
  );

describe("every network comes back from every library that has it", () => {
  const libraries: Readonly<Record<LayoutName, readonly string[]>> = {
    timm: ["timm", "tf"],
    torchvision: ["torch"],
    keras: ["tf"],
  };
  const cases = (Object.keys(libraries) as LayoutName[]).flatMap((layout) =>
    networks.flatMap(({ name, dialects }) =>
      dialects.flatMap((dialect) => {
        const network = `${dialect}-${name}`;
        const fits = libraries[layout].includes(dialect) && layouts[layout](buildArchitecture(network)) !== null;
        return fits ? [{ network, layout }] : [];
      }),
    ),
  );

  test("which are these", () => {
    const count = (layout: LayoutName) => cases.filter((one) => one.layout === layout).length;
    expect({ timm: count("timm"), torchvision: count("torchvision"), keras: count("keras") }).toMatchObject({
      torchvision: 15,
      keras: 21,
    });
    expect(count("timm")).toBeGreaterThan(40);
  });

  test.each(cases)("$network from $layout", async ({ network, layout }) => {
    // The deepest networks half as deep: their names and shapes are compared with the libraries' in `layouts.test.ts`.
    const size = {
      width: 0.25,
      depth: /efficientnet-v2-|-v4-/.test(network) ? 0.25 : /-b[3-7]$/.test(network) ? 0.5 : 1,
    };
    const { architecture, own, tensors } = foreign(network, layout, size);
    const weights = await writeTensors(tensors);
    const model = await loadPretrained({ weights, network: { name: network, ...size } });
    expect(model.architecture).toEqual({ ...architecture, resolution: model.preprocessing.size });
    expect(model.classes).toHaveLength(10);
    expect(new Set(model.tensors.keys())).toEqual(new Set(own.keys()));
    const changed = [...own].filter(([name, numbers]) => !areSame(numbers, model.tensors.get(name)));
    expect(changed.map(([name]) => name)).toEqual([]);
    expect(model.history.pretrained).toMatchObject({ layout, classifier: "the source's" });
  });
});

/** Faster than comparing a million numbers one by one. */
function areSame(a: Float32Array, b: Float32Array | undefined): boolean {
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength);
  return b !== undefined && bytes(a).equals(bytes(b));
}

describe("a file that does not fit", () => {
  const network = { name: "torch-mobilenet-v2", width: 0.25 };
  const good = () => foreign("torch-mobilenet-v2", "torchvision").tensors as Map<string, Tensor>;
  const load = async (tensors: ReadonlyMap<string, Tensor>) =>
    caught(loadPretrained({ weights: await writeTensors(tensors), network }));

  test("one missing", async () => {
    const tensors = good();
    tensors.delete("features.3.conv.1.0.weight");
    const error = await load(tensors);
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toMatch(
      /the 262 tensors of torch-mobilenet-v2-0\.25 under torchvision's names, received 1 missing\n {2}missing: stages\.1\.1\.depthwise\.conv\.weight \[48, 1, 3, 3\] is features\.3\.conv\.1\.0\.weight \[48, 1, 3, 3\]\n {2}hint/,
    );
  });

  test("one of another shape", async () => {
    const tensors = good();
    tensors.set("features.18.1.bias", { dtype: "F32", shape: [3], data: new Float32Array(3) });
    expect((await load(tensors)).message).toContain(
      "received 1 of another shape\n  another shape: head.norm.beta [1280] is features.18.1.bias [1280], not [3]\n",
    );
  });

  test("one too many", async () => {
    const tensors = good();
    tensors.set("features.19.0.weight", { dtype: "F32", shape: [1, 2], data: new Float32Array(2) });
    expect((await load(tensors)).message).toContain(
      "received 1 unexpected\n  unexpected: features.19.0.weight [1, 2]\n",
    );
  });

  test("counters of batches are no weights", async () => {
    const tensors = good();
    tensors.set("features.0.1.num_batches_tracked", { dtype: "I64", shape: [], data: new Uint8Array(8) });
    const model = await loadPretrained({ weights: await writeTensors(tensors), network });
    expect(model.tensors.size).toBe(262);
  });

  test("many faults: ten, and a count of the rest", async () => {
    const tensors = good();
    for (const name of [...tensors.keys()].filter((name) => name.includes("running_mean"))) tensors.delete(name);
    const { message } = await load(tensors);
    expect(message).toContain("received 52 missing\n");
    expect(message.match(/missing: /g)).toHaveLength(10);
    expect(message).toContain("\n  and 42 more\n");
  });

  test("of another width", async () => {
    const error = await caught(loadPretrained({ weights: await writeTensors(good()), network: "torch-mobilenet-v2" }));
    expect(error.message).toMatch(
      /received \d+ of another shape\n {2}another shape: stem\.conv\.weight \[32, 3, 3, 3\]/,
    );
    expect(error.message).toContain("another width? --network says which");
  });

  test("of numbers that are none", async () => {
    const tensors = good();
    tensors.set("features.0.1.bias", { dtype: "U64", shape: [8], data: new Uint8Array(64).fill(255) });
    expect((await load(tensors)).message).toContain("features.0.1.bias");
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("with %s among its numbers", async (value) => {
    const tensors = good();
    const data = new Float32Array(8).fill(1);
    data[5] = value;
    tensors.set("features.0.1.bias", { dtype: "F32", shape: [8], data });
    expect((await load(tensors)).message).toContain(
      `features.0.1.bias: expected 8 finite numbers, received ${value} at place 5`,
    );
  });

  test("of nobody's names", async () => {
    const error = await load(new Map([["encoder.weight", { dtype: "F32", shape: [1], data: new Float32Array(1) }]]));
    expect(error.message).toContain(
      "under the names of timm, torchvision or Keras, received names such as encoder.weight",
    );
  });
});

describe("the network", () => {
  test("has to be named where the file does not say it", async () => {
    const { tensors } = foreign("torch-mobilenet-v2", "torchvision");
    const error = await caught(loadPretrained({ weights: await writeTensors(tensors) }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain("the names are torchvision's: for example --network torch-mobilenet-v2");
  });

  test.each([
    ["torch-mobilenet-v2", "torchvision", "mobilenet-v2", "expected torch-mobilenet-v2, received mobilenet-v2"],
    [
      "mobilenet-v2",
      "keras",
      "torch-mobilenet-v2",
      "expected tf-mobilenet-v2 or mobilenet-v2, received torch-mobilenet-v2",
    ],
    ["timm-mobilenet-v2", "timm", "torch-mobilenet-v2", "expected timm-mobilenet-v2 or tf-"],
  ] as const)("%s of %s is not %s", async (network, layout, name, message) => {
    const weights = await writeTensors(foreign(network, layout).tensors);
    const error = await caught(loadPretrained({ weights, network: { name, width: 0.25 } }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(message);
  });

  test("keeps its strides on a small image, as the library that trained it does", async () => {
    const weights = await writeTensors(foreign("torch-mobilenet-v2", "torchvision").tensors);
    const { architecture, preprocessing } = await loadPretrained({ weights, network: "torch-mobilenet-v2-0.25@64" });
    expect([architecture.resolution, preprocessing.size]).toEqual([64, 64]);
    expect(architecture.stages.map(({ stride }) => stride)).toEqual([1, 2, 2, 2, 1, 2, 1]);
  });
});

describe("the classifier", () => {
  const tensorsFor = (classes: number) => foreign("torch-mobilenet-v2", "torchvision", { classes });
  const network = { name: "torch-mobilenet-v2", width: 0.25 };

  test("of 1000 classes has ImageNet's", async () => {
    const weights = await writeTensors(tensorsFor(1000).tensors);
    const { classes } = await loadPretrained({ weights, network });
    expect(classes).toEqual(imagenetClasses);
    expect([classes[0], classes[281], classes[999]]).toEqual(["tench", "tabby", "toilet tissue"]);
  });

  test("can be replaced: the rest is loaded, and the result says so", async () => {
    const { tensors, own } = tensorsFor(1000);
    const weights = await writeTensors(tensors);
    const names = ["cat", "dog", "bird"];
    const model = await loadPretrained({ weights, network, replaceClassifier: names, seed: 3 });
    expect(model.classes).toEqual(names);
    expect(model.architecture.classes).toBe(3);
    expect(model.tensors.get("classifier.weight")).toHaveLength(3 * 1280);
    expect(model.tensors.get("stem.conv.weight")).toEqual(own.get("stem.conv.weight"));
    expect(model.history.pretrained).toMatchObject({ classifier: "new" });
    const same = await loadPretrained({ weights, network, replaceClassifier: 3, seed: 3 });
    expect(same.tensors.get("classifier.weight")).toEqual(model.tensors.get("classifier.weight"));
    expect(same.classes).toEqual(["class 0", "class 1", "class 2"]);
    const other = await loadPretrained({ weights, network, replaceClassifier: 3, seed: 4 });
    expect(other.tensors.get("classifier.weight")).not.toEqual(model.tensors.get("classifier.weight"));
  });

  test("may be missing only where it is replaced", async () => {
    const tensors = tensorsFor(10).tensors as Map<string, Tensor>;
    for (const kind of ["weight", "bias"]) tensors.delete(`classifier.1.${kind}`);
    const weights = await writeTensors(tensors);
    const { message } = await caught(loadPretrained({ weights, network }));
    expect(message).toMatch(/2 missing\n {2}missing: classifier\.weight[\s\S]*hint: with --replace-classifier CLASSES/);
    expect((await loadPretrained({ weights, network, replaceClassifier: 2 })).tensors.size).toBe(262);
  });

  test("of 1001 classes is taken apart only when told", async () => {
    const { tensors, own } = tensorsFor(1001);
    const weights = await writeTensors(tensors);
    const { message } = await caught(loadPretrained({ weights, network }));
    expect(message).toContain("say --background drop");
    const dropped = await loadPretrained({ weights, network, background: "drop" });
    expect(dropped.classes).toEqual(imagenetClasses);
    expect(dropped.architecture.classes).toBe(1000);
    expect(areSame(own.get("classifier.bias")!.slice(1), dropped.tensors.get("classifier.bias"))).toBe(true);
    expect(areSame(own.get("classifier.weight")!.slice(1280), dropped.tensors.get("classifier.weight"))).toBe(true);
    const kept = await loadPretrained({ weights, network, background: "keep" });
    expect([kept.classes.length, kept.classes[1000]]).toEqual([1001, "class 1000"]);
  });
});

describe("a folder laid out like a repository of timm", () => {
  /** mobilenetv2_050 for 10 classes. */
  async function repository(
    config: unknown,
    change: (tensors: Map<string, Tensor>, entries: readonly Entry[]) => void = () => {},
  ) {
    const { tensors, entries, own } = foreign("timm-mobilenet-v2", "timm", { width: 0.5 });
    change(tensors as Map<string, Tensor>, entries);
    const path = await write(encodeSafetensors(tensors, { format: "pt" }));
    const folder = join(path, "..");
    await writeFile(join(folder, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
    return { folder, own };
  }
  const labels = Array.from({ length: 10 }, (_, i) => `thing ${i}`);
  const config = {
    architecture: "mobilenetv2_050",
    num_classes: 10,
    num_features: 1280,
    global_pool: "avg",
    label_names: labels,
    pretrained_cfg: {
      tag: "lamb_in1k",
      input_size: [3, 160, 160],
      fixed_input_size: false,
      interpolation: "bilinear",
      crop_pct: 0.9,
      crop_mode: "center",
      mean: [0.1, 0.2, 0.3],
      std: [0.4, 0.5, 0.6],
      num_classes: 10,
      classifier: "classifier",
    },
  };

  test("says network, preprocessing and classes itself", async () => {
    const { folder, own } = await repository(config);
    const lines: string[] = [];
    const progress = { phase: () => {}, update: () => {}, line: (text: string) => lines.push(text) };
    const model = await loadPretrained({ weights: folder }, { progress });
    expect(model.architecture).toMatchObject({ name: "timm-mobilenet-v2", padding: "symmetric", resolution: 160 });
    expect(model.architecture.norm.epsilon).toBe(1e-5);
    expect(model.classes).toEqual(labels);
    expect(model.preprocessing).toEqual({
      size: 160,
      channels: 3,
      resize: "cover",
      crop: 0.9,
      interpolation: "bilinear",
      mean: [0.1, 0.2, 0.3],
      std: [0.4, 0.5, 0.6],
    });
    expect(model.tensors.get("classifier.weight")).toEqual(own.get("classifier.weight"));
    expect(lines).toEqual(["timm-mobilenet-v2: 262 tensors under timm's names"]);
  });

  test("may be half as precise", async () => {
    // 1.5 is 0x3e00 in binary16 and 0x3fc0 in bfloat16.
    const { folder } = await repository(config, (tensors, entries) => {
      for (const { foreign, foreignShape, name } of entries) {
        const bits = name.startsWith("stem") ? 0x3e00 : 0x3fc0;
        const count = foreignShape.reduce((product, size) => product * size, 1);
        const data = new Uint8Array(new Uint16Array(count).fill(bits).buffer);
        tensors.set(foreign, { dtype: name.startsWith("stem") ? "F16" : "BF16", shape: foreignShape, data });
      }
    });
    const { tensors } = await loadPretrained({ weights: folder });
    expect(new Set([...tensors.values()].flatMap((numbers) => [...new Set(numbers)]))).toEqual(new Set([1.5]));
  });

  test("can be used at another resolution, but not as another network", async () => {
    const { folder } = await repository(config);
    const { preprocessing } = await loadPretrained({ weights: folder, network: "timm-mobilenet-v2-0.5@96" });
    expect(preprocessing).toMatchObject({ size: 96, crop: 0.9 });
    const { message } = await caught(loadPretrained({ weights: folder, network: "mobilenet-v2-0.5" }));
    expect(message).toMatch(/expected timm-mobilenet-v2-0\.5, as .*config\.json says, received mobilenet-v2-0\.5/);
  });

  test.each([
    [
      { ...config, num_classes: 5 },
      /classifier\.bias: expected a classifier of 5 classes, .* received one of 10\n.*--replace-classifier/,
    ],
    [{ ...config, label_names: ["a"] }, /label_names: expected 10 names, .* received 1/],
    [{ ...config, architecture: "resnet50" }, /config\.json: architecture: expected a MobileNet.* received "resnet50"/],
    [{ ...config, architecture: "mobilenetv2_55" }, /the nearest names are [^\n]*mobilenetv2_050/],
    [{ ...config, global_pool: "avgmax" }, /global_pool: .*"avg"/],
    [{ ...config, pretrained_cfg: { crop_mode: "border" } }, /crop_mode: /],
    [{ ...config, pretrained_cfg: { mean: [1], std: [1] } }, /mean and std of 3 channels/],
    [{ ...config, pretrained_cfg: { input_size: [3, 160, 192] } }, /a square input_size, received 160 × 192/],
    ["{", /config\.json: expected JSON/],
  ])("%# is refused where its config.json is wrong", async (wrong, message) => {
    const { folder } = await repository(wrong);
    expect((await caught(loadPretrained({ weights: folder }))).message).toMatch(message);
  });

  test("may have a config.json of another library", async () => {
    const { folder } = await repository({ architectures: ["MobileNetV2ForImageClassification"] });
    const model = await loadPretrained({ weights: folder, network: "timm-mobilenet-v2-0.5" });
    expect(model.preprocessing).toMatchObject({ size: 224, interpolation: "bicubic", crop: 0.875 });
  });

  test("in the form of before 2023", async () => {
    const { pretrained_cfg, ...top } = config;
    const { folder } = await repository({ ...top, ...pretrained_cfg });
    expect((await loadPretrained({ weights: folder })).preprocessing).toMatchObject({ size: 160, crop: 0.9 });
  });

  test("needs one file of weights", async () => {
    const folder = join(await write("{}", "config.json"), "..");
    expect((await caught(loadPretrained({ weights: folder }))).message).toContain("model.safetensors");
    await writeFile(join(folder, "pytorch_model.bin"), "x");
    expect((await caught(loadPretrained({ weights: folder }))).message).toContain("pickled by PyTorch");
  });
});

test("Keras' older spellings, its input scaling and its seeds", async () => {
  const { tensors, own } = foreign("efficientnet-b0", "keras");
  const spelt = new Map(
    [...tensors].map(([name, tensor]) => {
      const [layer, variable] = name.split("/") as [string, string];
      const older = layer.endsWith("dwconv") ? "depthwise_kernel" : variable;
      return [`${layer}/${layer}/${older}:0`, tensor as Tensor];
    }),
  );
  for (const name of ["mean", "variance"]) {
    spelt.set(`normalization/normalization/${name}:0`, { dtype: "F32", shape: [3], data: new Float32Array(3) });
  }
  spelt.set("normalization/count:0", { dtype: "I64", shape: [], data: new Uint8Array(8) });
  spelt.set("seed_generator/seed_generator_state", { dtype: "U32", shape: [2], data: new Uint8Array(8) });
  const weights = await writeTensors(spelt);
  const model = await loadPretrained({ weights, network: { name: "efficientnet-b0", width: 0.25 } });
  const name = "stages.3.1.depthwise.conv.weight";
  expect(model.tensors.get(name)).toEqual(own.get(name));
  expect(model.preprocessing).toMatchObject({ size: 224, interpolation: "bicubic", mean: [0.485, 0.456, 0.406] });

  spelt.set("stem_conv/kernel", spelt.get("stem_conv/stem_conv/kernel:0")!);
  const twice = { weights: await writeTensors(spelt), network: { name: "efficientnet-b0", width: 0.25 } };
  expect((await caught(loadPretrained(twice))).message).toContain("twice: stem_conv/");
});

describe("a file of ours", () => {
  test("is one of the sources", async () => {
    const source = await writeTensors(foreign("torch-mobilenet-v2", "torchvision").tensors);
    const model = await loadPretrained({ weights: source, network: "torch-mobilenet-v2-0.25@64" });
    const path = join(root, "ours.safetensors");
    await saveModel(path, model);
    const again = await loadPretrained({ weights: path });
    expect(again.architecture).toEqual(model.architecture);
    expect(again.preprocessing).toEqual(model.preprocessing);
    expect([...model.tensors].filter(([name, numbers]) => !areSame(numbers, again.tensors.get(name)))).toEqual([]);
    const larger = await loadPretrained({ weights: path, network: "torch-mobilenet-v2-0.25@96", replaceClassifier: 4 });
    expect([larger.architecture.resolution, larger.preprocessing.size, larger.classes.length]).toEqual([96, 96, 4]);
    for (const other of ["torch-mobilenet-v2", "torch-mobilenet-v3-small"]) {
      const { message } = await caught(loadPretrained({ weights: path, network: other }));
      expect(message).toContain(`expected torch-mobilenet-v2, as ${path} says, received ${other}`);
    }
  });
});

describe("other formats are refused with a way round", () => {
  const zip = new Uint8Array([0x50, 0x4b, 3, 4, 0, 0, 8, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
  const legacy = new Uint8Array([
    0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e, 0,
  ]);
  const h5 = new Uint8Array([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10, 0, 0, 0, 0, 0, 0, 0, 0]);
  test.each<[string, Uint8Array, RegExp]>([
    ["mobilenet_v2.pth", zip, /runs whatever code is in it[\s\S]*safetensors\.torch\.save_file/],
    ["model.pt", legacy, /pickled by PyTorch/],
    ["pytorch_model.bin", legacy, /pickled by PyTorch/],
    ["model.safetensors", zip, /pickled by PyTorch/],
    ["weights", legacy, /pickled by PyTorch/],
    ["model.h5", h5, /a file of Keras[\s\S]*safetensors\.numpy\.save_file/],
    ["model.keras", zip, /a file of Keras/],
    ["weights", h5, /a file of Keras/],
    ["model.tflite", h5, /TensorFlow Lite/],
    ["model.onnx", h5, /an ONNX file/],
    ["model.ckpt", h5, /a checkpoint of TensorFlow[\s\S]*hf:timm/],
    ["model.ckpt.data-00000-of-00001", h5, /a checkpoint of TensorFlow/],
    ["model.safetensors", new Uint8Array(4), /safetensors file of 8 bytes/],
    ["model.safetensors", new Uint8Array(64).fill(7), /header/],
  ])("%s (%#)", async (name, bytes, message) => {
    const error = await caught(loadPretrained({ weights: await write(bytes, name), network: "torch-mobilenet-v2" }));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toMatch(message);
  });

  test("on the Hub before anything is fetched", async () => {
    const weights = "hf:timm/mobilenetv2_100.ra_in1k:pytorch_model.bin";
    const nowhere = { env: { HF_ENDPOINT: "http://127.0.0.1:9", HF_HOME: root } };
    expect((await caught(loadPretrained({ weights }, nowhere))).message).toContain("pickled by PyTorch");
  });

  test("a file that is not there", async () => {
    expect((await caught(loadPretrained({ weights: join(root, "none") }))).message).toContain("none: expected a file");
  });
});
