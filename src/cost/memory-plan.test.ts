import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Graph, image } from "../ir/index.js";
import { createBuilder } from "../ops/index.js";
import { type MemoryOptions, type MemoryPlan, planMemory } from "./index.js";
import { depthwise, pointwise, randomGraph, zeros } from "./testing/graphs.js";

const FP32 = { format: "fp32" } as const;

/** x of two channels, widened to twelve, activated, projected to two, added to x. */
function residual(): Graph {
  const g = createBuilder();
  const x = g.input("x", image(1, 2, 5, 5));
  const wide = g.relu6(pointwise(g, x, 12));
  g.output(g.add(x, pointwise(g, wide, 2)), "y");
  return g.build();
}

describe("worked by hand", () => {
  test("a residual holds its input beside the wide map and its projection", () => {
    const plan = planMemory(residual(), FP32);
    const map = 4 * 25;
    expect(plan.lowerBound).toBe((2 + 12 + 2) * map);
    expect(plan.peakBytes).toBe(plan.lowerBound);
    expect(plan.buffers.map(({ bytes, first, last }) => [bytes / map, first, last])).toEqual([
      [2, 0, 4],
      [12, 0, 2],
      [2, 2, 3],
    ]);
    // The activation is written over the wide map, the sum over x.
    expect(plan.buffers.map(({ values }) => values.length)).toEqual([2, 2, 1]);
  });

  test("half the bytes per number, half the arena; a quarter in int8", () => {
    const { peakBytes } = planMemory(residual(), FP32);
    expect(planMemory(residual(), { format: "fp16" }).peakBytes).toBe(peakBytes / 2);
    expect(planMemory(residual(), { format: "int8" }).peakBytes).toBe(peakBytes / 4);
  });

  test("the peak has a step, and the plan says which order it is for", () => {
    const plan = planMemory(residual(), FP32);
    expect(plan).toMatchObject({ order: "given", format: "fp32", peakStep: 2 }); // the projection: x, wide map and its own
    expect(plan.nodes[plan.peakStep]!.op).toBe("conv2d");
  });

  test("a depthwise convolution in place needs one channel beside its map", () => {
    const g = createBuilder();
    const wide = pointwise(g, g.input("x", image(1, 2, 6, 6)), 12);
    g.output(pointwise(g, depthwise(g, wide, 1), 2), "y");
    expect(planMemory(g.build(), { format: "int8" }).peakBytes).toBe((12 + 12) * 36);
    const plan = planMemory(g.build(), { format: "int8", inPlaceDepthwise: true });
    expect(plan.peakBytes).toBe((2 + 12) * 36); // into the expansion, and into the projection; the filter needs 12 + 1
    expect(plan.buffers.find(({ values }) => values.length === 0)).toMatchObject({ bytes: 36, first: 1, last: 1 });
  });

  test("at stride 2 the smaller map takes the place of the larger, and frees the rest", () => {
    const g = createBuilder();
    const x = g.input("x", image(1, 4, 6, 6));
    g.output(pointwise(g, depthwise(g, x, 2), 11), "y");
    const plan = planMemory(g.build(), { format: "int8", inPlaceDepthwise: true });
    const [before, , after, y] = plan.buffers.toSorted((a, b) => a.first - b.first || b.bytes - a.bytes);
    expect(before).toMatchObject({ bytes: 4 * 36, offset: 0, first: 0, last: 0 });
    expect(plan.buffers).toContainEqual(expect.objectContaining({ bytes: 4 * 9, offset: 0, first: 1, last: 1 }));
    expect([after!.bytes, y!.bytes].toSorted((a, b) => a - b)).toEqual([4 * 9, 11 * 9]);
    expect(plan.peakBytes).toBe(4 * 36 + 9);
  });

  test("a chain needs its two widest neighbours", () => {
    const g = createBuilder();
    let x = g.input("x", image(1, 3, 2, 2));
    for (const channels of [4, 16, 8, 20, 1]) x = pointwise(g, x, channels);
    g.output(x, "y");
    const plan = planMemory(g.build(), FP32);
    expect(plan).toMatchObject({ peakBytes: (8 + 20) * 16, lowerBound: (8 + 20) * 16 });
  });

  test("pixels take a byte each, views and views of weights nothing", () => {
    const g = createBuilder();
    const pixels = g.input("pixels", { dtype: "uint8", shape: [1, 4, 4, 3], axes: "plain" });
    const x = g.one("pixelsToImage", [pixels], { mean: [0, 0, 0], std: [1, 1, 1] });
    const weight = g.reshape(g.parameter("flat", [6], zeros), [2, 3, 1, 1]);
    const y = g.one("conv2d", [x, weight], { stride: 1, padding: [0, 0, 0, 0] });
    g.output(g.flatten(g.globalAveragePool(y)), "y");
    const sizes = planMemory(g.build(), FP32).buffers.map(({ bytes }) => bytes);
    expect(sizes).toEqual([48, 4 * 48, 4 * 32, 4 * 2]);
  });
});

