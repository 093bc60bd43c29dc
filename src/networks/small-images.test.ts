import { describe, expect, test } from "vitest";
import { type Architecture, buildArchitecture, fitStrides, networkNames, profileArchitecture } from "./index.js";

const strides = ({ stem, stages }: Architecture) => [stem, ...stages].map(({ stride }) => stride).join("");

test.each([
  [28, "11122121", 4], // three halvings: 28 → 14 → 7 → 4
  [32, "11122121", 4],
  [48, "11222121", 3], // four
  [64, "11222121", 4],
  [80, "21222121", 3],
  [96, "21222121", 3], // five, as published
  [128, "21222121", 4],
  [224, "21222121", 7],
] as const)("efficientnet-b0 at %d px: strides of stem and stages %s, last map %d", (resolution, expected, side) => {
  const architecture = buildArchitecture("efficientnet-b0", { resolution });
  expect(strides(architecture)).toBe(expected);
  expect(profileArchitecture(architecture).stages.find(({ name }) => name === "head")?.output[1]).toBe(side);
});

describe("mobilenet-v2", () => {
  test.each([
    [28, 4],
    [32, 4],
    [48, 3],
    [64, 4],
    [80, 3],
    [96, 3],
    [128, 4],
    [224, 7],
  ] as const)("at %d px the last map is %d wide", (resolution, side) => {
    const { stages } = profileArchitecture(buildArchitecture("mobilenet-v2", { resolution }));
    expect(stages.at(-2)?.output.slice(1)).toEqual([side, side]);
  });
});

test("from 96 px up no published network changes", () => {
  for (const name of networkNames) {
    const published = buildArchitecture(name);
    expect(strides(buildArchitecture(name, { resolution: 96 })), name).toBe(strides(published));
    expect(fitStrides(published), name).toBe(published);
  }
});
