/** Every kind of block where a user meets it: in a space of their own, in networks by name, in a file of an architecture. */
import { expect, test } from "vitest";
import { createRng } from "../../src/base/index.js";
import { costsOfProfile } from "../../src/cost/index.js";
import {
  blockNames,
  blocksOf,
  buildArchitecture,
  countArchitecture,
  parseArchitecture,
  profileArchitecture,
} from "../../src/networks/index.js";
import { decode, describe as lineOf, parseSpaceConfig } from "../../src/search/index.js";
import { sampleCandidate } from "../../src/search/space.js";
import { sharedWeights } from "../../src/supernet/shared-weights.js";

const stage = {
  stride: 2,
  blocks: ["fusedMbconv", "universalInvertedBottleneck", "separable", "invertedResidual"],
  kernels: [3, 5],
  startKernels: [null, 3, 5],
  expansions: [1, 2, 4],
  squeezeExcite: [false, true],
  residual: [true],
  channels: [8, 16],
  repeats: [1, 2],
};
const file = {
  widths: [1],
  channelDivisor: 4,
  stemStrides: [2],
  stemChannels: [16],
  activations: ["relu"],
  squeezeExcite: { ratio: 0.25, of: "expanded", divisor: 4, activation: "relu", gate: "hardSigmoid" },
  stages: [stage, { ...stage, stride: 1, blocks: ["fusedMbconv", "universalInvertedBottleneck"], kernels: [1, 3] }],
  headChannels: [32],
  hiddenChannels: [null, 32],
};
const images = { classes: 3, channels: 3, resolutions: [24] } as const;
const mistakesOf = (config: unknown) => {
  try {
    parseSpaceConfig(config, "space.json")(images);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
};

test("a space of all blocks: what is drawn is a network, counted as its graph, and has its place in shared weights", () => {
  const space = parseSpaceConfig(file, "space.json")(images);
  expect(space.stages[0]!.blocks).toEqual(blockNames); // from cheap to expensive
  const shared = sharedWeights(space);
  const seen = new Set<string>();
  for (let i = 0; i < 120; i++) {
    const architecture = decode(space, sampleCandidate(space, createRng(i)));
    for (const { block } of architecture.stages) seen.add(block);
    expect(parseArchitecture(JSON.parse(JSON.stringify(architecture)), "candidate")).toEqual(architecture);
    expect(countArchitecture(architecture)).toEqual(costsOfProfile(profileArchitecture(architecture)));
    expect(shared.placesOf(architecture).every((place) => place >= 0)).toBe(true);
  }
  expect([...seen].sort()).toEqual([...blockNames].sort());
});

test("a first filter is for universal blocks alone, and is none where a candidate says so", () => {
  const space = parseSpaceConfig(file, "space.json")(images);
  const candidate = sampleCandidate(space, createRng(1));
  const withStart = (block: (typeof blockNames)[number], startKernel: 3 | null) =>
    decode(space, { ...candidate, stages: candidate.stages.map((one) => ({ ...one, block, startKernel })) });
  expect(withStart("fusedMbconv", 3)).toEqual(withStart("fusedMbconv", null));
  expect(withStart("universalInvertedBottleneck", 3)).not.toEqual(withStart("universalInvertedBottleneck", null));
  expect(lineOf(withStart("universalInvertedBottleneck", 3))).toMatch(/\(uib e[124] k3-[135] c/);
});

test.each([
  [{ kernels: [1, 3] }, "stages[0].kernels: expected no 1 beside the blocks separable, invertedResidual"],
  [{ blocks: ["fusedMbConv"] }, 'received "fusedMbConv"; did you mean fusedMbconv?'],
  [{ startKernels: [1] }, "stages[0].startKernels[0]: expected "],
  [{ startKernels: [] }, "stages[0].startKernels: expected at least one value"],
])("%j is a mistake", (change, message) => {
  expect(mistakesOf({ ...file, stages: [{ ...stage, ...change }] })).toContain(message);
});

test("what a block is, in words, signatures and stages", () => {
  const small = buildArchitecture("mobilenet-v4-conv-small");
  expect(profileArchitecture(small).stages.map(({ block }) => block)).toEqual([
    "convolution",
    ...Array(4).fill("fused MBConv"),
    "universal inverted bottleneck, 5×5 first",
    "universal inverted bottleneck ×4",
    "universal inverted bottleneck, 3×3 first",
    "universal inverted bottleneck, 3×3 first",
    "universal inverted bottleneck, 5×5 first",
    "universal inverted bottleneck",
    "universal inverted bottleneck",
    "universal inverted bottleneck ×2",
    "convolution",
    "fully connected",
    "fully connected",
  ]);
  const signatures = (name: string) => blocksOf(buildArchitecture(name)).map(({ signature }) => signature);
  expect(signatures("mobilenet-v4-conv-small").slice(2, 7)).toEqual([
    "fusedMbconv 1x1/1 32>32>32 relu @56",
    "fusedMbconv 3x3/2 32>32>96 relu @56",
    "fusedMbconv 1x1/1 96>96>64 relu @28",
    "universalInvertedBottleneck 5x5-5x5/2 64>192>96 relu @28",
    "universalInvertedBottleneck 3x3/1 96>192>96 + relu @14",
  ]);
  expect(signatures("efficientnet-v2-b0").slice(1, 3)).toEqual([
    "fusedMbconv 3x3/1 32>32>16 silu @112",
    "fusedMbconv 3x3/2 16>64>32 silu @112",
  ]);
});

test("work of a fused block is that of its dense convolution", () => {
  const [, first, second] = blocksOf(buildArchitecture("efficientnet-v2-b0"));
  expect(first!.work).toMatchObject({ otherMacs: 9 * 32 * 16 * 112 ** 2, depthwiseMacs: 0, pointwiseMacs: 0 });
  expect(second!.work).toMatchObject({ otherMacs: 9 * 16 * 64 * 56 ** 2, pointwiseMacs: 64 * 32 * 56 ** 2 });
});

test.each([
  ["mobilenet-v2", { kernel: 1 }, "stages.0.kernel: expected 3, 5 or 7 in an invertedResidual block"],
  ["mobilenet-v1", { startKernel: 3 }, "stages.0.startKernel: expected none in a separable block"],
  ["efficientnet-v2-s", { startKernel: 5 }, "stages.0.startKernel: expected none in a fusedMbconv block"],
])("a file of %s with %j is refused", (name, change, message) => {
  const architecture = buildArchitecture(name);
  const stages = [{ ...architecture.stages[0], ...change }];
  expect(() => parseArchitecture({ ...architecture, stages }, "network.json")).toThrow(message);
});