/** Every way of counting. */
const anyOptions = fc.record({
  format: fc.constant("fp32" as const),
  order: fc.constantFrom("given" as const, "lowest" as const),
  inPlaceDepthwise: fc.boolean(),
});
const anyPlan = fc
  .tuple(randomGraph(25), anyOptions)
  .map(([graph, options]) => ({ graph, options, plan: planMemory(graph, options) }));

describe("for any graph", () => {
  test("buffers that live together lie apart, in an arena no smaller than what lives at once", () => {
    fc.assert(
      fc.property(anyPlan, ({ graph, plan: { buffers, peakBytes, lowerBound, peakStep } }) => {
        for (const [i, a] of buffers.entries()) {
          expect(a.offset + a.bytes).toBeLessThanOrEqual(peakBytes);
          for (const b of buffers.slice(i + 1)) {
            const together = a.first <= b.last && b.first <= a.last;
            const apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
            expect(!together || apart, `${a.name} and ${b.name}`).toBe(true);
          }
        }
        expect(peakBytes).toBeGreaterThanOrEqual(lowerBound);
        const alive = [...graph.nodes.keys()].map((step) =>
          buffers.reduce((sum, { bytes, first, last }) => sum + (first <= step && step <= last ? bytes : 0), 0),
        );
        expect(Math.max(...alive)).toBe(lowerBound);
        expect(alive.indexOf(lowerBound)).toBe(peakStep);
      }),
    );
  });

  test("every node finds its inputs as they were written", () => {
    fc.assert(fc.property(anyPlan, ({ graph, plan, options }) => rehearse(graph, plan, options)));
  });
});

/** Runs the graph with each value's id in place of its numbers, in the arena of the plan. */
function rehearse(graph: Graph, plan: MemoryPlan, { inPlaceDepthwise }: MemoryOptions): void {
  const arena = new Int32Array(plan.peakBytes / 4).fill(-1);
  const bufferOf = new Map(plan.buffers.flatMap((buffer) => buffer.values.map((id) => [id, buffer] as const)));
  const content = new Map<number, number>(); // value → the id that stands in the arena for it; a view has that of its source
  const place = (id: number) => {
    const { offset, bytes } = bufferOf.get(id)!;
    return arena.subarray(offset / 4, (offset + bytes) / 4);
  };
  const write = (id: number) => {
    content.set(id, id);
    place(id).fill(id);
  };
  const isIntact = (id: number) => place(id).every((word) => word === content.get(id));

  for (const { id } of graph.inputs) write(id);
  for (const node of plan.nodes) {
    if (node.op === "constant") continue;
    const inputs = node.inputs.filter(({ id }) => bufferOf.has(id));
    for (const { id } of inputs) expect(isIntact(id), `input %${id} of ${node.op}`).toBe(true);
    const isView = node.op === "flatten" || node.op === "unflatten";
    for (const { id } of node.outputs) {
      if (isView) content.set(id, content.get(inputs[0]!.id)!);
      else write(id);
    }
    const mayOverwrite = ["relu", "add", "sub", "mul", ...(inPlaceDepthwise ? ["depthwiseConv2d"] : [])];
    for (const { id } of inputs) {
      const own =
        mayOverwrite.includes(node.op) && bufferOf.get(id)!.offset === bufferOf.get(node.outputs[0]!.id)!.offset;
      expect(own || isIntact(id), `input %${id} while ${node.op} runs`).toBe(true);
    }
  }
  for (const { id } of graph.outputs) expect(isIntact(id), `output %${id}`).toBe(true);
}
