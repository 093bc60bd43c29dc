/** The names and shapes of every network against the libraries' own, and the way of every number there and back. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Architecture, buildArchitecture, buildNetwork, parseNetwork } from "../../networks/index.js";
import { lower } from "../../onnx/index.js";
import { chooseEngine } from "../../runtime/index.js";
import { toForeign } from "../testing/foreign.js";
import { formulaImage, formulaTensor } from "../testing/formula.js";
import { type Golden, goldens, lines } from "../testing/goldens.js";
import { canonicalKerasName, kerasEntries } from "./keras.js";
import { timmEntries } from "./timm.js";
import { torchvisionEntries } from "./torchvision.js";
import { type Entry, fromForeign } from "./weight-layout.js";

const libraries = { timm: timmEntries, torchvision: torchvisionEntries, keras: kerasEntries };
type Library = keyof typeof libraries;

/** At the published resolution: below 96 px a network of ours would lose strides. */
function architectureOf(network: string, classes = 1000): Architecture {
  const { name, ...options } = parseNetwork(network);
  return buildArchitecture(name, { ...options, classes });
}

const cases = (Object.keys(libraries) as Library[]).flatMap((library) =>
  goldens(library).map((golden) => ({ library, ...golden })),
);

describe("names and shapes are the library's own", () => {
  test.each(cases)("$library $model is $network", ({ library, network, tensors, digest }) => {
    const entries = libraries[library](architectureOf(network))!;
    const ours = entries.map(({ foreign, foreignShape }) => `${foreign} [${foreignShape}]`);
    expect(ours).toHaveLength(tensors);
    expect(createHash("sha256").update(ours.sort().join("\n")).digest("hex").slice(0, 16)).toBe(digest);
  });
});

describe("torchvision's list, line by line", () => {
  test.each([
    ["torch-mnasnet-b1-0.5", "mnasnet0_5"],
    ["torch-mobilenet-v3-small", "mobilenet_v3_small"],
  ])("%s", (network, model) => {
    const entries = torchvisionEntries(architectureOf(network))!;
    expect(entries.map(({ foreign, foreignShape }) => `${foreign} [${foreignShape}]`).sort()).toEqual(lines(model));
  });
});

describe("logits are the library's own", () => {
  const measured = cases.filter((one): one is typeof one & Required<Pick<Golden, "side" | "logits">> => "side" in one);
  // With such weights EfficientNetV2-B0 in float32 is a thousandth off from itself in float64; S, M and L lose all digits.
  const tolerance = (model: string) => (/v2_?b0$/i.test(model) ? 2e-3 : 2e-4);
  test.each(measured)("$library $model at $side px", async ({ library, model, network, side, logits: theirs }) => {
    const architecture = { ...architectureOf(network, 10), resolution: side };
    const weights = new Map(
      libraries[library](architecture)!.map((entry) => [entry.name, fromForeign(formulaTensor(entry), entry)]),
    );
    const ours = await logitsOf(architecture, weights, formulaImage(side));
    const scale = Math.max(...theirs.map(Math.abs));
    const worst = Math.max(...theirs.map((value, k) => Math.abs(value - ours[k]!)));
    expect(worst / scale).toBeLessThan(tolerance(model));
  });
});

async function logitsOf(architecture: Architecture, weights: ReadonlyMap<string, Float32Array>, data: Float32Array) {
  const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });
  const engine = await chooseEngine("auto", 1);
  const session = await engine.load(lower(graph, { name: "case", layout: "image-major", weights }));
  const { resolution } = architecture;
  const { logits } = await session.run({ image: { data, dims: [1, 3, resolution, resolution] } });
  await session.dispose();
  return logits!.data as Float32Array;
}

// @source the sizes of the libraries' state dicts, with `num_batches_tracked` and without.
test.each([
  ["timm-mobilenet-v1", 164, 137],
  ["timm-mobilenet-v2", 314, 262],
  ["timm-mobilenet-v3-large", 312, 266],
  ["timm-mobilenet-v3-small", 244, 210],
  ["timm-efficientnet-b0", 360, 311],
  ["timm-efficientnet-b1", 508, 439],
  ["timm-efficientnet-b2", 508, 439],
  ["timm-efficientnet-b3", 574, 496],
  ["timm-efficientnet-b4", 706, 610],
  ["timm-efficientnet-b5", 854, 738],
  ["timm-efficientnet-b6", 986, 852],
  ["timm-efficientnet-b7", 1200, 1037],
  ["timm-efficientnet-lite0", 296, 247],
  ["timm-efficientnet-lite1", 386, 322],
  ["timm-efficientnet-lite2", 386, 322],
  ["timm-efficientnet-lite3", 440, 367],
  ["timm-efficientnet-lite4", 548, 457],
  ["timm-mnasnet-a1", 328, 279],
  ["timm-mnasnet-b1", 314, 262],
  ["timm-mnasnet-small", 318, 272],
])("%s has a state dict of %i entries", (network, withCounters, without) => {
  const entries = timmEntries(architectureOf(network))!;
  const norms = entries.filter(({ name }) => name.endsWith(".gamma"));
  expect([entries.length + norms.length, entries.length]).toEqual([withCounters, without]);
});

test("a library has only its own networks", () => {
  expect(torchvisionEntries(architectureOf("mobilenet-v1"))).toBeNull();
  expect(torchvisionEntries(architectureOf("mnasnet-a1"))).toBeNull();
  expect(kerasEntries(architectureOf("mnasnet-b1"))).toBeNull();
  expect(kerasEntries(architectureOf("efficientnet-lite0"))).toBeNull();
});

// By hand: a filter of 2 outputs, 1 input, height 2 and width 3, counted up in Keras' order, in which the output is last.
test("filters are turned round", () => {
  const conv: Entry = {
    name: "w",
    shape: [2, 1, 2, 3],
    foreign: "k",
    foreignShape: [2, 3, 1, 2],
    axes: [3, 2, 0, 1],
  };
  const keras = Float32Array.from({ length: 12 }, (_, i) => i);
  const ours = Float32Array.of(0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11);
  expect(fromForeign(keras, conv)).toEqual(ours);
  expect(toForeign(ours, conv)).toEqual(keras);
  const matrix: Entry = { name: "w", shape: [3, 2, 1, 1], foreign: "k", foreignShape: [2, 3], axes: [1, 0] };
  expect(fromForeign(Float32Array.of(1, 2, 3, 4, 5, 6), matrix)).toEqual(Float32Array.of(1, 4, 2, 5, 3, 6));
});

test.each([
  ["Conv1/kernel", "Conv1/kernel"],
  ["Conv1/kernel:0", "Conv1/kernel"],
  ["conv1/conv1/kernel:0", "conv1/kernel"],
  ["mobilenet_1.00_224/conv_dw_1/depthwise_kernel", "conv_dw_1/kernel"],
  ["conv1_bn/conv1_bn/moving_variance:0", "conv1_bn/moving_variance"],
  ["kernel", "kernel"],
])("%s is %s in Keras", (written, meant) => {
  expect(canonicalKerasName(written)).toBe(meant);
});
