/** The step as it is run, with joined ops and images in lanes, against the same step op by op in float64. */
import { describe, expect, test } from "vitest";
import { differentiate, withoutUnusedNodes } from "../../autodiff/index.js";
import { createRng } from "../../base/index.js";
import { type Graph, plain } from "../../ir/index.js";
import { buildNetwork } from "../../networks/index.js";
import { randomWeights } from "../../networks/testing/random-weights.js";
import { tinyNetwork } from "../../networks/testing/tiny.js";
import { createBuilder } from "../../ops/index.js";
import "../../ops/testing/close.js";
import { trainingRunners } from "../../ops/testing/engine.js";
import { evaluate } from "../../ops/testing/interpreter.js";
import { withJoinedGates, withPointwiseNorms } from "./fuse.js";

const BATCH = 16;
const network = buildNetwork(tinyNetwork(), { batch: BATCH, mode: "train" });
const values = (() => {
  const rng = createRng(3);
  const draw = (size: number, from: number, to: number) =>
    Float32Array.from({ length: size }, () => from + (to - from) * rng.uniform());
  const sizeOf = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);
  const inputs = network.graph.inputs.map((input) => [input.name, draw(sizeOf(input.shape), 0, 1)] as const);
  return new Map<string, Float32Array>([
    ...inputs,
    ...randomWeights(network.graph, rng.fork("weights")),
    ["dLogits", draw(sizeOf(network.logits.shape), -1, 1)],
  ]);
})();

/** Logits, statistics and the gradient by every trainable parameter of Σ dLogits · logits. */
function gradientsOf(forward: Graph): Graph {
  const g = createBuilder({ ...forward, outputs: [] });
  const dLogits = g.input("dLogits", plain(...network.logits.shape));
  const loss = g.sumTo(g.mul(network.logits, dLogits), []);
  const trainable = network.graph.parameters.filter(({ trainable }) => trainable);
  const { builder, gradients } = differentiate(
    g.build(),
    loss,
    trainable.map(({ value }) => value),
  );
  builder.output(network.logits, "logits");
  for (const [i, { value }] of trainable.entries()) builder.output(gradients[i]!, `d ${value.name}`);
  for (const { mean, variance, runningMean, runningVariance } of network.statistics) {
    builder.output(mean, runningMean);
    builder.output(variance, runningVariance);
  }
  return withoutUnusedNodes(builder.build());
}

const plainGraph = gradientsOf(network.graph);
const joined = withJoinedGates(gradientsOf(withPointwiseNorms(network.graph, () => true)));
const count = (graph: Graph, op: string) => graph.nodes.filter((node) => node.op === op).length;

describe("joined ops", () => {
  const expected = evaluate(plainGraph, values);

  test("stand where they fit", () => {
    expect(count(joined, "pointwiseNorm")).toBeGreaterThan(0);
    expect(count(joined, "pointwiseNormGrad")).toBe(count(joined, "pointwiseNorm"));
    expect(count(plainGraph, "batchNorm")).toBe(count(joined, "batchNorm") + count(joined, "pointwiseNorm"));
    // Three blocks squeeze.
    expect([count(joined, "scaleShift"), count(joined, "placeProducts")]).toEqual([3, 3]);
    expect(joined.nodes.length).toBeLessThan(plainGraph.nodes.length);
  });

  test("give the same numbers in float64", () => {
    const received = evaluate(joined, values);
    expect([...received.keys()]).toEqual([...expected.keys()]);
    for (const [name, numbers] of expected) {
      const largest = numbers.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
      expect(received.get(name)!, name).toBeAllClose(numbers, { absolute: 1e-9 * (1 + largest), relative: 0 });
    }
  });

  test.for(trainingRunners.filter(({ layout }) => layout !== null))(
    "and on $name in float32",
    async (runner, context) => {
      context.skip(runner.missing !== undefined, runner.missing);
      const received = await runner.run(joined, values);
      for (const [name, numbers] of expected) {
        const largest = numbers.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
        expect(received.get(name)!, name).toBeAllClose(numbers, { absolute: 2e-4 * (0.01 + largest), relative: 0 });
      }
    },
  );
});
