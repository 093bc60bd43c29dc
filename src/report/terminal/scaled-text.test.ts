import { describe, expect, test } from "vitest";
import {
  renderScaled,
  renderSeries,
  renderWithinBudget,
  type ScaledFacts,
  type WithinBudgetFacts,
} from "./scaled-text.js";

const plain = { colour: false, width: 80 };

const scaled: ScaledFacts = {
  name: "mobilenet-v2",
  depth: 1.3,
  width: 0.371,
  resolution: 160,
  costs: {
    params: 1_990_000,
    macs: 58_500_000,
    weightBytes: 7_920_000,
    peakActivationBytes: 1_540_000,
    latencyMs: 1.8611,
  },
  multipliers: { depth: 1.3, width: 0.371, resolution: 160 / 224 },
  prediction: {
    top1: 0.609,
    residual: 0.0176,
    from: { label: "MobileNetV2", top1: 0.718, source: "its README" },
    extrapolated: [],
  },
};

const found: WithinBudgetFacts = {
  ...scaled,
  shares: [
    { limit: "params", allowed: 2e6, used: 1_990_000, share: 0.995 },
    { limit: "latencyMs", allowed: 3, used: 1.8611, share: 0.62 },
  ],
  binding: ["params"],
  next: [
    {
      dimension: "depth",
      depth: 1.4,
      width: 0.371,
      resolution: 160,
      breaks: [
        { limit: "params", allowed: 2e6, used: 2_062_000, share: 1.031 },
        { limit: "latencyMs", allowed: 3, used: 3.6, share: 1.2 },
      ],
    },
    {
      dimension: "width",
      depth: 1.3,
      width: 0.38,
      resolution: 160,
      breaks: [{ limit: "params", allowed: 2e6, used: 2_044_000, share: 1.022 }],
    },
  ],
  searched: {
    depth: { from: 0.1, to: 3.8, count: 24 },
    width: { from: 0.1, to: 4, count: 765 },
    resolution: { from: 96, to: 160, count: 3 },
    networks: 55_080,
  },
};

describe("the best within a budget", () => {
  test("size, costs against limits, what binds, what a step more would break, what to expect", () => {
    expect(renderWithinBudget(found, plain)).toBe(`mobilenet-v2-0.371@160, depth 1.3
depth × 1.3, width × 0.371, resolution × 0.714

cost         reached        limit    used
MACs          58.5 M  not limited
params        1.99 M          2 M  99.5 %  #################### binds
weights      7.92 MB  not limited
activations  1.54 MB  not limited
latency      1.86 ms      3.00 ms  62.0 %  ############........

one step larger
depth 1.4       103.1 % of params, 120.0 % of latency
width 0.38      102.2 % of params
resolution 160  the end of what was searched

top-1 predicted  60.9 %  ± 1.8 points, on ImageNet
published        71.8 %  MobileNetV2, its README

the best by prediction of 55.1 k networks
depth       0.1 to 3.8     24 steps
width       0.1 to 4      765 steps
resolution  96 to 160 px    3 sides
`);
  });

  test("in a narrow window no bars, and no line that they would break", () => {
    const text = renderWithinBudget(found, { ...plain, width: 50 });
    expect(text).not.toContain("#");
    expect(text).toContain("params        1.99 M          2 M  99.5 %\n");
  });

  test("what is beyond all results, or has none, says so", () => {
    const beyond = { ...found, prediction: { ...found.prediction!, extrapolated: ["depth", "width"] as const } };
    expect(renderWithinBudget(beyond, plain)).toContain("beyond all published sizes in depth and width: a guess\n");
    const unknown = renderWithinBudget({ ...found, prediction: null }, plain);
    expect(unknown).toContain("no accuracy predicted");
    expect(unknown).not.toContain("top-1");
  });

  test("one side is one side", () => {
    const searched = { ...found.searched, resolution: { from: 160, to: 160, count: 1 } };
    expect(renderWithinBudget({ ...found, searched }, plain)).toMatch(/^resolution +160 px +1 side$/m);
  });

  test("a name keeps its control characters to itself", () => {
    expect(renderWithinBudget({ ...found, name: "a\u001b[2Jb" }, plain)).not.toContain("\u001b");
  });
});

test("by φ: size and costs alone", () => {
  const text = renderScaled({ ...scaled, phi: 0.5 }, plain);
  expect(text).toMatch(/^mobilenet-v2-0\.371@160, depth 1\.3\nφ = 0\.5: depth × 1\.3, /);
  expect(text).toMatch(/\nMACs +58\.5 M\n/);
  expect(text).not.toContain("limit");
});

test("a series: each network as published, and below what φ makes in its place", () => {
  const { name: _, costs, ...size } = scaled;
  const published = { ...size, name: "net-b1", costs, top1: 0.791, phi: { depth: 0.523, width: 0, resolution: 0.486 } };
  const series = [{ published, scaled: { ...scaled, phi: 1 } }];
  expect(renderSeries(series, plain)).toBe(`         depth  width   px  params    MACs   top-1  φ by each
net-b1    1.30   0.37  160  1.99 M  58.5 M  79.1 %  0.52 0.00 0.49
  φ = 1   1.30   0.37  160  1.99 M  58.5 M  60.9 %

top-1: of a published network as published, of the others predicted
φ by each: from depth, width and resolution alone; no single φ gives the published sizes
`);
  expect(renderSeries(series, { ...plain, width: 60 })).not.toContain("φ by each");
});
