import { expect, test } from "vitest";
import { type MemoryTable, renderMemory } from "./memory-text.js";

const at = "stages.1.0.depthwise.conv";
const table: MemoryTable = {
  network: "mobilenet-v2-0.35",
  resolution: 144,
  peaks: [
    {
      format: "fp32",
      given: { bytes: 1_244_160, at },
      lowest: { bytes: 1_244_160, at, order: "lowest" },
      inPlaceDepthwise: { bytes: 1_161_216, at: "stages.1.0.expand.conv", order: "lowest" },
    },
    {
      format: "int8",
      given: { bytes: 311_040, at },
      lowest: { bytes: 311_040, at, order: "lowest" },
      inPlaceDepthwise: { bytes: 290_304, at: "stages.1.0.expand.conv", order: "lowest" },
    },
  ],
  conventions: [
    {
      name: "Bantam",
      format: "int8",
      bytes: 311_040,
      parts: [{ what: "activations", bytes: 311_040 }],
      without: "scratch inside kernels",
    },
    {
      name: "TinyEngine",
      format: "int8",
      bytes: 302_120,
      parts: [
        { what: "activations, depthwise in place", bytes: 290_304 },
        { what: "im2col and channel buffer", bytes: 10_952 },
        { what: "kernel buffer", bytes: 864 },
      ],
      without: "stack, other globals",
    },
  ],
  published: [{ bytes: 315_392, note: "measured on a board.", source: "MCUNet" }],
};

test("peaks, conventions and published figures, wide and narrow", () => {
  expect(renderMemory(table, { colour: false, width: 100 })).toMatchSnapshot();
  expect(renderMemory(table, { colour: false, width: 50 })).toMatchSnapshot();
});

test.each([48, 60, 80, 140])("no line is longer than %i, and the figures stay", (width) => {
  const text = renderMemory(table, { colour: false, width });
  for (const line of text.split("\n")) expect([...line].length).toBeLessThanOrEqual(width);
  expect(text).toMatch(/int8 +311 kB +311 kB +290.3 kB/);
  expect(text).toContain("315.4 kB (308 KiB)");
});

test("says what is known of the order", () => {
  const [fp32, int8] = table.peaks as [MemoryTable["peaks"][number], MemoryTable["peaks"][number]];
  const shown = (lowest: MemoryTable["peaks"][number]["lowest"]) =>
    renderMemory({ ...table, peaks: [fp32, { ...int8, lowest }] }, { colour: false, width: 300 });
  expect(shown(int8.lowest)).toContain("No order of the nodes needs less than the one given.");
  expect(shown({ bytes: 200_000, at, order: "lowest" })).toContain("No order of the nodes needs less than the best.");
  expect(shown({ bytes: 200_000, at, order: "greedy" })).toContain("a better one than this may exist");
});
