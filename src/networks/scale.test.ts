import { expect, test } from "vitest";
import { type Architecture, compoundRules, profileArchitecture, scaleArchitecture } from "./index.js";
import { tinyNetwork } from "./testing/tiny.js";

/** Stands for what a search finds: widths divisible by 4, one stage of two blocks. */
const found: Architecture = tinyNetwork({ head: { conv: 60, hidden: null, activation: "relu6" } });

test("scales stem, stages and head, repeats and resolution, and leaves the rest", () => {
  const rules = { ...compoundRules, resolutionMultiple: 4 };
  const scaled = scaleArchitecture(found, { width: 1.5, depth: 1.2, resolution: 28 * 1.15, rules });
  expect(scaled.stem.channels).toBe(16); //                                      8 · 1.5 = 12
  expect(scaled.stages.map(({ channels }) => channels)).toEqual([16, 24, 24]); // 12, 18, 18
  expect(scaled.stages.map(({ repeats }) => repeats)).toEqual([2, 3, 2]); //      1.2, 2.4, 1.2
  expect(scaled.head.conv).toBe(88); //                                          90
  expect(scaled.resolution).toBe(32); //                                         32.2
  expect(scaled.stages.map(({ stride }) => stride)).toEqual(found.stages.map(({ stride }) => stride));
  expect(scaled.classes).toBe(found.classes);
});

test("keeps to multiples of 4 where the rules say so", () => {
  const rules = { ...compoundRules, widths: { kind: "divisible", divisor: 4 } } as const;
  const scaled = scaleArchitecture(found, { width: 1.5, rules });
  expect([scaled.stem.channels, ...scaled.stages.map(({ channels }) => channels)]).toEqual([12, 12, 20, 20]);
});

test("multipliers of 1 change nothing, whatever the widths are divisible by", () => {
  expect(scaleArchitecture(found, {})).toEqual(found);
  const odd = { ...found, stem: { ...found.stem, channels: 13 } };
  expect(scaleArchitecture(odd, { width: 1, depth: 1 })).toEqual(odd);
});

test("classes and input channels reach the graph", () => {
  const gray = profileArchitecture(scaleArchitecture(found, { classes: 7, channels: 1 }));
  const colour = profileArchitecture(scaleArchitecture(found, { classes: 7, channels: 3 }));
  expect(gray.classes).toBe(7);
  expect(colour.params - gray.params).toBe(2 * 9 * found.stem.channels);
});
