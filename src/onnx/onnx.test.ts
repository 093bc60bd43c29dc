/** The files that graphs are lowered to. What they compute is tested in `ops`. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { differentiate, withoutUnusedNodes } from "../autodiff/index.js";
import { createRng, ModelError } from "../base/index.js";
import { type Graph, type Parameter, plain, sizeOf, type Value } from "../ir/index.js";
import { createBuilder, type GraphBuilder } from "../ops/index.js";
import "../ops/testing/close.js";
import { engines } from "../ops/testing/engine.js";
import { evaluate } from "../ops/testing/interpreter.js";
import { lossGraph } from "../ops/testing/networks.js";
import { chooseEngine } from "../runtime/index.js";
import { lower, readOnnx } from "./index.js";
import { ModelProtoSchema, type NodeProto } from "./onnx_pb.js";

const learned: Omit<Parameter, "value"> = {
  initializer: { kind: "normal", deviation: 0.5 },
  trainable: true,
  decay: true,
};

/** Pixels to probabilities, with every op that a deployed network of the papers has. */
function inferenceGraph(batch: number): Graph {
  const g = createBuilder();
  const conv = (x: Value, out: number, kernel: number, stride: number) => {
    const pad = (kernel - 1) / 2;
    return g.one(
      "conv2d",
      [x, g.parameter("weight", [out, x.shape[1]!, kernel, kernel], learned), g.parameter("bias", [out], learned)],
      { stride, padding: [pad, pad, pad, pad] },
    );
  };
  const norm = (x: Value) => {
    const vectors = ["gamma", "beta", "mean", "variance"].map((name) => g.parameter(name, [x.shape[1]!], learned));
    return g.one("batchNormInference", [x, ...vectors], { epsilon: 1e-3 });
  };
  const pixels = g.input("pixels", { ...plain(batch, 8, 8, 3), dtype: "uint8" });
  let x = g.scope("input", () => g.one("pixelsToImage", [pixels], { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }));
  x = g.scope("stem", () => g.hardSwish(norm(conv(x, 4, 3, 2))));
  x = g.scope("depthwise", () => {
    const w = g.parameter("weight", [4, 1, 5, 5], learned);
    return g.relu6(norm(g.one("depthwiseConv2d", [x, w], { stride: 1, padding: [2, 2, 2, 2] })));
  });
  x = g.scope("squeeze", () => {
    const reduced = g.scope("reduce", () => g.relu(conv(g.globalAveragePool(x), 2, 1, 1)));
    return g.mul(
      x,
      g.scope("expand", () => g.hardSigmoid(conv(reduced, 4, 1, 1))),
    );
  });
  x = g.scope("block", () => g.add(x, g.silu(conv(x, 4, 1, 1))));
  const logits = g.scope("classifier", () => g.flatten(conv(g.globalAveragePool(x), 5, 1, 1)));
  g.output(g.softmax(logits), "probabilities");
  return g.build();
}

const weightsOf = (graph: Graph): Map<string, Float32Array> => {
  const rng = createRng(1);
  return new Map(
    graph.parameters.map(({ value: { name, shape } }) => [
      name,
      // Variances must not be negative.
      new Float32Array(sizeOf(shape)).map(() => (name.endsWith("variance") ? 0.5 + rng.uniform() : 0.5 * rng.normal())),
    ]),
  );
};

const deployed = (graph: Graph) =>
  lower(graph, { name: "tiny", layout: "image-major", weights: weightsOf(graph), freeBatch: true });

/** Forward and backward, as in a training step. */
function trainingGraph(): Graph {
  const graph = lossGraph({
    batch: 2,
    channels: 3,
    side: [8, 8],
    classes: 3,
    seed: 1,
    layers: [
      { kind: "conv", kernel: 3, stride: 1, channels: 4 },
      { kind: "batchNorm" },
      { kind: "activation", of: "relu6" },
      { kind: "depthwise", kernel: 3, stride: 1 },
      { kind: "depthwise", kernel: 3, stride: 2 },
      { kind: "squeezeExcite", channels: 2 },
      { kind: "residual" },
    ],
  });
  const parameters = graph.parameters.map(({ value }) => value);
  const { builder, gradients } = differentiate(graph, graph.outputs[0]!, parameters);
  for (const [i, gradient] of gradients.entries()) builder.output(gradient, `gradients/${parameters[i]!.name}`);
  return withoutUnusedNodes(builder.build());
}

