import { describe, expect, test } from "vitest";
import { createRng } from "../base/index.js";
import { type Graph, verify } from "../ir/index.js";
import { lower } from "../onnx/index.js";
import { inferNode } from "../ops/index.js";
import { chooseEngine, type Tensor } from "../runtime/index.js";
import {
  type Architecture,
  buildArchitecture,
  buildDeployment,
  buildNetwork,
  foldBatchNorm,
  initializeParameters,
} from "./index.js";
import { randomImage, randomWeights } from "./testing/random-weights.js";
import { tinyNetwork } from "./testing/tiny.js";

const namesOf = ({ parameters }: Graph) => parameters.map(({ value }) => value.name);
const tiny = tinyNetwork();

async function runGraph(graph: Graph, weights: ReadonlyMap<string, Float32Array>, feeds: Record<string, Tensor>) {
  const engine = await chooseEngine("auto", 1);
  const session = await engine.load(lower(graph, { name: "test", layout: "image-major", weights }));
  try {
    return await session.run(feeds);
  } finally {
    await session.dispose();
  }
}

test.each(["train", "inference", "folded"] as const)("the %s graph is well-formed", (mode) => {
  for (const architecture of [tiny, buildArchitecture("mobilenet-v1"), buildArchitecture("efficientnet-b7")]) {
    const network = buildNetwork(architecture, { batch: 2, mode });
    verify(network.graph, inferNode);
    expect(network.logits.shape).toEqual([2, architecture.classes]);
    expect(network.graph.outputs.map(({ name, id }) => [name, id])).toEqual([["logits", network.logits.id]]);
    expect(network.graph.inputs[0]).toMatchObject({ name: "image", axes: "image" });
    expect(new Set(namesOf(network.graph)).size).toBe(network.graph.parameters.length);
  }
});

