import { describe, expect, test } from "vitest";
import { buildArchitecture, buildNetwork, networkNames, networks, parseNetwork, profileArchitecture } from "./index.js";

const paramsOf = (...args: Parameters<typeof buildArchitecture>) =>
  profileArchitecture(buildArchitecture(...args)).params;

describe("dialects", () => {
  test("a bare name is the papers' own release", () => {
    for (const name of networkNames) {
      expect({ ...buildArchitecture(`tf-${name}`), name }).toEqual(buildArchitecture(name));
      // @source tensorflow/models, imagenet_mobilenetv4_conv_small_tpu.yaml
      const epsilon = name === "mobilenet-v4-conv-small" ? 1e-6 : 1e-3;
      expect(buildArchitecture(name)).toMatchObject({ padding: "same", norm: { epsilon } });
    }
  });

  test.each([
    ["torch-mobilenet-v2", 1e-5],
    ["torch-mobilenet-v3-large", 1e-3],
    ["torch-mnasnet-b1", 1e-5],
    ["torch-efficientnet-b4", 1e-5],
    ["torch-efficientnet-b5", 1e-3], // trained by Google
    ["timm-mobilenet-v3-small", 1e-5],
    ["timm-efficientnet-b5", 1e-5],
    ["timm-efficientnet-lite0", 1e-5],
  ] as const)("%s pads symmetrically, with epsilon %d", (name, epsilon) => {
    expect(buildArchitecture(name)).toMatchObject({ name, padding: "symmetric", norm: { epsilon } });
  });

  test("at width 1 they count the same", () => {
    for (const { name, dialects } of networks) {
      const counts = dialects.map((dialect) => paramsOf(`${dialect}-${name}`));
      expect(new Set(counts).size, name).toBe(1);
    }
  });

  test.each([
    ["mobilenet-v3-large", 3_993_528], //       the paper's 4.0 M
    ["torch-mobilenet-v3-large", 3_377_576],
    ["timm-mobilenet-v3-large", 3_993_528],
    ["mobilenet-v3-small", 2_041_872], //       the paper's 2.0 M
    ["torch-mobilenet-v3-small", 1_653_920],
    ["timm-mobilenet-v3-small", 2_041_872],
  ] as const)("%s at width 0.75 follows its own rule", (name, params) => {
    expect(paramsOf(name, { width: 0.75 })).toBe(params);
  });

  test("expanded and squeezed widths of V3-Large at 0.75, as released", () => {
    const { graph } = buildNetwork(buildArchitecture("mobilenet-v3-large", { width: 0.75 }), {
      batch: 1,
      mode: "folded",
    });
    const widths = graph.parameters.flatMap(({ value: { name, shape } }) =>
      /(depthwise\.conv|squeeze\.reduce)\.bias$/.test(name) ? shape[0]! : [],
    );
    const expected = "16 64 72 72 24 96 24 96 24 192 160 144 144 384 96 528 136 528 136 720 184 720 184";
    expect(widths.join(" ")).toBe(expected);
  });

  // timm 1.0.29, `mobilenetv4_conv_small_050` and `_035`.
  test.each([
    [0.5, 2_238_952, 64_741_408],
    [0.35, 1_905_384, 47_723_040],
  ])("MobileNetV4-Conv-S at %d is timm's", (width, params, macs) => {
    const profile = profileArchitecture(buildArchitecture("timm-mobilenet-v4-conv-small", { width }));
    expect(profile).toMatchObject({ params, macs });
  });

  test.each([
    // timm keeps a stem of 16; the release's narrows to 8.
    ["timm-mobilenet-v3-small", 0.5, 16],
    ["mobilenet-v3-small", 0.5, 8],
  ] as const)("the stem of %s at %d has %d channels", (name, width, channels) => {
    expect(buildArchitecture(name, { width }).stem.channels).toBe(channels);
  });

  test("the first block of MnasNet-Small has a residual in timm alone", () => {
    const residuals = (name: string) =>
      buildNetwork(buildArchitecture(name), { batch: 1, mode: "folded" }).graph.nodes.filter(({ op }) => op === "add");
    expect(residuals("timm-mnasnet-small").length - residuals("mnasnet-small").length).toBe(1);
  });

  test.each([
    ["timm-mobilenet-v2-110d", 4.52],
    ["timm-mobilenet-v2-120d", 5.83],
    ["timm-mobilenet-v1h", 5.28],
    ["timm-mobilenet-v4-conv-large", 32.59],
  ] as const)("%s has the %d M parameters that timm prints", (name, millions) => {
    expect(paramsOf(name) / 1e6).toBeCloseTo(millions, 2);
  });
});

describe("a network in one word", () => {
  test.each([
    ["mobilenet-v2", { name: "mobilenet-v2" }],
    ["mobilenet-v2-0.35@144", { name: "mobilenet-v2", width: 0.35, resolution: 144 }],
    ["torch-mobilenet-v3-large-0.75", { name: "torch-mobilenet-v3-large", width: 0.75 }],
    ["timm-mobilenet-v2-110d@224", { name: "timm-mobilenet-v2-110d", resolution: 224 }],
    ["efficientnet-b0@32", { name: "efficientnet-b0", resolution: 32 }],
    ["mnasnet-a1-2", { name: "mnasnet-a1", width: 2 }],
  ] as const)("%s", (text, expected) => {
    expect(parseNetwork(text)).toEqual(expected);
  });

  test.each([
    ["mobilenet-v9", "mobilenet-v1"],
    ["mobilenet-v2@", "mobilenet-v2"],
    ["mobilenet-v2@wide", "mobilenet-v2"],
    ["mobilenet-v2-", "mobilenet-v2"],
    ["torch-mobilenet_v3_small", "torch-mobilenet-v3-small"],
    ["efficientnet_b0", "efficientnet-b0"],
    ["EfficientNetB7", "efficientnet-b7"],
    ["mnasnetb1", "mnasnet-b1"],
    ["moiblenet-v2", "mobilenet-v2"],
  ])("%j is refused with the nearest name", (text, name) => {
    expect(() => parseNetwork(text)).toThrow(
      `expected the name of a published network, received ${JSON.stringify(text)}\n  hint: did you mean "${name}"?`,
    );
  });

  test.each(
    "resnet50,resnet18,ResNeXt-50,wide_resnet50_2,vgg16,vit,vit_b_16,swin-t,densenet121,timm-resnet50,squeezenet,alexnet,convnext,efficientnetv2-s,efficientnet-v2,mobilenet-v4,mobilevit,yolov8,inception_v3,nasnet,cat,dog,x,net".split(
      ",",
    ),
  )("%j resembles none, and the hint says what there is", (text) => {
    expect(() => parseNetwork(text)).toThrow(/hint: Bantam is made for small ones, MobileNet v1 to v3, MnasNet and/);
  });

  test("a file that is none of a network is not taken for a misspelt name", () => {
    for (const text of ["runs/photos/model", "net.yaml", "C:\\nets\\mine"])
      expect(() => parseNetwork(text)).toThrow("hint: a file of one ends in .safetensors or .json;");
  });
});

test("every network says whose it is", () => {
  expect(networks.map(({ name }) => name)).toEqual([...new Set(networks.map(({ name }) => name))]);
  for (const { paper, dialects } of networks) {
    expect(paper.year).toBeGreaterThan(2016);
    expect(dialects.length).toBeGreaterThan(0);
  }
});
