import { describe, expect, test } from "vitest";
import { buildArchitecture, explainCounts, explainNetwork, networkNames } from "./index.js";

const figureOf = (name: string, rule: RegExp, options = {}) => {
  const found = explainNetwork(name, options).rules.filter((one) => rule.test(`${one.quantity}: ${one.rule}`));
  expect(found, `${name}: ${rule}`).toHaveLength(1);
  return found[0]!.figure;
};

describe("a rule gives the integer that those who count so print", () => {
  // Keras: `count_params()` of keras.applications.
  test.each([
    ["mobilenet-v1", 1, 4_253_864],
    ["mobilenet-v1", 0.25, 475_544],
    ["mobilenet-v2", 1, 3_538_984],
    ["mobilenet-v2", 1.4, 6_156_712],
    ["mobilenet-v2", 0.35, 1_691_208],
    ["mobilenet-v3-large", 1, 5_507_432],
    ["mobilenet-v3-small", 0.75, 2_051_552],
    ["mobilenet-v3-small-minimalistic", 1, 2_056_848],
    ["efficientnet-b0", 1, 5_330_564],
    ["efficientnet-b7", 1, 66_658_680],
    ["efficientnet-v2-b0", 1, 7_200_312],
    ["efficientnet-v2-b3", 1, 14_467_622],
    ["efficientnet-v2-s", 1, 21_612_360],
    ["efficientnet-v2-m", 1, 54_431_388],
  ])("Keras, %s × %d: %i", (name, width, params) => {
    expect(figureOf(name, /params: with the moving statistics/, { width })).toBe(params);
  });

  test("Keras documents EfficientNets with their normalization layer", () => {
    expect(figureOf("efficientnet-b0", /Normalization/)).toBe(5_330_571);
    expect(figureOf("efficientnet-b7", /Normalization/)).toBe(66_658_687);
  });

  test.each([
    ["mobilenet-v1", 1, 4_233_001],
    ["mobilenet-v1", 0.75, 2_586_329],
    ["mobilenet-v1", 0.5, 1_332_105],
    ["mobilenet-v1", 0.25, 470_329],
  ])("slim, %s × %d with 1001 classes: %i", (name, width, params) => {
    expect(figureOf(name, /background/, { width })).toBe(params);
  });

  test("slim's older V3-Small had the hidden layer of V3-Large", () => {
    expect(figureOf("mobilenet-v3-small", /params: with 1280/)).toBe(2_946_568);
    expect(figureOf("mobilenet-v3-small", /params: with 1280/, { width: 0.75 })).toBe(2_408_720);
    expect(figureOf("mobilenet-v3-small", /params: with 1280/, { width: 1.25 })).toBe(3_645_960);
    expect(figureOf("mobilenet-v3-small", /macs: with 1280/, { width: 1.25 })).toBe(91_241_184);
  });

  test("torchvision builds another V3 at width 0.75", () => {
    expect(figureOf("mobilenet-v3-large", /params: as torchvision/, { width: 0.75 })).toBe(3_377_576);
    expect(figureOf("mobilenet-v3-small", /params: as torchvision/, { width: 0.75 })).toBe(1_653_920);
  });

  // Counted layer by layer in torchvision 0.14 by the rules in the sources of fvcore and torchinfo.
  test.each([
    ["torch-mobilenet-v2", 300_809_384, 314_193_216],
    ["torch-mobilenet-v3-small", 56_527_424, 59_649_536],
    ["torch-efficientnet-b0", 385_867_108, 401_659_392],
  ])("torchinfo and fvcore, %s: %i and %i", (name, torchinfo, fvcore) => {
    expect(figureOf(name, /macs: with biases/)).toBe(torchinfo);
    expect(figureOf(name, /macs: with 2 per normed/)).toBe(fvcore);
  });
});

test("MobileNetV2, from 3.4 M to 3.54 M: the differences close to the integer", () => {
  const { rules, printed } = explainNetwork("mobilenet-v2");
  const params = rules.filter(({ quantity, rule }) => quantity === "params" && !rule.startsWith("as "));
  expect(params.map(({ figure, difference }) => [figure, difference])).toEqual([
    [3_504_872, 0],
    [3_470_760, -34_112],
    [3_487_816, -17_056],
    [3_538_984, 34_112],
    [3_506_153, 1_281],
  ]);
  expect(printed.find(({ text }) => text === "3.47 M")?.rules).toEqual(["without γ and β of batch norm"]);
  expect(printed.find(({ text }) => text === "3,504,872")?.rules).toEqual(["trainable numbers"]);
  expect(printed.find(({ text }) => text === "0.301 G")?.rules).toEqual(["convolutions and classifier"]);
});

test("what is known of a wrong figure is said, of each figure its own", () => {
  const of = (name: string, text: string, width = 1) =>
    explainNetwork(name, { width }).printed.find((figure) => figure.text === text)!;
  expect(of("mobilenet-v2", "6.9 M", 1.4)).toMatchObject({ rules: [], note: expect.stringContaining("6.1 M") });
  expect(of("mobilenet-v2", "585 M", 1.4)).toMatchObject({ rules: [], note: null });
  expect(of("mobilenet-v3-small", "66 M")).toMatchObject({ rules: [], note: expect.stringContaining("not known") });
  expect(of("mobilenet-v3-small", "2.9 M").rules).toEqual(["with 1280 hidden channels"]);
  expect(of("efficientnet-b2", "9.2 M").rules).toContain("with the moving statistics");
  expect(of("mobilenet-v1", "4.24 M").rules).toEqual(["with one vector more per norm"]);
});

test("other sizes have rules but no printed figures", () => {
  for (const options of [
    { width: 0.9 },
    { resolution: 208 },
    { classes: 10 },
    { depth: 2 },
    { channels: 1 as const },
  ]) {
    const { rules, printed } = explainNetwork("mobilenet-v2", options);
    expect(printed).toEqual([]);
    expect(rules.length).toBeGreaterThan(8);
  }
});

test.each(networkNames)("%s: every rule differs by what it says, and the folded count is the weight file's", (name) => {
  const { rules } = explainNetwork(name);
  for (const quantity of ["params", "macs"] as const) {
    const [ours, ...others] = rules.filter((rule) => rule.quantity === quantity);
    expect(ours!.difference).toBe(0);
    for (const { figure, difference } of others) expect(figure - difference).toBe(ours!.figure);
  }
  const params = (rule: RegExp) => rules.find((one) => one.quantity === "params" && rule.test(one.rule))!;
  expect(params(/without γ/).difference).toBe(2 * params(/folded/).difference);
  expect(params(/moving/).difference).toBe(-params(/without γ/).difference);
});

test("a network without a name in the catalog has the rules alone", () => {
  const architecture = { ...buildArchitecture("mobilenet-v2", { width: 0.35, classes: 10 }), name: "mine" };
  expect(explainCounts(architecture)).toMatchObject({ network: "mine", printed: [] });
  expect(explainCounts(architecture).rules.length).toBeGreaterThanOrEqual(8);
});