describe("parameters", () => {
  test("are named by their path", () => {
    const { graph } = buildNetwork(tiny, { batch: 1, mode: "inference" });
    expect(namesOf(graph).filter((name) => !/\.(beta|mean|variance|bias)$/.test(name))).toMatchInlineSnapshot(`
      [
        "stem.conv.weight",
        "stem.norm.gamma",
        "stages.0.0.depthwise.conv.weight",
        "stages.0.0.depthwise.norm.gamma",
        "stages.0.0.pointwise.conv.weight",
        "stages.0.0.pointwise.norm.gamma",
        "stages.1.0.expand.conv.weight",
        "stages.1.0.expand.norm.gamma",
        "stages.1.0.depthwise.conv.weight",
        "stages.1.0.depthwise.norm.gamma",
        "stages.1.0.squeeze.reduce.weight",
        "stages.1.0.squeeze.expand.weight",
        "stages.1.0.project.conv.weight",
        "stages.1.0.project.norm.gamma",
        "stages.1.1.expand.conv.weight",
        "stages.1.1.expand.norm.gamma",
        "stages.1.1.depthwise.conv.weight",
        "stages.1.1.depthwise.norm.gamma",
        "stages.1.1.squeeze.reduce.weight",
        "stages.1.1.squeeze.expand.weight",
        "stages.1.1.project.conv.weight",
        "stages.1.1.project.norm.gamma",
        "stages.2.0.depthwise.conv.weight",
        "stages.2.0.depthwise.norm.gamma",
        "stages.2.0.squeeze.reduce.weight",
        "stages.2.0.squeeze.expand.weight",
        "stages.2.0.project.conv.weight",
        "stages.2.0.project.norm.gamma",
        "head.conv.weight",
        "head.norm.gamma",
        "head.hidden.weight",
        "classifier.weight",
      ]
    `);
    expect(namesOf(graph)).toEqual(expect.arrayContaining(["stem.norm.beta", "stem.norm.mean", "stem.norm.variance"]));
    expect(namesOf(graph)).toEqual(expect.arrayContaining(["head.hidden.bias", "classifier.bias"]));
  });

  test("are the same in every mode but for statistics and folded norms", () => {
    const [train, inference, folded] = (["train", "inference", "folded"] as const).map((mode) =>
      namesOf(buildNetwork(tiny, { batch: 2, mode }).graph),
    ) as [string[], string[], string[]];
    expect(inference.filter((name) => !/\.norm\.(mean|variance)$/.test(name))).toEqual(train);
    const isNorm = (name: string) => name.includes(".norm.");
    expect(folded.filter((name) => !/\.conv\.bias$/.test(name))).toEqual(train.filter((name) => !isNorm(name)));
    expect(folded.filter((name) => /\.conv\.bias$/.test(name))).toHaveLength(train.filter(isNorm).length / 2);
  });

  test("decay only where they are weights, learn only where they are not statistics", () => {
    for (const { value, decay, trainable } of buildNetwork(tiny, { batch: 1, mode: "inference" }).graph.parameters) {
      expect(decay, value.name).toBe(value.name.endsWith(".weight"));
      expect(trainable, value.name).toBe(!/\.(mean|variance)$/.test(value.name));
    }
  });

  test("start as published", () => {
    const { graph } = buildNetwork(buildArchitecture("mobilenet-v2"), { batch: 1, mode: "inference" });
    const start = new Map(graph.parameters.map(({ value, initializer }) => [value.name, initializer]));
    // σ = √(2 / (k² · out / groups)); a depthwise filter's fan-out is its k² places.
    expect(start.get("stem.conv.weight")).toEqual({ kind: "normal", deviation: Math.sqrt(2 / (9 * 32)) });
    expect(start.get("stages.0.0.depthwise.conv.weight")).toEqual({ kind: "normal", deviation: Math.sqrt(2 / 9) });
    expect(start.get("stages.0.0.project.conv.weight")).toEqual({ kind: "normal", deviation: Math.sqrt(2 / 16) });
    expect(start.get("stem.norm.gamma")).toEqual({ kind: "constant", value: 1 });
    expect(start.get("stem.norm.variance")).toEqual({ kind: "constant", value: 1 });
    expect(start.get("stem.norm.beta")).toEqual({ kind: "constant", value: 0 });
    expect(start.get("classifier.weight")).toEqual({ kind: "uniform", limit: 1 / Math.sqrt(1000) });
  });

  test("drawn by one seed are the same by name, in every mode and whatever else there is", () => {
    const draw = (architecture: Architecture, mode: "train" | "inference", seed = 7) =>
      initializeParameters(buildNetwork(architecture, { batch: 1, mode }).graph, createRng(seed));
    const [a, b] = [draw(tiny, "train"), draw({ ...tiny, stages: tiny.stages.slice(0, 1) }, "inference")];
    for (const name of ["stem.conv.weight", "stages.0.0.pointwise.conv.weight", "classifier.weight"]) {
      expect(a.get(name), name).toEqual(b.get(name));
    }
    expect(draw(tiny, "train", 8).get("stem.conv.weight")).not.toEqual(a.get("stem.conv.weight"));
  });

  test("drawn have the spread they should", () => {
    const { graph } = buildNetwork(buildArchitecture("mobilenet-v2"), { batch: 1, mode: "folded" });
    const weights = initializeParameters(graph, createRng(1));
    const spread = (name: string) => {
      const values = weights.get(name)!;
      return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    };
    expect(spread("head.conv.weight")).toBeCloseTo(Math.sqrt(2 / 1280), 3);
    const classifier = weights.get("classifier.weight")!;
    const limit = 1 / Math.sqrt(1000);
    expect(spread("classifier.weight")).toBeCloseTo(limit / Math.sqrt(3), 3);
    expect(classifier.every((value) => Math.abs(value) <= limit)).toBe(true);
  });
});

describe("in training", () => {
  const { noise, statistics, graph } = buildNetwork(tiny, { batch: 4, mode: "train" });

  test("noise comes in as masks, where there is a residual and a rate", () => {
    // Four blocks; of the three inverted residuals, the first changes shape.
    expect(noise.map(({ kind, rate, shape }) => ({ kind, rate, shape }))).toEqual([
      { kind: "dropPath", rate: (0.3 * 2) / 4, shape: [4, 1, 1, 1] },
      { kind: "dropPath", rate: (0.3 * 3) / 4, shape: [4, 1, 1, 1] },
      { kind: "dropout", rate: 0.2, shape: [4, 16, 1, 1] },
    ]);
    expect(graph.inputs.slice(1)).toEqual(noise.map(({ input }) => input));
    const still = buildNetwork({ ...tiny, dropout: 0, dropPath: 0 }, { batch: 4, mode: "train" });
    expect(still.graph.inputs).toHaveLength(1);
  });

  test("B0's deepest residual block is dropped less often than the rate says", () => {
    const rates = buildNetwork(buildArchitecture("efficientnet-b0"), { batch: 1, mode: "train" }).noise;
    // Block 15 of 16 has no residual; the last that has one is block 14.
    expect(rates.filter(({ kind }) => kind === "dropPath").at(-1)?.rate).toBeCloseTo((0.2 * 14) / 16, 12);
    expect(rates.filter(({ kind }) => kind === "dropPath")).toHaveLength(9);
  });

  test("every norm tells its statistics, their names and how many numbers they are made of", () => {
    const inference = buildNetwork(tiny, { batch: 1, mode: "inference" });
    const buffers = inference.graph.parameters.filter(({ trainable }) => !trainable).map(({ value }) => value.name);
    expect(statistics.flatMap(({ runningMean, runningVariance }) => [runningMean, runningVariance])).toEqual(buffers);
    expect(statistics[0]).toMatchObject({ runningMean: "stem.norm.mean", count: 4 * 9 * 9 });
    expect(statistics[0]?.variance.shape).toEqual([8]);
  });
});

