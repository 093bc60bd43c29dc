import { beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../base/index.js";
import { profileGraph } from "../cost/index.js";
import { verify } from "../ir/index.js";
import { lower } from "../onnx/index.js";
import { inferNode } from "../ops/index.js";
import { chooseEngine, type Engine, type Tensor } from "../runtime/index.js";
import {
  type Architecture,
  blocksOf,
  buildArchitecture,
  buildBlock,
  buildNearlyNothing,
  buildNetwork,
  initializeParameters,
  type NetworkBlock,
  networkNames,
} from "./index.js";
import { randomImage } from "./testing/random-weights.js";
import { tinyNetwork } from "./testing/tiny.js";

const sum = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((total, item) => total + of(item), 0);
const macsOf = ({ work }: NetworkBlock) => work.pointwiseMacs + work.depthwiseMacs + work.otherMacs;
const graphsOf = (network: Architecture) => blocksOf(network).map((_, i) => buildBlock(network, i, { batch: 1 }));

/** Both ends of the ladder and every kind of block; the rest of the zoo is counted without graphs. */
const small = networkNames.filter((name) => !/-(b[2-7]|lite[1-4])$/.test(name));

describe.each(small)("%s", (name) => {
  const network = buildArchitecture(name);
  const blocks = blocksOf(network);
  const graphs = graphsOf(network);

  test("its blocks add up to it", () => {
    const whole = profileGraph(buildNetwork(network, { batch: 1, mode: "folded" }).graph);
    const parts = graphs.map((graph) => profileGraph(graph));
    expect(sum(parts, ({ params }) => params)).toBe(whole.params);
    expect(sum(parts, ({ macs }) => macs)).toBe(whole.macs);
  });

  test("each block says of itself what its graph says", () => {
    for (const [i, block] of blocks.entries()) {
      const graph = graphs[i]!;
      const { macs } = profileGraph(graph);
      verify(graph, inferNode);
      expect({ path: block.path, macs: macsOf(block) }).toEqual({ path: block.path, macs });
      expect(graph.inputs[0]!.shape, block.path).toEqual([1, ...block.input]);
      const [, ...output] = graph.outputs[0]!.shape;
      expect(output, block.path).toEqual(block.kind === "classifier" ? [network.classes] : block.output);
      for (const { value } of graph.parameters) expect(value.name.startsWith(`${block.path}.`), value.name).toBe(true);
    }
  });
});

test.each(networkNames)("the MACs of %s come out of formulas as out of its graph", (name) => {
  const network = buildArchitecture(name);
  const { macs } = profileGraph(buildNetwork(network, { batch: 1, mode: "folded" }).graph);
  expect(sum(blocksOf(network), macsOf)).toBe(macs);
});

test("the work of a block, by hand", () => {
  const [stem, separable, first, second, last] = blocksOf(tinyNetwork());
  // 17 px at stride 2: 9; 3 → 8 channels, then h-swish over them.
  expect(stem!.work).toEqual({
    pointwiseMacs: 0,
    depthwiseMacs: 0,
    otherMacs: 27 * 8 * 81,
    curves: 8 * 81,
    bytes: 4 * (3 * 17 * 17 + 27 * 8 + 8 * 81 + 2 * 8 * 81),
    kernels: 2,
  });
  // 8 → 8 channels at 9 px with a bound for activation.
  expect(separable!.work).toEqual({
    pointwiseMacs: 64 * 81,
    depthwiseMacs: 72 * 81,
    otherMacs: 0,
    curves: 0,
    bytes: 4 * (648 + 72 + 648 + 648 + 64 + 648),
    kernels: 2,
  });
  // 8 → 24 at 9 px, 5 × 5 to 5 px, squeezed to 8, projected to 12. SiLU after the first two, ReLU and a gate in the squeeze.
  expect(first!.work).toEqual({
    pointwiseMacs: 8 * 24 * 81 + 24 * 12 * 25,
    depthwiseMacs: 24 * 25 * 25,
    otherMacs: 2 * 24 * 8,
    curves: 24 * 81 + 24 * 25 + 24,
    bytes:
      4 *
      (8 * 81 +
        8 * 24 +
        24 * 81 +
        2 * 24 * 81 + // widened
        (24 * 81 + 24 * 25 + 24 * 25 + 2 * 24 * 25) + // filtered
        (24 * 25 + 24 + (24 + 192 + 8) + (8 + 192 + 24) + 2 * 24 + 2 * 24 * 25 + 24) + // squeezed, and scaled
        (24 * 25 + 24 * 12 + 12 * 25)), // projected
    kernels: 2 + 2 + 5 + 1,
  });
  // Repeats and the last row add their input; the last one expands nothing.
  expect(second!.work.kernels).toBe(first!.work.kernels + 1);
  expect(last!.work.pointwiseMacs).toBe(12 * 12 * 25);
});

describe("signatures", () => {
  const signatures = (network: Architecture) => blocksOf(network).map(({ signature }) => signature);

  test("tell what a block is", () => {
    expect(signatures(buildArchitecture("mobilenet-v3-small")).slice(0, 4)).toEqual([
      "stem 3x3/2 3>16 hardSwish @224",
      "invertedResidual 3x3/2 16>16>16 squeeze 8 relu hardSigmoid relu @112",
      "invertedResidual 3x3/2 16>72>24 relu @56",
      "invertedResidual 3x3/1 24>88>24 + relu @28",
    ]);
    expect(signatures(buildArchitecture("mobilenet-v3-small")).slice(-3)).toEqual([
      "head 96>576 hardSwish @7",
      "hidden 576>1024 hardSwish",
      "classifier 1024>1000 linear",
    ]);
    expect(signatures(buildArchitecture("mobilenet-v1")).at(1)).toBe("separable 3x3/1 32>64 relu6 @112");
  });

  test("are those of another release, whose padding and norm differ", () => {
    const [tf, torch] = [buildArchitecture("mobilenet-v2"), buildArchitecture("torch-mobilenet-v2")];
    expect(torch.padding).not.toBe(tf.padding);
    expect(signatures(torch)).toEqual(signatures(tf));
  });

  test("are shared by blocks that differ in nothing but their place", () => {
    const bySignature = new Map<string, NetworkBlock>();
    for (const name of networkNames) {
      for (const block of blocksOf(buildArchitecture(name))) {
        const known = bySignature.get(block.signature) ?? block;
        bySignature.set(block.signature, known);
        const { path, ...content } = block;
        expect({ ...content, path: known.path }).toEqual(known);
      }
    }
    expect(bySignature.size).toBeGreaterThan(100);
  });

  test.each([
    ["kernel", { kernel: 5 }],
    ["stride", { stride: 1 }],
    ["width", { channels: 16 }],
    ["expansion", { expansion: 4 }],
    ["activation", { activation: "relu" }],
    ["squeeze-excite", { squeezeExcite: null }],
  ] as const)("change with the %s", (_, change) => {
    const tiny = tinyNetwork();
    const stages = tiny.stages.map((stage, i) => (i === 1 ? { ...stage, kernel: 3 as const } : stage));
    const changed = stages.map((stage, i) => (i === 1 ? { ...stage, ...change } : stage));
    expect(signatures({ ...tiny, stages: changed })[2]).not.toBe(signatures({ ...tiny, stages })[2]);
  });

  test("change with the residual", () => {
    const tiny = tinyNetwork();
    const stages = tiny.stages.map((stage) => ({ ...stage, residual: false }));
    expect(signatures({ ...tiny, stages })[3]).toBe(signatures(tiny)[3]!.replace(" +", ""));
  });
});

describe("run one after the other", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await chooseEngine("auto", 1);
  });

  async function run(graph: Parameters<typeof lower>[0], x: Tensor, weights: Map<string, Float32Array>) {
    const session = await engine.load(lower(graph, { name: "part", layout: "image-major", weights }));
    const outputs = await session.run({ [graph.inputs[0]!.name]: x });
    await session.dispose();
    return outputs[graph.outputs[0]!.name]!;
  }

  test.each([
    ["without", tinyNetwork({ head: { conv: null, hidden: null, activation: "relu" } })],
    ["with", tinyNetwork()],
  ] as const)("the blocks of a network %s a head give its logits", async (_, network) => {
    const { graph } = buildNetwork(network, { batch: 2, mode: "folded" });
    const rng = createRng("block graphs");
    const weights = initializeParameters(graph, rng);
    const image = randomImage(network, 2, rng);
    const whole = await run(graph, image, weights);
    let x: Tensor = image;
    for (const [i] of blocksOf(network).entries()) x = await run(buildBlock(network, i, { batch: 2 }), x, weights);
    expect(x.dims).toEqual([2, network.classes]);
    const spread = Math.max(...[...(whole.data as Float32Array)].map(Math.abs));
    expect(spread).toBeGreaterThan(0.01);
    for (const [i, logit] of whole.data.entries()) expect(Math.abs(x.data[i]! - logit)).toBeLessThan(1e-5 * spread);
  });

  test("nearly nothing is one kernel on one number", async () => {
    const graph = buildNearlyNothing();
    verify(graph, inferNode);
    const y = await run(graph, { data: Float32Array.of(-2), dims: [1] }, new Map());
    expect([...y.data]).toEqual([0]);
  });
});
