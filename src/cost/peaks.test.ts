import { expect, test } from "vitest";
import { image } from "../ir/index.js";
import { createBuilder } from "../ops/index.js";
import { memoryPeaks, memoryTimeline, planMemory } from "./index.js";
import { depthwise, pointwise } from "./testing/graphs.js";

/** A block with a skip: widened, filtered, projected and added to its input. */
function block() {
  const g = createBuilder();
  const x = g.scope("stem", () => pointwise(g, g.input("image", image(1, 3, 6, 6)), 4));
  const wide = g.scope("expand", () => pointwise(g, x, 24));
  const filtered = g.scope("filter", () => depthwise(g, wide, 1));
  const thin = g.scope("project", () => pointwise(g, filtered, 4));
  g.output(g.globalAveragePool(g.scope("residual", () => g.add(x, thin))), "y");
  return g.build();
}

test("a peak in each format, in the order given, the best and with depthwise convolutions in place", () => {
  const map = 36;
  const [fp32, fp16, int8] = memoryPeaks(block());
  expect(fp32!.given).toEqual({ bytes: 4 * (4 + 24 + 24) * map, at: "filter" });
  expect(fp16!.lowest).toEqual({ bytes: 2 * (4 + 24 + 24) * map, at: "filter", order: "lowest" });
  // Into the projection go the skip, the wide map and its result; the filter needs 24 and one channel beside the skip.
  expect(int8!.inPlaceDepthwise).toEqual({ bytes: (4 + 24 + 4) * map, at: "project", order: "lowest" });
});

test("a picture is told what each buffer is for", () => {
  const timeline = memoryTimeline(planMemory(block(), { format: "int8", inPlaceDepthwise: true }));
  expect(timeline.steps).toEqual(["stem", "expand", "filter", "project", "residual", "globalAveragePool"]);
  expect(timeline.peakStep).toBe(3);
  expect(timeline.buffers.map(({ name, role }) => [name, role])).toEqual([
    ["image", "input"],
    ["stem", "residual"],
    ["expand", "convolution"],
    ["filter (scratch)", "scratch"],
    ["project", "convolution"],
    ["globalAveragePool", "other"],
  ]);
});