describe("folding", () => {
  test.each(["same", "symmetric"] as const)("keeps the logits, padding %s", async (padding) => {
    const architecture = tinyNetwork({ padding });
    const inference = buildNetwork(architecture, { batch: 3, mode: "inference" });
    const weights = randomWeights(inference.graph, createRng(3));
    const image = randomImage(architecture, 3, createRng("image"));
    const expected = await runGraph(inference.graph, weights, { image });
    const folded = buildNetwork(architecture, { batch: 3, mode: "folded" }).graph;
    const foldedWeights = foldBatchNorm(architecture, weights);
    expect([...foldedWeights.keys()].toSorted()).toEqual(namesOf(folded).toSorted());
    const actual = await runGraph(folded, foldedWeights, { image });
    expectClose(actual.logits!.data, expected.logits!.data, 1e-4);
    expect(Math.max(...expected.logits!.data)).toBeGreaterThan(0.1);
  });

  test("names a missing and a wrong weight", () => {
    const weights = initializeParameters(buildNetwork(tiny, { batch: 1, mode: "inference" }).graph, createRng(1));
    weights.set("stem.norm.mean", new Float32Array(7));
    expect(() => foldBatchNorm(tiny, weights)).toThrow(
      "stem.norm.mean: expected a weight of 8 numbers, received 7 numbers",
    );
    weights.delete("stem.norm.mean");
    expect(() => foldBatchNorm(tiny, weights)).toThrow("stem.norm.mean: expected a weight of 8 numbers, received none");
  });
});

test("the deployed graph takes pixels and gives the probabilities of the folded one", async () => {
  const [mean, std] = [
    [0.5, 0.4, 0.3],
    [0.2, 0.25, 0.3],
  ];
  const weights = foldBatchNorm(
    tiny,
    randomWeights(buildNetwork(tiny, { batch: 1, mode: "inference" }).graph, createRng(3)),
  );
  const rng = createRng("pixels");
  const side = tiny.resolution;
  const pixels = Uint8Array.from({ length: 2 * side * side * 3 }, () => rng.integer(256));
  const image = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) {
    const [n, place, c] = [Math.floor(i / (side * side * 3)), Math.floor(i / 3) % (side * side), i % 3];
    image[(n * 3 + c) * side * side + place] = (pixels[i]! / 255 - mean[c]!) / std[c]!;
  }
  const deployed = buildDeployment(tiny, { batch: 2, mean, std });
  verify(deployed, inferNode);
  const { probabilities } = await runGraph(deployed, weights, { pixels: { data: pixels, dims: [2, side, side, 3] } });
  const { graph } = buildNetwork(tiny, { batch: 2, mode: "folded" });
  const { logits } = await runGraph(graph, weights, { image: { data: image, dims: [2, 3, side, side] } });
  const exponentials = Array.from(logits!.data, Math.exp);
  const totals = [0, 1].map((n) => exponentials.slice(5 * n, 5 * n + 5).reduce((a, b) => a + b));
  expect(probabilities!.dims).toEqual([2, 5]);
  expectClose(
    probabilities!.data,
    exponentials.map((value, i) => value / totals[Math.floor(i / 5)]!),
    1e-5,
  );
});

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i]! - expected[i]!), `element ${i}: ${actual[i]} for ${expected[i]}`).toBeLessThan(
      tolerance,
    );
  }
}
