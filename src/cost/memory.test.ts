import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Graph, image, type Value } from "../ir/index.js";
import { createBuilder, type GraphBuilder } from "../ops/index.js";
import { type MemoryPlan, planMemory } from "./index.js";

const zeros = { initializer: { kind: "constant", value: 0 }, trainable: true, decay: false } as const;
const FP32 = { bytesPerElement: 4 };

function pointwise(g: GraphBuilder, x: Value, channels: number): Value {
  const weight = g.parameter(`weight${x.id}`, [channels, x.shape[1]!, 1, 1], zeros);
  return g.one("conv2d", [x, weight], { stride: 1, padding: [0, 0, 0, 0] });
}

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

  test("half the bytes per element, half the arena", () => {
    expect(planMemory(residual(), { bytesPerElement: 2 }).peakBytes).toBe(planMemory(residual(), FP32).peakBytes / 2);
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

/** A graph of random nodes over maps of several widths; whatever nothing reads is an output. */
const randomGraph = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.nat(), fc.nat()), { minLength: 1, maxLength: 25 })
  .map((choices) => {
    const g = createBuilder();
    const values = [g.input("a", image(1, 2, 3, 3)), g.input("b", image(1, 3, 3, 3))];
    for (const [kind, i, j] of choices) {
      const x = values[i % values.length]!;
      const sameSize = values.filter((value) => value.shape[1] === x.shape[1]);
      const nodes = [
        () => g.relu(x),
        () => g.add(x, sameSize[j % sameSize.length]!),
        () => pointwise(g, x, 1 + (j % 5)),
        () => g.mul(x, g.globalAveragePool(x)),
        () => g.sub(x, 1),
        () => g.one("unflatten", [g.flatten(x)], { shape: x.shape }),
      ];
      values.push(nodes[kind]!());
    }
    const read = new Set(g.build().nodes.flatMap((node) => node.inputs.map(({ id }) => id)));
    for (const value of values) if (!read.has(value.id)) g.output(value, `out${value.id}`);
    return g.build();
  });

describe("for any graph", () => {
  test("buffers that live together lie apart, in an arena no smaller than what lives at once", () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const { buffers, peakBytes, lowerBound } = planMemory(graph, FP32);
        for (const [i, a] of buffers.entries()) {
          expect(a.offset + a.bytes).toBeLessThanOrEqual(peakBytes);
          for (const b of buffers.slice(i + 1)) {
            const together = a.first <= b.last && b.first <= a.last;
            const apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
            expect(!together || apart, `${a.name} and ${b.name}`).toBe(true);
          }
        }
        expect(peakBytes).toBeGreaterThanOrEqual(lowerBound);
        for (const step of graph.nodes.keys()) {
          const alive = buffers.filter(({ first, last }) => first <= step && step <= last);
          expect(alive.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(lowerBound);
        }
      }),
    );
  });

  test("every node finds its inputs as they were written", () => {
    fc.assert(fc.property(randomGraph, (graph) => rehearse(graph, planMemory(graph, FP32))));
  });
});

/** Runs the graph with each value's id in place of its numbers, in the arena of the plan. */
function rehearse(graph: Graph, plan: MemoryPlan): void {
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
  for (const node of graph.nodes) {
    if (node.op === "constant") continue;
    const inputs = node.inputs.filter(({ id }) => bufferOf.has(id));
    for (const { id } of inputs) expect(isIntact(id), `input %${id} of ${node.op}`).toBe(true);
    const isView = node.op === "flatten" || node.op === "unflatten";
    for (const { id } of node.outputs) {
      if (isView) content.set(id, content.get(inputs[0]!.id)!);
      else write(id);
    }
    const mayOverwrite = ["relu", "add", "sub", "mul"].includes(node.op);
    for (const { id } of inputs) {
      const own = mayOverwrite && bufferOf.get(id) === bufferOf.get(node.outputs[0]!.id);
      expect(own || isIntact(id), `input %${id} while ${node.op} runs`).toBe(true);
    }
  }
  for (const { id } of graph.outputs) expect(isIntact(id), `output %${id}`).toBe(true);
}
