import fc from "fast-check";
import { expect, test } from "vitest";
import { costsOfProfile } from "../cost/index.js";
import {
  type Architecture,
  buildArchitecture,
  countArchitecture,
  networkNames,
  profileArchitecture,
  type Stage,
} from "./index.js";

const byGraph = (architecture: Architecture) => costsOfProfile(profileArchitecture(architecture));

test.each(networkNames)("%s: the table counts what its graph does", (name) => {
  for (const width of [0.35, 1, 1.4]) {
    const architecture = buildArchitecture(name, { width, resolution: width === 1 ? 97 : 64 });
    expect(countArchitecture(architecture)).toEqual(byGraph(architecture));
  }
});

const width = fc.integer({ min: 1, max: 40 });
const squeezeExcite = fc.record({
  ratio: fc.constantFrom(0.05, 0.25, 1),
  of: fc.constantFrom("input" as const, "expanded" as const),
  divisor: fc.constantFrom(1, 4, 8),
  activation: fc.constant("relu" as const),
  gate: fc.constant("sigmoid" as const),
});
const common = {
  kernel: fc.constantFrom(3 as const, 5 as const, 7 as const),
  stride: fc.constantFrom(1 as const, 2 as const),
  channels: width,
  repeats: fc.integer({ min: 1, max: 3 }),
  activation: fc.constantFrom("relu" as const, "silu" as const, "hardSwish" as const),
};
const stage: fc.Arbitrary<Stage> = fc.oneof(
  fc.record({
    ...common,
    block: fc.constant("separable" as const),
    expansion: fc.constant(1),
    squeezeExcite: fc.constant(null),
    residual: fc.constant(false),
  }),
  fc.record({
    ...common,
    block: fc.constantFrom("invertedResidual" as const, "fusedMbconv" as const),
    expansion: fc.constantFrom(1, 2.5, 6),
    squeezeExcite: fc.option(squeezeExcite),
    residual: fc.boolean(),
  }),
  fc.record({
    ...common,
    kernel: fc.constantFrom(1 as const, 3 as const, 5 as const),
    startKernel: fc.constantFrom(null, 3 as const, 5 as const),
    block: fc.constant("universalInvertedBottleneck" as const),
    expansion: fc.constantFrom(1, 2.5, 6),
    squeezeExcite: fc.option(squeezeExcite),
    residual: fc.boolean(),
  }),
);

const anyNetwork: fc.Arbitrary<Architecture> = fc.record({
  name: fc.constant("any"),
  classes: fc.integer({ min: 2, max: 50 }),
  channels: fc.constantFrom(1 as const, 3 as const),
  resolution: fc.integer({ min: 8, max: 40 }),
  padding: fc.constantFrom("same" as const, "symmetric" as const),
  norm: fc.constant({ epsilon: 1e-3, momentum: 0.99 }),
  stem: fc.record({
    channels: width,
    kernel: fc.constant(3 as const),
    stride: fc.constantFrom(1 as const, 2 as const),
    activation: fc.constant("relu" as const),
  }),
  stages: fc.array(stage, { minLength: 1, maxLength: 5 }),
  head: fc.record({
    conv: fc.option(width),
    hidden: fc.option(width),
    hiddenNorm: fc.boolean(),
    activation: fc.constant("relu" as const),
  }),
  dropout: fc.constant(0),
  dropPath: fc.constant(0),
});

test("any table counts what its graph does", () => {
  fc.assert(
    fc.property(anyNetwork, (architecture) => {
      expect(countArchitecture(architecture)).toEqual(byGraph(architecture));
    }),
    { numRuns: 300 },
  );
});
