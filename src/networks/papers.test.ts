/**
 * Logits of the papers' own releases against a second writing of their definitions, `scripts/golden/papers.py`: plain PyTorch in
 * double precision, with the same weights and images. `papers.ts` there hands them over; the two compare every network, at
 * 1000 classes.
 */
import { expect, test } from "vitest";
import type { Architecture, Stage } from "./index.js";
import papers from "./testing/papers.json" with { type: "json" };
import { distanceFrom, type Golden, referenceArchitecture } from "./testing/reference.js";

test.each(papers.cases)("$name × $width at $resolution px gives the definition's logits", async (golden) => {
  expect(await distanceFrom(golden)).toBeLessThan(1e-4);
});

const find = (name: string, resolution: number): Golden =>
  papers.cases.find((golden) => golden.name === name && golden.resolution === resolution)!;

const withStages = (golden: Golden, change: (stage: Stage) => Stage): Partial<Architecture> => ({
  stages: referenceArchitecture(golden).stages.map(change),
});

// Each of these is a network somebody ships; all shapes fit, and the comparison must tell.
test.each([
  ["symmetric padding", find("mobilenet-v2", 64), { padding: "symmetric" }],
  ["symmetric padding, where only some maps are even", find("mobilenet-v2", 91), { padding: "symmetric" }],
  ["an epsilon of 1e-5", find("mobilenet-v2", 64), { norm: { epsilon: 1e-5, momentum: 0.9 } }],
  [
    "a residual in the first block of MnasNet-Small",
    find("mnasnet-small", 64),
    withStages(find("mnasnet-small", 64), (stage) => ({ ...stage, residual: true })),
  ],
  [
    "ReLU6 for ReLU",
    find("mnasnet-a1", 64),
    withStages(find("mnasnet-a1", 64), (stage) => ({ ...stage, activation: "relu6" })),
  ],
  [
    "a sigmoid for the gate of MobileNetV3",
    find("mobilenet-v3-small", 64),
    withStages(find("mobilenet-v3-small", 64), (stage) => ({
      ...stage,
      squeezeExcite: stage.squeezeExcite && { ...stage.squeezeExcite, gate: "sigmoid" },
    })),
  ],
] as const)("%s gives other logits", async (_, golden, change) => {
  expect(await distanceFrom(golden, change)).toBeGreaterThan(1e-3);
});
