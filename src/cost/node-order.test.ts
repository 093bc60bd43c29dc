import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Graph, image, verify } from "../ir/index.js";
import { createBuilder, inferNode } from "../ops/index.js";
import { planMemory, scheduleForMemory } from "./index.js";
import { depthwise, pointwise, randomGraph } from "./testing/graphs.js";

const INT8 = { format: "int8" } as const;

/** What lives at once when the nodes run in this order, counted by the lifetimes and not by the search. */
const aliveIn = (graph: Graph, inPlaceDepthwise = false) => planMemory(graph, { ...INT8, inPlaceDepthwise }).lowerBound;

/** Calls `visit` with every order in which the nodes can run. */
function eachOrder(graph: Graph, visit: (order: Graph["nodes"]) => void): void {
  const writer = new Map(graph.nodes.flatMap((node) => node.outputs.map(({ id }) => [id, node] as const)));
  const extend = (order: Graph["nodes"]) => {
    if (order.length === graph.nodes.length) return visit(order);
    for (const node of graph.nodes) {
      const needs = node.inputs.flatMap(({ id }) => writer.get(id) ?? []);
      if (!order.includes(node) && needs.every((need) => order.includes(need))) extend([...order, node]);
    }
  };
  extend([]);
}

function lowestOfAll(graph: Graph, inPlaceDepthwise: boolean): number {
  let lowest = Number.POSITIVE_INFINITY;
  eachOrder(graph, (nodes) => {
    lowest = Math.min(lowest, aliveIn({ ...graph, nodes }, inPlaceDepthwise));
  });
  return lowest;
}

/** Branches that widen x and narrow it again, each to one channel, written level by level: all wide maps first. */
function branches(widths: readonly number[]): Graph {
  const g = createBuilder();
  const x = g.input("x", image(1, 2, 4, 4));
  const wide = widths.map((width, i) => g.scope(`wide${i}`, () => pointwise(g, x, width)));
  const thin = wide.map((y, i) => g.scope(`thin${i}`, () => pointwise(g, y, 1)));
  g.output(
    thin.reduce((a, b) => g.add(a, b)),
    "y",
  );
  return g.build();
}

test("parallel branches run one after the other", () => {
  const graph = branches([10, 20, 30]);
  const map = 16;
  const { bytes, givenBytes, order, graph: better } = scheduleForMemory(graph, INT8);
  expect(givenBytes).toBe((2 + 10 + 20 + 30) * map); //  x and every wide map
  expect(bytes).toBe((2 + 30 + 1) * map); //             x, the widest map and one thin one
  expect(order).toBe("lowest");
  expect(aliveIn(better)).toBe(bytes);
  const paths = better.nodes.map(({ path }) => path);
  for (const i of [0, 1, 2]) expect(paths.indexOf(`thin${i}`)).toBe(paths.indexOf(`wide${i}`) + 1);
  expect(planMemory(graph, { ...INT8, order: "lowest" })).toMatchObject({ order: "lowest", peakBytes: bytes });
});

test("a residual sum written over its input decides which branch goes first", () => {
  const g = createBuilder();
  const x = g.input("x", image(1, 8, 4, 4));
  const y = pointwise(g, x, 4); // y waits for the end
  const kept = g.add(x, pointwise(g, depthwise(g, pointwise(g, x, 16), 1), 8));
  g.output(g.add(y, pointwise(g, kept, 4)), "z");
  const graph = g.build();
  // 40 = x 8, two maps of 16; with y made first there are 4 more. The sum of 8 needs no map of its own.
  expect(scheduleForMemory(graph, INT8)).toMatchObject({ bytes: 40 * 16, givenBytes: 44 * 16 });
});

describe("for any small graph", () => {
  test("no order of all needs less than the one found, and that is what its lifetimes need", () => {
    // More nodes have too many orders to try them all.
    const small = randomGraph(6).filter(({ nodes }) => nodes.length <= 7);
    const anyCase = fc.tuple(small, fc.boolean());
    fc.assert(
      fc.property(anyCase, ([graph, inPlaceDepthwise]) => {
        const found = scheduleForMemory(graph, { ...INT8, inPlaceDepthwise });
        verify(found.graph, inferNode);
        expect(new Set(found.graph.nodes)).toEqual(new Set(graph.nodes));
        expect(found.order).toBe("lowest");
        expect(found.givenBytes).toBe(aliveIn(graph, inPlaceDepthwise));
        expect(found.bytes).toBe(aliveIn(found.graph, inPlaceDepthwise));
        expect(found.bytes).toBe(lowestOfAll(graph, inPlaceDepthwise));
      }),
      { numRuns: 200 },
    );
  });

  test("stopped at once, the search still gives an order, no worse than the graph's own, and says what it is", () => {
    fc.assert(
      fc.property(randomGraph(25), (graph) => {
        const found = scheduleForMemory(graph, { ...INT8, limit: 0 });
        verify(found.graph, inferNode);
        expect(found.bytes).toBeLessThanOrEqual(found.givenBytes);
        expect(found.bytes).toBe(aliveIn(found.graph));
        expect(found.states).toBe(0);
      }),
    );
    expect(scheduleForMemory(branches([10, 20, 30]), { ...INT8, limit: 0 }).order).toBe("greedy");
  });
});

test("of many orders few are looked at", () => {
  const widths = [10, 11, 12, 13, 14, 15, 16, 17];
  const { bytes, order, states } = scheduleForMemory(branches(widths), INT8);
  expect(order).toBe("lowest");
  expect(bytes).toBe((2 + 17 + 1) * 16);
  expect(states).toBeLessThan(2 ** 8); // of the 3⁸ sets of wide and thin maps that may have been made
});
