/** Files of Bantam's own that went bad: none is used, and each is named. */
import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { BantamError, createRng } from "../../src/base/index.js";
import { costsOfProfile } from "../../src/cost/index.js";
import { openTrialWeights } from "../../src/jobs/search/trial-weights.js";
import { buildArchitecture, buildNetwork, profileArchitecture } from "../../src/networks/index.js";
import { randomWeights } from "../../src/networks/testing/random-weights.js";
import { chooseEngine } from "../../src/runtime/index.js";
import { exportOnnx, loadOnnx } from "../../src/shipping/deploy.js";
import { decodeModel, encodeModel, type Model } from "../../src/shipping/model.js";
import { loadSupernet, saveSupernet } from "../../src/supernet/index.js";
import { loadCheckpoint, saveCheckpoint } from "../../src/training/run/checkpoint.js";
import { decodeSafetensors, encodeSafetensors, finiteFloat32 } from "../../src/weights/index.js";
import { makePhotos } from "../photos.js";
import { createPlace } from "../place.js";
import { mutationsOf } from "./mutations.js";

const { place, bantam } = createPlace();

const engine = await chooseEngine("auto", 1);
const architecture = buildArchitecture("mobilenet-v3-small", { width: 0.25, resolution: 16, classes: 3 });
const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });
const model: Model = {
  architecture,
  classes: ["circle", "cross", "stripes"],
  preprocessing: {
    size: 16,
    channels: 3,
    resize: "cover",
    interpolation: "bilinear",
    mean: [0.5, 0.4, 0.3],
    std: [0.2, 0.25, 0.3],
  },
  costs: costsOfProfile(profileArchitecture(architecture)),
  history: { seed: 7 },
  tensors: randomWeights(graph, createRng(7)),
};
const withTensor = (name: string, data: Float32Array): Model => ({
  ...model,
  tensors: new Map([...model.tensors, [name, data]]),
});

/** Tries all mutations of a file. @returns what was taken for whole, and errors that are none for a person. */
async function survivors(
  file: Uint8Array,
  read: (bytes: Buffer) => unknown,
  { at, head }: { readonly at: string; readonly head?: number },
): Promise<string[]> {
  const passed: string[] = [];
  for (const [kind, bad] of mutationsOf(file, createRng(17), head)) {
    try {
      await read(bad);
      passed.push(`${kind}: taken`);
    } catch (error) {
      if (!(error instanceof BantamError) || !error.message.startsWith(at)) passed.push(`${kind}: ${error}`);
    }
  }
  return passed;
}

const headOf = (file: Uint8Array) => 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));

describe("a damaged file is refused by name", () => {
  test("model.safetensors", async () => {
    const file = encodeModel(model);
    expect(decodeModel(file, "m.safetensors").classes).toEqual(model.classes);
    const head = headOf(file);
    expect(await survivors(file, (bad) => decodeModel(bad, "m.safetensors"), { at: "m.safetensors", head })).toEqual(
      [],
    );
  });

  test("model.onnx", async () => {
    const file = await exportOnnx(model, engine);
    const { session } = await loadOnnx(file, "m.onnx", engine);
    await session.dispose();
    expect(await survivors(file, (bad) => loadOnnx(bad, "m.onnx", engine), { at: "m.onnx" })).toEqual([]);
    // Its metadata, with the class names, lies at the end.
    const tail = Buffer.from(file).indexOf("bantam.format");
    const metadata = file.subarray(tail);
    const whole = (bad: Buffer) => loadOnnx(Buffer.concat([file.subarray(0, tail), bad]), "m.onnx", engine);
    expect(await survivors(metadata, whole, { at: "m.onnx" })).toEqual([]);
  });

  const vector = (start: number) => Float32Array.from({ length: 50 }, (_, i) => start + i);
  const kinds: Readonly<Record<string, { save: (path: string) => Promise<void>; load: (path: string) => unknown }>> = {
    "a checkpoint": {
      save: (path) =>
        saveCheckpoint(path, {
          state: {
            weights: vector(1),
            buffers: vector(2),
            moments: [vector(3)],
            epoch: 1,
            updates: 9,
            average: null,
            within: null,
          },
          curve: [],
          start: null,
          setbacks: [],
          run: "run",
        }),
      load: (path) => loadCheckpoint(path, "run"),
    },
    "weights of a trial": {
      save: async () => (await openTrialWeights(place())).save(3, new Map([["stem", vector(4)]])),
      load: async () => (await openTrialWeights(place())).load(3),
    },
    "shared weights": {
      save: (path) => saveSupernet(path, { weights: vector(5), velocity: vector(6), epoch: 1, compute: 7 }, "run"),
      load: (path) => loadSupernet(path, "run"),
    },
  };
  test.each(Object.keys(kinds))("%s", async (kind) => {
    const path = place("trial-3.safetensors");
    await kinds[kind]!.save(path);
    const file = await readFile(path);
    expect(await kinds[kind]!.load(path)).toBeTruthy();
    const read = async (bad: Buffer) => {
      await writeFile(path, bad);
      return kinds[kind]!.load(path);
    };
    expect(await survivors(file, read, { at: path, head: headOf(file) })).toEqual([]);
  });

  test("by every command that reads it, with exit code 1", async () => {
    await makePhotos(place("photos"), 6);
    for (const [name, file] of [
      ["bad.safetensors", encodeModel(model)],
      ["bad.onnx", await exportOnnx(model, engine)],
    ] as const) {
      const path = place(name);
      // In the middle of the weights: the header is whole.
      const bad = Buffer.from(file);
      bad[Math.floor(bad.length / 2)]! ^= 4;
      await writeFile(path, bad);
      for (const words of [
        ["predict", path, place("photos", "cross", "1.jpg")],
        ["eval", path, place("photos")],
        ...(name === "bad.onnx"
          ? []
          : [
              ["export", path, "--out", place("out.onnx")],
              ["train", place("photos"), "--from", path, "--out", place("run")],
              ["profile", path],
            ]),
      ]) {
        const { code, stdout, stderr } = await bantam(...words);
        expect(stderr, words.join(" ")).toContain(
          `${path}: expected the bytes that were written, by the SHA-256 in its metadata (bantam.sha256), received other bytes`,
        );
        expect(stderr).toContain("hint: the file is damaged");
        expect([code, stdout]).toEqual([1, ""]);
      }
    }
  });
});

