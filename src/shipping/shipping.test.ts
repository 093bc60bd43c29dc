import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { createRng, FileError, ModelError, OPEN_SEAL, SEAL_KEY, seal } from "../base/index.js";
import { costsOfProfile } from "../cost/index.js";
import { encodePng } from "../data/index.js";
import { folderOf, imageSetOf, temporaryFolder } from "../data/testing/fixtures.js";
import { buildArchitecture, buildNetwork, profileArchitecture } from "../networks/index.js";
import { randomWeights } from "../networks/testing/random-weights.js";
import { lower } from "../onnx/index.js";
import { type ModelProto, ModelProtoSchema } from "../onnx/onnx_pb.js";
import "../ops/testing/close.js";
import { chooseEngine } from "../runtime/index.js";
import { decodeSafetensors, encodeSealed, type Tensor } from "../weights/index.js";
import { openClassifier } from "./classifier.js";
import { exportOnnx, loadOnnx, runPictures } from "./deploy.js";
import { decodeModel, encodeModel, loadModel, type Model, saveModel } from "./model.js";
import { predictFiles } from "./predict-files.js";
import { evaluateClassifier, type Prediction, scorePredictions } from "./scores.js";

const engine = await chooseEngine("auto", 1);
const SIZE = 32;
const architecture = buildArchitecture("mobilenet-v3-small", { width: 0.35, resolution: SIZE, classes: 3 });
const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });

/** Untrained, but with every norm and statistic away from where it starts. */
const model: Model = {
  architecture,
  classes: ["cat", "dog", "ünïcorn"],
  preprocessing: {
    size: SIZE,
    channels: 3,
    resize: "cover",
    interpolation: "bilinear",
    mean: [0.5, 0.4, 0.3],
    std: [0.2, 0.25, 0.3],
  },
  costs: costsOfProfile(profileArchitecture(architecture)),
  history: { seed: 7, accuracy: 0.25, recipe: { name: "none" } },
  tensors: randomWeights(graph, createRng(7)),
};
const { architecture: _, tensors: __, ...card } = model;

const rng = createRng(21);
const pictures = Array.from({ length: 7 }, (_, i) => {
  const own = rng.fork(i);
  return Uint8Array.from({ length: SIZE * SIZE * 3 }, () => own.integer(256));
});
const onnx = await exportOnnx(model, engine, pictures.slice(0, 2));

/** The metadata of an ONNX file changed by hand. */
function retouched(bytes: Uint8Array, change: (metadata: ModelProto["metadataProps"]) => void): Uint8Array {
  const proto = fromBinary(ModelProtoSchema, bytes);
  change(proto.metadataProps);
  proto.metadataProps.find(({ key }) => key === SEAL_KEY)!.value = OPEN_SEAL;
  return seal(toBinary(ModelProtoSchema, proto), `${SEAL_KEY}\x12@`);
}

describe("a model file", () => {
  test("comes back as it was written, through the disk too", async () => {
    expectSame(decodeModel(encodeModel(model), "m.safetensors"));
    const path = join(await temporaryFolder(), "m.safetensors");
    await saveModel(path, model);
    expectSame(await loadModel(path));
  });

  /** The file with its tensors or metadata changed. */
  const changed = (change: (tensors: Map<string, Tensor>, metadata: Record<string, string>) => void): Uint8Array => {
    const { tensors, metadata } = decodeSafetensors(encodeModel(model), "m");
    const [newTensors, newMetadata] = [new Map(tensors), { ...metadata }];
    change(newTensors, newMetadata);
    return encodeSealed(newTensors, newMetadata);
  };
  const withCard = (changes: object) => (_: unknown, metadata: Record<string, string>) => {
    metadata.card = JSON.stringify({ ...card, ...changes });
  };

  test.each<[string, Parameters<typeof changed>[0], string]>([
    [
      "another format",
      (_, metadata) => {
        metadata.format = "bantam-model-0";
      },
      "m.safetensors: expected a model written by Bantam (format bantam-model-2), received format bantam-model-0",
    ],
    [
      "no format",
      (_, metadata) => {
        delete metadata.format;
      },
      "m.safetensors: expected a model written by Bantam (format bantam-model-2), received a safetensors file that does not say what network it holds",
    ],
    [
      "a tensor missing",
      (tensors) => tensors.delete("classifier.bias"),
      "m.safetensors: expected classifier.bias [3], received no tensor of that name",
    ],
    [
      "a tensor of another shape",
      (tensors) => tensors.set("classifier.bias", { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) }),
      "m.safetensors: expected classifier.bias [3], received [2]",
    ],
    [
      "no card",
      (_, metadata) => {
        delete metadata.card;
      },
      "m.safetensors: card: expected JSON, received nothing",
    ],
    [
      "fewer class names than outputs",
      withCard({ classes: ["cat", "dog"] }),
      "m.safetensors: expected 3 class names, received 2",
    ],
    [
      "preprocessing to another size",
      withCard({ preprocessing: { ...card.preprocessing, size: 28 } }),
      "m.safetensors: expected preprocessing to 32 px, 3 channels, received 28 px, 3",
    ],
  ])("with %s is refused", (_, change, text) => {
    const attempt = () => decodeModel(changed(change), "m.safetensors");
    expect(attempt).toThrow(ModelError);
    expect(attempt).toThrow(text);
  });

  test("with a card that is wrong in several fields names them all", () => {
    const bytes = changed(withCard({ classes: [], costs: { ...card.costs, macs: "many" } }));
    expect(() => decodeModel(bytes, "m.safetensors")).toThrow(
      /m\.safetensors: card: expected .* classes: .*; costs\.macs: /,
    );
  });

  test("that is not there is an error of the file system", async () => {
    await expect(loadModel(join(await temporaryFolder(), "none.safetensors"))).rejects.toThrow(FileError);
  });
});

