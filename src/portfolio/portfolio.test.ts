import fc from "fast-check";
import { expect, test } from "vitest";
import { countArchitecture, parseArchitecture, profileArchitecture } from "../networks/index.js";
import { type Budget, brokenLimits } from "../scaling/index.js";
import { bestWithin } from "./best-within.js";
import { portfolio } from "./portfolio.js";
import { networkOf } from "./shape-rule.js";
import { trainingWork } from "./training-work.js";

const [{ shape }] = portfolio as [(typeof portfolio)[number]];
const grey = { classes: 10, channels: 1 } as const;
const sidesFor = (side: number) => [side, Math.round(side * 0.7), Math.round(side / 2)];
const best = (budget: Budget, side = 28, work?: number) =>
  bestWithin(shape, { input: grey, sides: sidesFor(side), budget, costsOf: countArchitecture, work });

test("the hand-drawn network of results/fashion-mnist is one of the rule's, but for a width", () => {
  const network = networkOf(shape, grey, { side: 28, stem: 32, growth: 2, depth: 4, lastDepth: 4 });
  expect(network.stem).toEqual({ channels: 32, kernel: 3, stride: 1, activation: "hardSwish" });
  expect(network.stages.map(({ channels, repeats, stride }) => [channels, repeats, stride])).toEqual([
    [32, 1, 1],
    [64, 4, 2],
    [128, 4, 2], // 120 in the drawing
  ]);
  expect(network.stages.map(({ squeezeExcite }) => squeezeExcite?.ratio ?? null)).toEqual([null, 0.125, 0.125]);
});

test.each([
  [16, [16, 8]],
  [20, [20, 10, 5]],
  [28, [28, 14, 7]],
  [32, [32, 16, 8]],
  [64, [32, 16, 8]],
  [96, [48, 24, 12, 6]],
  [224, [112, 56, 28, 14, 7]],
])("at %i px the maps have sides of %j", (side, maps) => {
  const { stages } = profileArchitecture(
    networkOf(shape, grey, { side, stem: 8, growth: 1.4, depth: 1, lastDepth: 1 }),
  );
  expect(stages.slice(1, -1).map(({ output }) => output[1])).toEqual(maps);
});

test("every budget is kept, and something of it stops the network", () => {
  const budgets = fc.record({
    params: fc.option(fc.integer({ min: 5_000, max: 3_000_000 }), { nil: undefined }),
    macs: fc.integer({ min: 300_000, max: 200_000_000 }),
    peakActivationBytes: fc.option(fc.integer({ min: 250_000, max: 4_000_000 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(budgets, fc.constantFrom(16, 28, 32, 64, 96, 160), (given, side) => {
      const budget = Object.fromEntries(Object.entries(given).filter(([, limit]) => limit !== undefined));
      const { architecture, costs, size, binding } = best(budget, side);
      expect(brokenLimits(costs, budget)).toEqual([]);
      expect(costs).toEqual(countArchitecture(architecture));
      expect(parseArchitecture(architecture, "test")).toEqual(architecture);
      expect(sidesFor(side)).toContain(size.side);
      // At the ends of the lattice nothing is left to grow.
      if (size.stem < 192) expect(binding.length).toBeGreaterThan(0);
    }),
    { numRuns: 60 },
  );
});

test("less time makes a network of less work, more of the budget a network of more parameters", () => {
  const budget = { params: 300_000, macs: 30_000_000 };
  const works = [undefined, 100_000, 30_000, 10_000].map((work) => trainingWork(best(budget, 28, work).architecture));
  expect(works).toEqual(works.toSorted((a, b) => b - a));
  expect(works.at(-1)!).toBeLessThan(works[0]! / 2);
  const params = [20_000, 50_000, 100_000, 300_000].map((most) => best({ ...budget, params: most }).costs.params);
  expect(params).toEqual(params.toSorted((a, b) => a - b));
});

test("a budget that no network keeps is refused with what the smallest needs", () => {
  expect(() => best({ params: 50 })).toThrow(/expected at most 50 parameters, received 306 parameters in the smallest/);
});

test("the work counts what the convolutions give out", () => {
  const network = networkOf(shape, grey, { side: 28, stem: 8, growth: 2, depth: 1, lastDepth: 2 });
  // Stem 8 · 28², then depthwise and pointwise each: 16 · 28², (8 + 16) · 14², (16 + 32 + 64) · 7².
  expect(trainingWork(network)).toBe(8 * 784 + 16 * 784 + 24 * 196 + 112 * 49);
});
