/** How gradients flow through a graph. The rule of each op is tested in `ops/ops.test.ts`. */
import { describe, expect, test } from "vitest";
import { type Graph, image, plain, print, type Value, verify } from "../ir/index.js";
import { createBuilder, type GraphBuilder, inferNode } from "../ops/index.js";
import "../ops/testing/close.js";
import { finiteDifferences } from "../ops/testing/differences.js";
import { evaluate } from "../ops/testing/interpreter.js";
import { differentiate, withoutUnusedNodes } from "./index.js";

/** Gradients of a scalar function of scalars, by the interpreter. */
function gradientsOf(f: (g: GraphBuilder, inputs: readonly Value[]) => Value, at: readonly number[]): number[] {
  const g = createBuilder();
  const inputs = at.map((_, i) => g.input(`x${i}`, plain()));
  const loss = f(g, inputs);
  const { builder, gradients } = differentiate(g.build(), loss, inputs);
  for (const [i, gradient] of gradients.entries()) builder.output(gradient, `d${i}`);
  const results = evaluate(builder.build(), new Map(at.map((number, i) => [`x${i}`, Float64Array.of(number)])));
  return at.map((_, i) => results.get(`d${i}`)![0]!);
}

describe("a value that is used more than once", () => {
  test("twice by one node", () => {
    expect(gradientsOf((g, [x]) => g.mul(x!, x!), [3])).toEqual([6]);
    expect(gradientsOf((g, [x]) => g.sub(x!, x!), [3])).toEqual([0]);
  });

  test("by several nodes, itself and what follows from it", () => {
    // x · y + x² · y + y: by x it is y + 2·x·y, by y it is x + x² + 1
    const f = (g: GraphBuilder, [x, y]: readonly Value[]) => {
      const product = g.mul(x!, y!);
      return g.add(g.add(product, g.mul(product, x!)), y!);
    };
    expect(gradientsOf(f, [3, 5])).toEqual([35, 13]);
  });
});

test("the gradient of the loss by itself is one", () => {
  expect(gradientsOf((_, [x]) => x!, [7])).toEqual([1]);
});

test("may be taken by a value in the middle of the graph, and goes no further back", () => {
  const g = createBuilder();
  // Pixels have no gradient: a step behind the image would fail.
  const pixels = g.input("pixels", { ...plain(1, 1, 2, 1), dtype: "uint8" });
  const middle = g.one("pixelsToImage", [pixels], { mean: [0], std: [1] });
  const loss = g.sumTo(g.mul(middle, middle), []);
  const { builder, gradients } = differentiate(g.build(), loss, [middle]);
  builder.output(gradients[0]!, "d");
  const results = evaluate(builder.build(), new Map([["pixels", Uint8Array.of(255, 51)]]));
  expect(results.get("d")!).toBeAllClose([2, 0.4]);
});

test("of a gradient is the second derivative", () => {
  const g = createBuilder();
  const x = g.input("x", image(1, 2, 3, 3));
  const w = g.input("w", plain(2, 2, 3, 3));
  const y = g.silu(g.one("conv2d", [x, w], { stride: 1, padding: [1, 1, 1, 1] }));
  const loss = g.sumTo(g.mul(y, y), []);
  const first = differentiate(g.build(), loss, [w]);
  const norm = first.builder.sumTo(first.builder.mul(first.gradients[0]!, first.gradients[0]!), []);
  const forward = { ...first.builder.build(), outputs: [{ ...norm, name: "norm" }] };
  const second = differentiate(forward, norm, [x, w]);
  for (const [i, name] of ["x", "w"].entries()) second.builder.output(second.gradients[i]!, `d ${name}`);

  const wave = (length: number) => Float64Array.from({ length }, (_, i) => Math.sin(1 + 2 * i));
  const values = new Map([
    ["x", wave(18)],
    ["w", wave(36)],
  ]);
  const graph = second.builder.build();
  verify(graph, inferNode);
  const results = evaluate(graph, values);
  for (const name of ["x", "w"]) {
    expect(results.get(`d ${name}`)!, name).toBeAllClose(finiteDifferences(forward, "norm", values, name));
  }
});

