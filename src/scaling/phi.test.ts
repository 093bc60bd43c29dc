import { expect, test } from "vitest";
import { UsageError } from "../base/index.js";
import { buildArchitecture, networkNames } from "../networks/index.js";
import { publishedSeries, scaleNetworkByPhi } from "./phi.js";

test.each(networkNames)("%s at φ = 0 is the network itself", (name) => {
  const { architecture, multipliers, depth, width } = scaleNetworkByPhi(name, 0);
  expect(architecture).toEqual(buildArchitecture(name));
  expect({ multipliers, depth, width }).toEqual({
    multipliers: { depth: 1, width: 1, resolution: 1 },
    depth: 1,
    width: 1,
  });
});

// Depth 1.2 and width 1.1 are EfficientNet-B2's, which was published with 260 px instead of 1.15 · 224 = 257.6.
test("efficientnet-b0 at φ = 1 has the layers of B2", () => {
  const { stem, stages, head } = buildArchitecture("efficientnet-b2");
  expect(scaleNetworkByPhi("efficientnet-b0", 1).architecture).toMatchObject({ stem, stages, head, resolution: 258 });
});

test("φ may be any real number, the baseline any size, and each release rounds as it does", () => {
  const small = scaleNetworkByPhi("mobilenet-v2", -1.5, { width: 0.75, resolution: 192, classes: 10 });
  expect(small.architecture).toEqual(
    buildArchitecture("mobilenet-v2", {
      depth: 1.2 ** -1.5,
      width: 0.75 * 1.1 ** -1.5,
      resolution: Math.round(192 * 1.15 ** -1.5),
      classes: 10,
    }),
  );
  // The Lite networks spare the stem, the head, and the repeats of the first and last stage.
  const [lite, full] = ["efficientnet-lite0", "efficientnet-b0"].map((name) => scaleNetworkByPhi(name, 2.3));
  expect(lite!.architecture).toMatchObject({ stem: { channels: 32 }, head: { conv: 1280 } });
  expect(lite!.architecture.stages[0]!.repeats).toBe(1);
  expect(full!.architecture.stages[0]!.repeats).toBe(2);
  expect(full!.architecture.stem.channels).toBe(40);
});

test("other coefficients", () => {
  const { architecture } = scaleNetworkByPhi("efficientnet-b0", 2, {}, { depth: 1, width: 1, resolution: 1.25 });
  expect(architecture).toEqual(buildArchitecture("efficientnet-b0", { resolution: 350 }));
});

test("MACs about double with each φ, as α · β² · γ² ≈ 2", () => {
  const macs = [0, 1, 2, 3, 4, 5, 6, 7].map((phi) => scaleNetworkByPhi("efficientnet-b0", phi).costs.macs);
  // Rounding depth up makes the first step larger than the others.
  for (let phi = 2; phi < macs.length; phi++) {
    expect(macs[phi]! / macs[phi - 1]!).toBeGreaterThan(1.7);
    expect(macs[phi]! / macs[phi - 1]!).toBeLessThan(2.1);
  }
});

// The φ of each published multiplier: ln d / ln 1.2, ln w / ln 1.1, ln(r / 224) / ln 1.15, two digits.
test("EfficientNet B0 to B7 as published, each with three φ", () => {
  const series = publishedSeries("efficientnet-b3");
  expect(
    series.map(({ published: { name, resolution, costs, top1, phi } }) => [
      ...[name.slice(-2), resolution, costs.params, top1],
      ...[phi.depth, phi.width, phi.resolution].map((x) => Number(x.toFixed(2))),
    ]),
  ).toEqual([
    ["b0", 224, 5_288_548, 0.771, 0, 0, 0],
    ["b1", 240, 7_794_184, 0.791, 0.52, 0, 0.49],
    ["b2", 260, 9_109_994, 0.801, 1, 1, 1.07],
    ["b3", 300, 12_233_232, 0.816, 1.85, 1.91, 2.09],
    ["b4", 380, 19_341_616, 0.829, 3.22, 3.53, 3.78],
    ["b5", 456, 30_389_784, 0.836, 4.32, 4.93, 5.09],
    ["b6", 528, 43_040_704, 0.84, 5.24, 6.17, 6.14],
    ["b7", 600, 66_347_960, 0.843, 6.21, 7.27, 7.05],
  ]);
  expect(series.map(({ scaled }) => [scaled.name, scaled.phi])).toEqual(
    series.map((_, phi) => ["efficientnet-b0", phi]),
  );
});

test("the Lite networks are a series too, and of another release it is that release's", () => {
  expect(publishedSeries("efficientnet-lite2").map(({ published: { name } }) => name)).toEqual(
    [0, 1, 2, 3, 4].map((i) => `efficientnet-lite${i}`),
  );
  expect(publishedSeries("torch-efficientnet-b0")[1]!.published.name).toBe("torch-efficientnet-b1");
});

test("a network of one size has no series, and what cannot be built is refused", () => {
  expect(() => publishedSeries("mobilenet-v2")).toThrow(/mobilenet-v2: expected .* several sizes/);
  expect(() => scaleNetworkByPhi("mobilenet-v2", 30)).toThrow(UsageError);
});