describe("a file without a digest", () => {
  test("that says to be a checkpoint of no known format is not passed over", async () => {
    const path = place("strange.safetensors");
    for (const format of ["bantam-checkpoinu-4", "bantam-checkpoint-4", ""]) {
      await writeFile(path, encodeSafetensors(new Map(), { format, run: "run" }));
      await expect(loadCheckpoint(path, "run")).rejects.toThrow("received no such digest");
    }
    await writeFile(path, encodeSafetensors(new Map(), { format: "bantam-checkpoint-3", run: "run" }));
    expect(await loadCheckpoint(path, "run")).toBeNull();
  });

  const without = (format: string) => {
    const { tensors, metadata } = decodeSafetensors(encodeModel(model), "m");
    const { "bantam.sha256": _, ...rest } = metadata;
    return encodeSafetensors(tensors, { ...rest, format });
  };

  test("of an earlier version is read, and that is said", () => {
    const notices: string[] = [];
    decodeModel(without("bantam-model-1"), "old.safetensors", (text) => notices.push(text));
    expect(notices).toEqual([
      "old.safetensors: written by an earlier version, without a digest: whether it is damaged cannot be told (bantam export writes it anew)",
    ]);
    decodeModel(encodeModel(model), "new.safetensors", (text) => notices.push(text));
    expect(notices).toHaveLength(1);
  });

  test("of this version lost it", () => {
    expect(() => decodeModel(without("bantam-model-2"), "m.safetensors")).toThrow("received no such digest");
  });

  test("other readers of safetensors are not disturbed by it", () => {
    const { metadata, tensors } = decodeSafetensors(encodeModel(model), "m");
    expect(metadata["bantam.sha256"]).toMatch(/^[0-9a-f]{64}$/);
    expect([...tensors.keys()].sort()).toEqual([...model.tensors.keys()].sort());
  });
});

describe("numbers that are none", () => {
  const bias = (value: number) => Float32Array.of(0.5, value, 0);

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%s in a model", async (value) => {
    const path = place("broken.safetensors");
    await writeFile(path, encodeModel(withTensor("classifier.bias", bias(value))));
    await makePhotos(place("photos"), 6);
    const { code, stdout, stderr } = await bantam("predict", path, place("photos", "cross", "1.jpg"), "--json");
    expect(stderr).toContain(`${path}: classifier.bias: expected 3 finite numbers, received ${value} at place 1`);
    expect(code).toBe(1);
    expect(stdout).not.toContain("null");
  });

  test("finite weights that count beyond float32", async () => {
    const huge = new Map([...model.tensors].map(([name, data]) => [name, data.map((x) => x * 1e30)] as const));
    const path = place("huge.safetensors");
    await writeFile(path, encodeModel({ ...model, tensors: huge }));
    await makePhotos(place("photos"), 6);
    for (const words of [
      ["predict", path, place("photos", "cross", "1.jpg")],
      ["eval", path, place("photos")],
    ]) {
      const { code, stdout, stderr } = await bantam(...words);
      expect(stderr, words[0]).toContain(`${path}: expected probabilities between 0 and 1, received NaN`);
      expect([code, stdout]).toEqual([1, ""]);
    }
  });

  test("in other people's weights", async () => {
    const half = { dtype: "F16", shape: [2], data: Uint8Array.of(0, 0x3c, 0, 0x7c) } as const;
    expect(() => finiteFloat32(half, "w")).toThrow("w: expected 2 finite numbers, received Infinity at place 1");
  });
});
