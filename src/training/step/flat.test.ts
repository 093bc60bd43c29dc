import { describe, expect, test } from "vitest";
import { createRng } from "../../base/index.js";
import { type Parameter, plain } from "../../ir/index.js";
import { buildNetwork } from "../../networks/index.js";
import { randomWeights } from "../../networks/testing/random-weights.js";
import { tinyNetwork } from "../../networks/testing/tiny.js";
import { createBuilder } from "../../ops/index.js";
import { evaluate } from "../../ops/testing/interpreter.js";
import { concatenate, defineParameters, flatLayout, pack, unpack } from "./flat.js";

/** In the order of a network: a convolution's weight, its norm, then the classifier. */
function parameters(): readonly Parameter[] {
  const g = createBuilder();
  const start = { initializer: { kind: "constant", value: 0 }, trainable: true } as const;
  g.parameter("conv.weight", [2, 1, 1, 2], { ...start, decay: true });
  g.parameter("norm.gamma", [2], { ...start, decay: false });
  g.parameter("classifier.weight", [3, 1], { ...start, decay: true });
  g.parameter("classifier.bias", [1], { ...start, decay: false });
  return g.build().parameters;
}

const tensors = new Map([
  ["conv.weight", Float32Array.of(1, 2, 3, 4)],
  ["norm.gamma", Float32Array.of(5, 6)],
  ["classifier.weight", Float32Array.of(7, 8, 9)],
  ["classifier.bias", Float32Array.of(10)],
]);

describe("one vector for all parameters", () => {
  test("begins with those under weight decay, in the network's order", () => {
    const layout = flatLayout(parameters());
    expect(layout.slices.map(({ name, offset, size }) => [name, offset, size])).toEqual([
      ["conv.weight", 0, 4],
      ["classifier.weight", 4, 3],
      ["norm.gamma", 7, 2],
      ["classifier.bias", 9, 1],
    ]);
    expect(layout).toMatchObject({ size: 10, decayed: 7 });
    expect([...pack(layout, tensors)]).toEqual([1, 2, 3, 4, 7, 8, 9, 5, 6, 10]);
  });

  test("comes apart into what was packed", () => {
    const layout = flatLayout(parameters());
    const flat = pack(layout, tensors);
    const apart = unpack(layout, flat);
    expect(apart).toEqual(new Map(layout.slices.map(({ name }) => [name, tensors.get(name)!])));
    flat.fill(0);
    expect(apart.get("norm.gamma"), "a copy").toEqual(Float32Array.of(5, 6));
  });

  test("holds a whole network", () => {
    const { graph } = buildNetwork(tinyNetwork(), { batch: 1, mode: "inference" });
    const weights = randomWeights(graph, createRng(1));
    const layout = flatLayout(graph.parameters);
    expect(unpack(layout, pack(layout, weights))).toEqual(weights);
  });

  test("does not take a tensor that is missing or of another size", () => {
    const layout = flatLayout(parameters());
    expect(() => pack(layout, new Map())).toThrow("internal: conv.weight: expected 4 numbers, received undefined");
    const wrong = new Map([...tensors, ["norm.gamma", Float32Array.of(5)]] as const);
    expect(() => pack(layout, wrong)).toThrow("internal: norm.gamma: expected 2 numbers, received 1");
  });
});

test("in a graph: split into parameters and joined again, the vector is the same", () => {
  const known = parameters();
  const layout = flatLayout(known);
  const g = createBuilder();
  const flat = g.input("flat", plain(layout.size));
  // The parameters' own values, with ids above those of this graph.
  const moved = known.map((parameter, i) => ({ ...parameter, value: { ...parameter.value, id: 1000 + i } }));
  defineParameters(g, layout, moved, flat);
  const doubled = new Map(moved.map(({ value }) => [value.name, g.mul(value, 2)]));
  g.output(concatenate(g, layout, doubled), "joined");
  const joined = evaluate(g.build(), new Map([["flat", pack(layout, tensors)]])).get("joined")!;
  expect([...joined]).toEqual([2, 4, 6, 8, 14, 16, 18, 10, 12, 20]);
});
