import { expect, test } from "vitest";
import { buildArchitecture, compareNetwork, landscape, profileArchitecture, rivalsOf } from "./index.js";

const published = landscape();

test("families hold their members at full resolution, from small to large", () => {
  const members = Object.fromEntries(published.families.map(({ name, points }) => [name, points.map((p) => p.member)]));
  expect(members).toMatchObject({
    MobileNetV1: ["0.25", "0.5", "0.75", "1"],
    MobileNetV2: ["0.35", "0.5", "0.75", "1", "1.3", "1.4"],
    "MobileNetV3-Large": ["0.35", "0.5", "0.75", "1", "1.25"],
    "MnasNet-A1": ["0.35", "0.5", "0.75", "1", "1.4"],
    EfficientNet: ["B0", "B1", "B2", "B3", "B4", "B5", "B6", "B7"],
    "EfficientNet-Lite": ["Lite0", "Lite1", "Lite2", "Lite3", "Lite4"],
  });
  for (const { points } of published.families)
    for (const [i, point] of points.entries()) if (i > 0) expect(point.macs!).toBeGreaterThan(points[i - 1]!.macs!);
});

test("what is built here is counted, the rest is as printed", () => {
  const b1 = published.families.flatMap(({ points }) => points).find(({ label }) => label === "EfficientNet-B1");
  expect(b1).toMatchObject({ params: 7_794_184, macs: 686_802_832, top1: 0.791, counted: "here" });
  const resnet = published.others.find(({ label }) => label === "ResNet-152");
  expect(resnet).toMatchObject({ params: 60e6, macs: 11e9, top1: 0.778, counted: "printed" });
});

test("a network is counted and comes with its published accuracy", () => {
  const compared = compareNetwork("mobilenet-v2-0.35@96");
  const { params, macs, weightBytes, peakActivationBytes } = profileArchitecture(
    buildArchitecture("mobilenet-v2", { width: 0.35, resolution: 96 }),
  );
  expect(compared).toMatchObject({ params, macs, weightBytes, peakActivationBytes, resolution: 96 });
  expect(compared.published).toMatchObject({ label: "MobileNetV2 0.35 @96", top1: 0.455, top5: 0.704 });
  expect(compareNetwork("mobilenet-v2-0.4").published).toBeNull();
  expect(compareNetwork("torch-mobilenet-v2").published?.top1).toBe(0.71878);
  expect(() => compareNetwork("mobilenet-v9")).toThrow(/did you mean/);
});

// arXiv:1905.11946, table 2 prints the ratios as 11×, 16× and 18× (to ResNeXt-101).
test.each([
  ["efficientnet-b0", "ResNet-50", 4.1e9 / 385_814_752],
  ["efficientnet-b1", "ResNet-152", 11e9 / 686_802_832],
  ["efficientnet-b3", "PolyNet", 35e9 / 1_827_141_392],
])("%s has a rival in %s", (network, label, factor) => {
  const rivals = rivalsOf(compareNetwork(network), published, "macs")!;
  expect(rivals.costliest).toMatchObject({ label });
  expect(rivals.costliest!.factor).toBeCloseTo(factor, 9);
});

test("PNASNet reaches the accuracy of EfficientNet-B4 with five times the operations, and nobody else with less", () => {
  const { cheapest } = rivalsOf(compareNetwork("efficientnet-b4"), published, "macs")!;
  expect(cheapest).toMatchObject({ label: "PNASNet", top1: 0.829 });
  expect(cheapest!.factor).toBeCloseTo(23e9 / 4_393_771_024, 9);
});

test.each([
  ["efficientnet-b2", /^EfficientNet-B/],
  ["torch-efficientnet-b2@288", /^EfficientNet-B/],
  ["mobilenet-v3-small", /^MobileNetV3-Small( [\d.]+)?$/],
  ["mnasnet-a1-0.5", /^MnasNet-A1/],
])("rivals of %s keep to their side of the accuracy and are of other families", (network, family) => {
  const compared = compareNetwork(network);
  const { top1 } = compared.published!;
  for (const quantity of ["macs", "params"] as const) {
    const { costliest, cheapest } = rivalsOf(compared, published, quantity)!;
    expect(costliest!.top1).toBeLessThanOrEqual(top1);
    expect(cheapest!.top1).toBeGreaterThanOrEqual(top1);
    for (const { label } of [costliest!, cheapest!]) expect(label).not.toMatch(family);
  }
});

test("without a published accuracy there are no rivals", () => {
  expect(rivalsOf(compareNetwork("mobilenet-v2-0.4"), published, "macs")).toBeNull();
});