describe("the deployed file", () => {
  test("has standard ops alone, one free batch of uint8 pixels in, probabilities out", () => {
    const { graph, opsetImport } = fromBinary(ModelProtoSchema, onnx);
    expect([...new Set(graph!.node.map(({ domain }) => domain))]).toEqual([""]);
    expect(opsetImport.map(({ domain }) => domain)).toEqual([""]);
    const signature = (list: NonNullable<typeof graph>["input"]) =>
      list.map(({ name, type }) => {
        const { value } = type!.value as {
          value: { elemType: number; shape: { dim: { value: { value: unknown } }[] } };
        };
        return [name, value.elemType, value.shape.dim.map((dim) => dim.value.value)];
      });
    const [uint8, float] = [2, 1]; // TensorProto.DataType
    expect(signature(graph!.input)).toEqual([["pixels", uint8, ["N", 32n, 32n, 3n]]]);
    expect(signature(graph!.output)).toEqual([["probabilities", float, ["N", 3n]]]);
  });

  test("gives a picture the same probabilities alone and among seven; they sum to one", async () => {
    const { session } = await loadOnnx(onnx, "m.onnx", engine);
    try {
      const together = await runPictures(session, card, pictures);
      for (const [i, picture] of pictures.entries()) {
        const [alone] = await runPictures(session, card, [picture]);
        expect(together[i]!).toBeAllClose(alone!, { absolute: 1e-6 });
        expect(alone!.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      }
      expect(together[0], "the pictures differ").not.toEqual(together[1]);
    } finally {
      await session.dispose();
    }
  });

  test("is the softmax of the inference graph on the normalized pixels", async () => {
    const bytes = lower(graph, { name: "reference", layout: "image-major", weights: model.tensors });
    const reference = await engine.load(bytes);
    const { session } = await loadOnnx(onnx, "m.onnx", engine);
    try {
      for (const picture of pictures) {
        const image = new Float32Array(picture.length);
        const { mean, std } = model.preprocessing;
        picture.forEach((pixel, i) => {
          const [place, channel] = [Math.floor(i / 3), i % 3];
          image[channel * SIZE * SIZE + place] = (pixel / 255 - mean[channel]!) / std[channel]!;
        });
        const { logits } = await reference.run({ image: { data: image, dims: [1, 3, SIZE, SIZE] } });
        const [shipped] = await runPictures(session, card, [picture]);
        expect(shipped!).toBeAllClose(softmax(logits!.data), { absolute: 1e-5, relative: 0 });
      }
    } finally {
      await Promise.all([reference.dispose(), session.dispose()]);
    }
  });

  test("carries its card", async () => {
    const loaded = await loadOnnx(onnx, "m.onnx", engine);
    await loaded.session.dispose();
    expect(loaded.card).toEqual(card);
  });

  test("with a golden probability that it does not give is refused", async () => {
    const tampered = retouched(onnx, (metadata) => {
      const entry = metadata.find(({ key }) => key === "bantam.goldens")!;
      const goldens = JSON.parse(entry.value) as { probabilities: number[] }[];
      expect(goldens).toHaveLength(2);
      goldens[1]!.probabilities[2]! += 0.01;
      entry.value = JSON.stringify(goldens);
    });
    const refusal = /m\.onnx: expected its golden probabilities within 0\.002, received a difference of 0\.0100? on /;
    await expect(loadOnnx(tampered, "m.onnx", engine)).rejects.toThrow(ModelError);
    await expect(loadOnnx(tampered, "m.onnx", engine)).rejects.toThrow(refusal);
    const root = await folderOf({ "m.onnx": tampered });
    await expect(openClassifier(join(root, "m.onnx"), engine)).rejects.toThrow(refusal);
  });

  test("with another normalization than it was made with is refused too", async () => {
    const other = await exportOnnx(
      { ...model, preprocessing: { ...model.preprocessing, mean: [0, 0, 0], std: [1, 1, 1] } },
      engine,
      [],
    );
    const goldens = fromBinary(ModelProtoSchema, onnx).metadataProps.find(({ key }) => key === "bantam.goldens")!;
    const mixed = retouched(other, (metadata) => {
      metadata.find(({ key }) => key === "bantam.goldens")!.value = goldens.value;
    });
    await expect(loadOnnx(mixed, "m.onnx", engine)).rejects.toThrow("expected its golden probabilities");
  });

  test.each([
    ["bantam.card", "m.onnx: expected an ONNX file exported by Bantam"],
    ["bantam.goldens", "m.onnx: expected golden pairs in JSON"],
  ])("with its %s spoiled is refused", async (key, text) => {
    const spoiled = retouched(onnx, (metadata) => {
      const entry = metadata.find((each) => each.key === key)!;
      if (key === "bantam.card") entry.key = "someone.else";
      else entry.value = "[{";
    });
    await expect(loadOnnx(spoiled, "m.onnx", engine)).rejects.toThrow(text);
  });
});

describe("a classifier", () => {
  const fileNames = ["m.onnx", "m.safetensors"] as const;
  const modelFiles = () => folderOf({ "m.onnx": onnx, "m.safetensors": encodeModel(model) });

  test("says exactly the same from either file", async () => {
    const root = await modelFiles();
    const results = await Promise.all(
      fileNames.map(async (name) => {
        const classifier = await openClassifier(join(root, name), engine);
        const probabilities = await classifier.classify(pictures);
        await classifier.dispose();
        return { card: classifier.card, probabilities };
      }),
    );
    expect(results[0]!.probabilities).toHaveLength(pictures.length);
    expect(results[0]).toEqual(results[1]);
  });

  test("takes more pictures than one run holds", async () => {
    const root = await modelFiles();
    const classifier = await openClassifier(join(root, "m.onnx"), engine);
    const many = Array.from({ length: 203 }, (_, i) => pictures[i % pictures.length]!);
    const results = await classifier.classify(many);
    const few = await classifier.classify(pictures);
    await classifier.dispose();
    expect(results).toHaveLength(203);
    results.forEach((row, i) => {
      expect(row).toBeAllClose(few[i % pictures.length]!, { absolute: 1e-6 });
    });
  });

  test.each([
    ["m.pt", ".pt"],
    ["model", "no extension"],
  ])("does not open %s", async (name, received) => {
    const root = await folderOf({ [name]: onnx });
    const opened = openClassifier(join(root, name), engine);
    await expect(opened).rejects.toThrow(ModelError);
    await expect(opened).rejects.toMatchObject({ facts: { expected: "a .onnx or .safetensors file", received } });
  });

  test("predicts photos, best class first", async () => {
    const root = await modelFiles();
    const files = [join(root, "exact.png"), join(root, "wide.png")];
    await writeFile(files[0]!, await encodePng(pictures[3]!, SIZE, 3));
    const red = sharp({ create: { width: 90, height: 60, channels: 3, background: { r: 200, g: 30, b: 40 } } });
    await writeFile(files[1]!, await red.png().toBuffer());
    const redPixels = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => [200, 30, 40][i % 3]!);

    const classifier = await openClassifier(join(root, "m.onnx"), engine);
    try {
      const { predictions, failures } = await predictFiles(classifier, files, 2);
      expect(failures).toEqual([]);
      // A photo of the right size goes in as it is; one colour stays itself however it is resized.
      const expected = await classifier.classify([pictures[3]!, redPixels]);
      expect(predictions.map(({ file }) => file)).toEqual(files);
      for (const [i, { label, probability, top }] of predictions.entries()) {
        const ranked = [...expected[i]!].map((p, k) => ({ label: model.classes[k]!, probability: p }));
        ranked.sort((a, b) => b.probability - a.probability);
        expect(top).toEqual(ranked.slice(0, 2));
        expect({ label, probability }).toEqual(ranked[0]);
      }
      await writeFile(join(root, "broken.png"), "not a picture");
      const broken = join(root, "broken.png");
      const among = await predictFiles(classifier, [files[0]!, broken, files[1]!], 2);
      expect(among.predictions).toEqual(predictions);
      expect(among.failures).toMatchObject([{ item: broken, error: { code: "data", facts: { at: broken } } }]);
      expect(await predictFiles(classifier, [broken])).toMatchObject({ predictions: [], failures: [{ item: broken }] });
    } finally {
      await classifier.dispose();
    }
  });

  test("is evaluated on every picture with its own label", async () => {
    const root = await modelFiles();
    const classifier = await openClassifier(join(root, "m.onnx"), engine);
    const probabilities = await classifier.classify(pictures);
    const best = probabilities.map((row) => row.indexOf(Math.max(...row)));
    // The first two are labelled wrong on purpose.
    const labels = Int32Array.from(best, (label, i) => (i < 2 ? (label + 1) % 3 : label));
    const images = {
      ...imageSetOf(
        pictures.map((picture) => [...picture]),
        SIZE,
        3,
      ),
      labels,
    };
    const progress: [number, number][] = [];
    const report = await evaluateClassifier(classifier, images, (done, total) => progress.push([done, total]));
    await classifier.dispose();
    expect(report).toMatchObject({ accuracy: 5 / 7, count: 7 });
    expect(report.mistakes.map(({ index }) => index).sort()).toEqual([0, 1]);
    for (const { index, truth, predicted, probability } of report.mistakes) {
      expect([truth, predicted]).toEqual([labels[index], best[index]]);
      expect(probability).toBeCloseTo(probabilities[index]![best[index]!]!, 6);
    }
    expect(progress).toEqual([[7, 7]]);
  });
});

