import { expect, test } from "vitest";
import type { ProfileTable } from "../profile-table.js";
import { renderProfile } from "./profile-text.js";

const profile: ProfileTable = {
  network: "mobilenet-v2",
  resolution: 32,
  classes: 10,
  params: 10_138,
  macs: 1_255_680,
  weightBytes: 40_552,
  peakActivationBytes: 98_304,
  layers: [
    { name: "stem", kind: "conv 3×3 /2", output: [16, 16, 16], params: 464, macs: 110_592, activationBytes: 16_384 },
    {
      name: "stage1.block0.expand",
      kind: "conv 1×1",
      output: [96, 16, 16],
      params: 1_728,
      macs: 393_216,
      activationBytes: 98_304,
    },
    {
      name: "stage1.block0.depthwise",
      kind: "depthwise 3×3 /2",
      output: [96, 8, 8],
      params: 1_056,
      macs: 55_296,
      activationBytes: 24_576,
    },
    {
      name: "stage1.block0.project",
      kind: "conv 1×1",
      output: [24, 8, 8],
      params: 2_352,
      macs: 147_456,
      activationBytes: 6_144,
    },
    { name: "head", kind: "conv 1×1", output: [64, 8, 8], params: 1_664, macs: 98_304, activationBytes: 16_384 },
    { name: "classifier", kind: "linear", output: [10], params: 650, macs: 640, activationBytes: 40 },
  ],
};

test("layer by layer, wide and narrow", () => {
  expect(renderProfile(profile, { colour: false, width: 120 })).toMatchSnapshot();
  expect(renderProfile(profile, { colour: false, width: 60 })).toMatchSnapshot();
});

test.each([48, 60, 80, 100, 140])("no line is longer than %i, and params and MACs stay", (width) => {
  const text = renderProfile(profile, { colour: false, width });
  for (const line of text.split("\n")) expect([...line].length).toBeLessThanOrEqual(width);
  expect(text).toMatch(/total .*10\.1 k +1\.26 M/);
});

test("columns are aligned: every layer's MACs end where the total's do", () => {
  const lines = renderProfile(profile, { colour: false, width: 60 }).split("\n");
  const end = (line: string | undefined, cell: string) => line!.indexOf(cell) + cell.length;
  const total = end(
    lines.find((line) => line.startsWith("total")),
    "1.26 M",
  );
  expect(
    end(
      lines.find((line) => line.startsWith("stem")),
      "110.6 k",
    ),
  ).toBe(total);
  expect(
    end(
      lines.find((line) => line.startsWith("head")),
      "98.3 k",
    ),
  ).toBe(total);
});

const stages = [
  { name: "stem", output: [16, 16, 16], macs: 110_592 },
  { name: "stage 1", output: [24, 8, 8], macs: 595_968 },
  { name: "head", output: [64, 8, 8], macs: 98_304 },
].map((stage) => ({
  block: "convolution",
  kernel: 3,
  stride: 1,
  expansion: null,
  squeezeExcite: false,
  activation: "relu",
  ...stage,
  output: stage.output as [number, number, number],
  params: 0,
}));

test("stages are drawn on top: maps shrink, channels grow", () => {
  const text = renderProfile({ ...profile, stages }, { colour: false, width: 80 });
  const lines = text.split("\n").slice(2, 6);
  expect(lines).toEqual([
    "stage    map                        channels                        of MACs",
    "stem      16  ##########                  16  ##########             13.7 %",
    "stage 1    8  #####                       24  ############           74.0 %",
    "head       8  #####                       64  ####################   12.2 %",
  ]);
});

test.each([48, 60, 80, 100, 140])("nor is a line of the drawing longer than %i", (width) => {
  const wide = stages.map((stage, i) => ({ ...stage, name: i === 0 ? "a stage with a long name" : stage.name }));
  const text = renderProfile({ ...profile, stages: wide }, { colour: false, width });
  for (const line of text.split("\n")) expect([...line].length, line).toBeLessThanOrEqual(width);
});

test("a network without layers still has its totals", () => {
  const text = renderProfile({ ...profile, layers: [], macs: 0, params: 0 }, { colour: true, width: 80 });
  expect(text).toContain("total");
});