describe("the graph of gradients", () => {
  /** (a · b) + (c · d), of which only some is asked for. */
  const g = createBuilder();
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => g.input(name, plain(3))) as [Value, Value, Value, Value];
  const left = g.scope("left", () => g.mul(a, b));
  const right = g.scope("right", () => g.mul(c, d));
  const loss = g.scope("total", () => g.sumTo(g.add(left, right), []));
  const forward = g.build();
  const paths = (graph: Graph) => graph.nodes.slice(forward.nodes.length).map(({ path }) => path);

  test("has nodes only for what leads to the values asked for", () => {
    const { builder, gradients } = differentiate(forward, loss, [a]);
    const graph = builder.build();
    expect(paths(graph)).toContain("left~");
    expect(paths(graph)).not.toContain("right~");
    expect(gradients.map(({ shape }) => shape)).toEqual([a.shape]);
  });

  test("leaves the graph it was given as it was", () => {
    const before = print(forward);
    differentiate(forward, loss, [a, b, c, d]);
    expect(print(forward)).toBe(before);
  });

  test("refuses a value that does not lead to the loss", () => {
    const other = createBuilder(forward);
    const lonely = other.input("lonely", plain());
    expect(() => differentiate(other.build(), loss, [lonely])).toThrow("internal: lonely does not lead to the loss");
  });

  test("refuses a loss that is not a scalar", () => {
    expect(() => differentiate(forward, left, [a])).toThrow("internal: the loss must be a scalar, not [3]");
  });

  test("refuses an op without a gradient on the way", () => {
    const g = createBuilder();
    const inputs = [image(2, 1, 2, 2), image(2, 1, 2, 2), plain(1), plain(1), plain(1)];
    const values = inputs.map((type, i) => g.input(`x${i}`, type));
    const [dx] = g.apply("batchNormGrad", values, { epsilon: 1e-3 });
    const loss = g.sumTo(dx!, []);
    expect(() => differentiate(g.build(), loss, [values[0]!])).toThrow(
      "internal: batchNormGrad: batchNormGrad has no gradient",
    );
  });
});

test("comparisons pass no gradient on, choices pass it to the side they take", () => {
  expect(gradientsOf((g, [x, y]) => g.where(g.lessEqual(x!, y!), x!, g.mul(y!, 3)), [1, 2])).toEqual([1, 0]);
  expect(gradientsOf((g, [x, y]) => g.where(g.lessEqual(x!, y!), x!, g.mul(y!, 3)), [2, 1])).toEqual([0, 3]);
});

describe("withoutUnusedNodes", () => {
  test("keeps what an output needs, in order, and nothing else", () => {
    const g = createBuilder();
    const x = g.input("x", plain(4));
    const kept = g.scope("kept", () => g.exp(x));
    g.scope("unused", () => g.sqrt(g.scope("feeds the unused", () => g.exp(kept))));
    const [, second] = g.scope("split", () => g.split(kept, [1, 3]));
    g.output(
      g.scope("last", () => g.exp(second!)),
      "y",
    );
    g.output(kept, "z");
    const pruned = withoutUnusedNodes(g.build());
    expect(pruned.nodes.map(({ path }) => path)).toEqual(["kept", "split", "last"]);
    verify(pruned, inferNode);
    expect(pruned.inputs).toEqual(g.build().inputs);
  });

  test("drops gradients that a rule offered unasked", () => {
    const g = createBuilder();
    const x = g.input("x", image(1, 1, 3, 3));
    const w = g.input("w", plain(1, 1, 3, 3));
    const loss = g.sumTo(g.one("conv2d", [x, w], { stride: 1, padding: [0, 0, 0, 0] }), []);
    const { builder, gradients } = differentiate(g.build(), loss, [w]);
    builder.output(gradients[0]!, "dw");
    const ops = (graph: Graph) => graph.nodes.map(({ op }) => op);
    expect(ops(builder.build())).toContain("conv2dInputGrad");
    expect(ops(withoutUnusedNodes(builder.build()))).not.toContain("conv2dInputGrad");
    expect(ops(withoutUnusedNodes(builder.build()))).toContain("conv2dWeightGrad");
  });
});
