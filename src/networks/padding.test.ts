/** TensorFlow's SAME padding by hand, from the formula to what a pixel in the corner adds to a logit. */
import { describe, expect, test } from "vitest";
import { convolvedExtent, type NodeOf, samePadding } from "../ir/index.js";
import { evaluate } from "../ops/testing/interpreter.js";
import { type Architecture, buildArchitecture, buildNetwork } from "./index.js";
import { tinyNetwork } from "./testing/tiny.js";

test.each([
  // side, kernel, stride: before, after, places
  [224, 3, 2, 0, 1, 112],
  [112, 5, 2, 1, 2, 56],
  [57, 3, 2, 1, 1, 29],
  [65, 5, 2, 2, 2, 33],
  [7, 5, 1, 2, 2, 7],
  [7, 3, 1, 1, 1, 7],
  [8, 7, 2, 2, 3, 4],
  [3, 5, 2, 2, 2, 2],
  [1, 3, 2, 1, 1, 1],
] as const)(
  "%i places under a kernel of %i with stride %i: %i before and %i after",
  (side, kernel, stride, before, after, places) => {
    expect(samePadding(side, kernel, stride)).toEqual([before, after]);
    expect(convolvedExtent(side, kernel, stride, before, after)).toBe(places);
  },
);

/** Every convolution that halves the map: `side × kernel, before + after → side`. */
function halvings(architecture: Architecture): string[] {
  const { nodes } = buildNetwork(architecture, { batch: 1, mode: "inference" }).graph;
  const convolutions = nodes.filter(
    (node): node is NodeOf<"conv2d"> | NodeOf<"depthwiseConv2d"> =>
      node.op === "conv2d" || node.op === "depthwiseConv2d",
  );
  return convolutions.flatMap(({ inputs: [x, w], outputs: [y], attributes: { stride, padding } }) => {
    const [top, left, bottom, right] = padding;
    expect([top, bottom], "maps are square, and so is their padding").toEqual([left, right]);
    return stride === 1 ? [] : [`${x!.shape[2]} × ${w!.shape[2]}, ${top} + ${bottom} → ${y!.shape[2]}`];
  });
}

test.each([
  [
    "efficientnet-b2", // 260: even down to 65, odd from there
    ["260 × 3, 0 + 1 → 130", "130 × 3, 0 + 1 → 65", "65 × 5, 2 + 2 → 33", "33 × 3, 1 + 1 → 17", "17 × 5, 2 + 2 → 9"],
  ],
  [
    "efficientnet-b4", // 380: one odd map among even ones
    ["380 × 3, 0 + 1 → 190", "190 × 3, 0 + 1 → 95", "95 × 5, 2 + 2 → 48", "48 × 3, 0 + 1 → 24", "24 × 5, 1 + 2 → 12"],
  ],
  [
    "torch-efficientnet-b4", // the same sides, the same on both sides
    ["380 × 3, 1 + 1 → 190", "190 × 3, 1 + 1 → 95", "95 × 5, 2 + 2 → 48", "48 × 3, 1 + 1 → 24", "24 × 5, 2 + 2 → 12"],
  ],
  [
    "mobilenet-v3-small",
    ["224 × 3, 0 + 1 → 112", "112 × 3, 0 + 1 → 56", "56 × 3, 0 + 1 → 28", "28 × 5, 1 + 2 → 14", "14 × 5, 1 + 2 → 7"],
  ],
] as const)("%s pads by each map's own parity", (name, expected) => {
  expect(halvings(buildArchitecture(name))).toEqual(expected);
});

/**
 * One bright pixel, a stem of stride 2 whose tap in row u and column v (from 1) is the number uv, and nothing after it that
 * changes a map: the logit is the sum of the taps that see the pixel, divided by the places.
 */
describe.each([
  // Even side, kernel 3: place i sees rows 2i to 2i + 2.
  { padding: "same", kernel: 3, side: 8, pixel: [0, 0], taps: [11] },
  { padding: "same", kernel: 3, side: 8, pixel: [2, 4], taps: [11, 13, 31, 33] },
  { padding: "same", kernel: 3, side: 8, pixel: [7, 7], taps: [22] },
  // Symmetric: rows 2i − 1 to 2i + 1.
  { padding: "symmetric", kernel: 3, side: 8, pixel: [0, 0], taps: [22] },
  { padding: "symmetric", kernel: 3, side: 8, pixel: [2, 4], taps: [22] },
  { padding: "symmetric", kernel: 3, side: 8, pixel: [7, 7], taps: [33] },
  // Odd side: both paddings are one pixel on each side.
  { padding: "same", kernel: 3, side: 9, pixel: [0, 8], taps: [22] },
  { padding: "symmetric", kernel: 3, side: 9, pixel: [0, 8], taps: [22] },
  // Kernel 5: rows 2i − 1 to 2i + 3, or 2i − 2 to 2i + 2.
  { padding: "same", kernel: 5, side: 8, pixel: [0, 0], taps: [22] },
  { padding: "same", kernel: 5, side: 8, pixel: [0, 7], taps: [23, 25] },
  { padding: "symmetric", kernel: 5, side: 8, pixel: [0, 0], taps: [11, 13, 31, 33] },
] as const)(
  "$padding, kernel $kernel, $side px: the pixel at $pixel",
  ({ padding, kernel, side, pixel: [row, column], taps }) => {
    test(`is seen by the taps ${taps.join(", ")}`, () => {
      const image = new Float32Array(side * side);
      image[row * side + column] = 1;
      const logit = logitOf(padding, kernel, side, image);
      const places = Math.ceil(side / 2) ** 2;
      expect(logit * places).toBeCloseTo(
        taps.reduce((sum, tap) => sum + tap, 0),
        4,
      );
    });
  },
);

/** The first logit of a network that is its stem, a separable block that passes everything on, and the pool. */
function logitOf(padding: Architecture["padding"], kernel: 3 | 5, side: number, image: Float32Array): number {
  const { stages } = tinyNetwork();
  const architecture = tinyNetwork({
    classes: 2,
    channels: 1,
    resolution: side,
    padding,
    norm: { epsilon: 1e-9, momentum: 0.9 },
    stem: { channels: 1, kernel, stride: 2, activation: "relu" },
    stages: [{ ...stages[0]!, channels: 1, activation: "relu" }],
    head: { conv: null, hidden: null, activation: "relu" },
  });
  const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });
  const taps = Float32Array.from({ length: kernel ** 2 }, (_, i) => 10 * Math.floor(i / kernel) + (i % kernel) + 11);
  const middle = Float32Array.from({ length: 9 }, (_, i) => (i === 4 ? 1 : 0));
  const weights = new Map(
    graph.parameters.map(({ value }) => [
      value.name,
      Float32Array.from({ length: value.shape.reduce((a, b) => a * b, 1) }, () =>
        /\.(weight|gamma|variance)$/.test(value.name) ? 1 : 0,
      ),
    ]),
  );
  weights.set("stem.conv.weight", taps);
  weights.set("stages.0.0.depthwise.conv.weight", middle);
  return evaluate(graph, new Map([...weights, ["image", image]])).get("logits")![0]!;
}