describe("scores, worked by hand", () => {
  const predictions: readonly Prediction[] = [
    [0, 0, 0.9],
    [0, 0, 0.8],
    [0, 1, 0.6],
    [1, 1, 0.7],
    [1, 0, 0.95],
    [2, 0, 0.5],
  ].map(([truth, predicted, probability], index) => ({
    index,
    truth: truth!,
    predicted: predicted!,
    probability: probability!,
  }));

  test("confusion, precision and recall; null where there is nothing to divide by", () => {
    const report = scorePredictions(predictions, ["a", "b", "c", "d"]);
    expect(report).toMatchObject({ accuracy: 0.5, count: 6 });
    expect(report.confusion).toEqual([
      [2, 1, 0, 0],
      [1, 1, 0, 0],
      [1, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(report.perClass).toEqual([
      { label: "a", count: 3, precision: 2 / 4, recall: 2 / 3 },
      { label: "b", count: 2, precision: 1 / 2, recall: 1 / 2 },
      { label: "c", count: 1, precision: null, recall: 0 },
      { label: "d", count: 0, precision: null, recall: null },
    ]);
    expect(
      report.mistakes.map(({ index }) => index),
      "the most confident first",
    ).toEqual([4, 2, 5]);
  });

  test("of nothing", () => {
    expect(scorePredictions([], ["a"])).toEqual({
      accuracy: 0,
      balancedAccuracy: 0,
      macroF1: 0,
      commonest: 0,
      count: 0,
      perClass: [{ label: "a", count: 0, precision: null, recall: null }],
      confusion: [[0]],
      mistakes: [],
    });
  });
});

function expectSame({ tensors, ...rest }: Model) {
  const { tensors: expected, ...expectedRest } = model;
  expect(rest).toEqual(expectedRest);
  expect([...tensors.keys()]).toEqual([...expected.keys()]);
  // As bytes: `toEqual` takes seconds over the numbers of a whole network.
  for (const [name, { buffer, byteOffset, byteLength }] of tensors) {
    const { buffer: own, byteOffset: at, byteLength: length } = expected.get(name)!;
    expect(Buffer.from(buffer, byteOffset, byteLength).equals(Buffer.from(own, at, length)), name).toBe(true);
  }
}

function softmax(logits: ArrayLike<number>): number[] {
  const powers = Array.from(logits, Math.exp);
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

test.each([
  ["weights that are no numbers", Number.NaN, "NaN among the weights stem.conv.weight"],
  ["weights that count to infinity", 3e38, "NaN among the probabilities of a golden picture"],
])("%s are not exported, and not called damaged", async (_, value, received) => {
  const stem = model.tensors.get("stem.conv.weight")!;
  const tensors = new Map(model.tensors).set(
    "stem.conv.weight",
    stem.map((weight, i) => (i % 2 ? -value : value) + weight),
  );
  const error = await exportOnnx({ ...model, tensors }, engine, pictures.slice(0, 1)).catch(
    (thrown: unknown) => thrown,
  );
  expect((error as Error).message).toBe(
    `${model.architecture.name}: expected a network of finite numbers, received ${received}\n  hint: its training diverged, and there is nothing to export: train it again, at a lower learning rate where you gave one`,
  );
});