const graphIn = (bytes: Uint8Array) => fromBinary(ModelProtoSchema, bytes).graph!;
const isStandard = ({ domain }: NodeProto) => domain === "";

describe("lower", () => {
  test("gives equal bytes for equal graphs", () => {
    expect(deployed(inferenceGraph(2))).toEqual(deployed(inferenceGraph(2)));
    const train = () => lower(trainingGraph(), { name: "step", layout: "channel-major" });
    expect(train()).toEqual(train());
  });

  test("uses standard ops alone for deployment, and says which opset", () => {
    const model = fromBinary(ModelProtoSchema, deployed(inferenceGraph(1)));
    expect(model.graph!.node.every(isStandard)).toBe(true);
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([["", 17n]]);
    const training = fromBinary(ModelProtoSchema, lower(trainingGraph(), { name: "step", layout: "channel-major" }));
    expect(training.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([
      ["", 17n],
      ["com.microsoft", 1n],
    ]);
  });

  test.each([
    ["deployed", deployed(inferenceGraph(1))],
    ["training", lower(trainingGraph(), { name: "step", layout: "channel-major" })],
  ])("names every value of a %s graph once, and before its use", (_, bytes) => {
    const { input, initializer, node, output } = graphIn(bytes);
    const known = [...input, ...initializer].map(({ name }) => name);
    for (const { input: used, output: made } of node) {
      for (const name of used) expect(known).toContain(name);
      known.push(...made);
    }
    expect(new Set(known).size).toBe(known.length);
    for (const { name } of output) expect(known).toContain(name);
    const nodeNames = node.map(({ name }) => name);
    expect(new Set(nodeNames).size).toBe(nodeNames.length);
  });

  test("keeps the names of inputs and outputs from nodes that would take them", () => {
    const g = createBuilder();
    const x = g.input("exp/Exp", plain(2));
    g.output(g.exp(g.exp(x)), "exp/Exp.1");
    const { input, node, output } = graphIn(lower(g.build(), { name: "names", layout: "image-major" }));
    const names = [...input.map(({ name }) => name), ...node.flatMap((each) => each.output)];
    expect(new Set(names).size).toBe(names.length);
    expect(output.map(({ name }) => name)).toEqual(["exp/Exp.1"]);
  });

  test("refuses two values of one name", () => {
    const g = createBuilder();
    g.output(g.exp(g.input("x", plain(2))), "x");
    expect(() => lower(g.build(), { name: "names", layout: "image-major" })).toThrow(
      "internal: two values are named x",
    );
  });

  test("stores equal constants once", () => {
    const constants = (build: (g: GraphBuilder, x: Value) => Value) => {
      const g = createBuilder();
      g.output(build(g, g.input("x", plain(2))), "y");
      return graphIn(lower(g.build(), { name: "constants", layout: "image-major" })).initializer.length;
    };
    expect(constants((g, x) => g.mul(g.add(x, 0.5), 0.5))).toBe(1);
    expect(constants((g, x) => g.mul(g.add(x, 0.5), 0.25))).toBe(2);
    expect(constants((g, x) => g.relu6(g.relu6(x)))).toBe(2); // 0 and 6
    // The same bytes under another shape or type are another constant.
    expect(constants((g, x) => g.add(g.add(x, 0), g.one("constant", [], { values: [0], shape: [1] })))).toBe(2);
  });

  test("parameters without weights are inputs of a fixed shape, though the batch is free", () => {
    const graph = inferenceGraph(3);
    const some = new Map([...weightsOf(graph)].filter(([name]) => !name.startsWith("stem")));
    const { input, initializer } = graphIn(
      lower(graph, { name: "some", layout: "image-major", weights: some, freeBatch: true }),
    );
    const shapes = Object.fromEntries(
      input.map(({ name, type }) => {
        const tensor = type!.value.case === "tensorType" ? type!.value.value : undefined;
        return [name, tensor!.shape!.dim.map(({ value }) => value.value)];
      }),
    );
    expect(shapes).toEqual({
      pixels: ["N", 8n, 8n, 3n],
      "stem.gamma": [4n],
      "stem.beta": [4n],
      "stem.mean": [4n],
      "stem.variance": [4n],
      "stem.weight": [4n, 3n, 3n, 3n],
      "stem.bias": [4n],
    });
    expect(initializer.map(({ name }) => name)).toContain("classifier.weight");
  });
});

for (const name of ["cpu", "wasm"] as const) {
  const missing = engines.find((runner) => runner.name.startsWith(name))!.missing;

  test(`a file with a free batch serves any batch: ${name}`, async ({ skip }) => {
    skip(missing !== undefined, missing);
    const engine = await chooseEngine(name, 1);
    const session = await engine.load(deployed(inferenceGraph(2)));
    const rng = createRng(5);
    for (const batch of [1, 7]) {
      const graph = inferenceGraph(batch);
      const pixels = new Uint8Array(batch * 8 * 8 * 3).map(() => rng.integer(256));
      const { probabilities } = await session.run({ pixels: { data: pixels, dims: [batch, 8, 8, 3] } });
      expect(probabilities!.dims).toEqual([batch, 5]);
      const values = new Map<string, Float32Array | Uint8Array>([...weightsOf(graph), ["pixels", pixels]]);
      expect(probabilities!.data).toBeAllClose(evaluate(graph, values).get("probabilities")!, { absolute: 1e-5 });
    }
    await session.dispose();
  });
}

describe("readOnnx", () => {
  const graph = inferenceGraph(1);
  const options = { name: "tiny", layout: "image-major", weights: weightsOf(graph) } as const;

  test("tells what was written", () => {
    const bytes = lower(graph, { ...options, metadata: { classes: '["a","b"]', note: "5 µm × 3" } });
    expect(readOnnx(bytes, "tiny.onnx")).toEqual({
      producer: "bantam",
      metadata: { classes: '["a","b"]', note: "5 µm × 3" },
      inputs: ["pixels"],
      outputs: ["probabilities"],
    });
  });

  const failure = (bytes: Uint8Array) => {
    try {
      readOnnx(bytes, "shoes.onnx");
    } catch (error) {
      expect(error).toBeInstanceOf(ModelError);
      return (error as ModelError).facts;
    }
    throw new Error("nothing was thrown");
  };

  test("names bytes that are no ONNX file", () => {
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
    expect(failure(png)).toMatchObject({
      at: "shoes.onnx",
      expected: "an ONNX file",
      received: expect.stringMatching(/^8 bytes that are none \(.+\)$/),
    });
    expect(failure(new TextEncoder().encode("<!doctype html>")).at).toBe("shoes.onnx");
    expect(failure(lower(graph, options).slice(0, 300)).expected).toMatch(/^an ONNX file/);
  });

  test("names an empty file", () => {
    expect(failure(new Uint8Array(0))).toEqual({
      at: "shoes.onnx",
      expected: "an ONNX file with a graph",
      received: "a file without one",
      hint: "was it cut off while copying?",
    });
  });
});

describe("the onnx package's own checker", () => {
  const python = "/usr/bin/python3";
  const script = fileURLToPath(new URL("../../scripts/check-onnx.py", import.meta.url));
  const reason =
    spawnSync(python, ["-c", "import onnx"]).status === 0 ? undefined : `${python} cannot import onnx (python3-onnx)`;

  test("accepts a deployed file, and of a training graph the standard nodes", async ({ skip }) => {
    skip(reason !== undefined, reason);
    const folder = await mkdtemp(join(tmpdir(), "bantam-onnx-"));
    try {
      const [tiny, step, broken] = ["tiny", "step", "broken"].map((name) => join(folder, `${name}.onnx`));
      await writeFile(tiny!, deployed(inferenceGraph(1)));
      await writeFile(step!, lower(trainingGraph(), { name: "step", layout: "channel-major" }));
      const printed = execFileSync(python, [script, tiny!, step!], { encoding: "utf8" });
      expect(printed.split("\n")).toEqual([
        expect.stringMatching(/tiny\.onnx: ok, \d+ nodes, all standard$/),
        expect.stringMatching(
          /step\.onnx: ok, \d+ standard nodes; not checked, .*: \d+ com\.microsoft\.FusedMatMul, \d+ com\.microsoft\.QuickGelu$/,
        ),
        "",
      ]);

      await writeFile(broken!, deployed(inferenceGraph(1)).slice(0, 300));
      const { status, stdout } = spawnSync(python, [script, broken!], { encoding: "utf8" });
      expect(status).toBe(1);
      expect(stdout).toMatch(/broken\.onnx: wrong: /);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test("nothing is written that nobody reads", () => {
  const { node, initializer, output } = graphIn(lower(trainingGraph(), { name: "step", layout: "channel-major" }));
  const read = new Set([...node.flatMap(({ input }) => input), ...output.map(({ name }) => name)]);
  expect(node.filter((each) => !each.output.some((name) => read.has(name)))).toEqual([]);
  expect(initializer.filter(({ name }) => !read.has(name))).toEqual([]);
});
