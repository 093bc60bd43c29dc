/** What holds for any shapes and any network. The seed is fixed: float32 near a kink may fall to either side. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { differentiate, withoutUnusedNodes } from "../autodiff/index.js";
import { createRng } from "../base/index.js";
import { type Graph, image, plain, type Shape, sizeOf, verify } from "../ir/index.js";
import { createBuilder, inferNode } from "./index.js";
import "./testing/close.js";
import { finiteDifferences } from "./testing/differences.js";
import { engines, type Runner, runners } from "./testing/engine.js";
import { evaluate } from "./testing/interpreter.js";
import { lossGraph, networks, startValues } from "./testing/networks.js";

const settings = { seed: 20_240_901, numRuns: 25 };

/** A full shape, and for each of two operands which of its axes are 1 (and, for plain values, how many lead axes lack). */
const operands = fc.integer({ min: 0, max: 4 }).chain((rank) =>
  fc.record({
    shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: rank, maxLength: rank }),
    ones: fc.tuple(fc.nat(15), fc.nat(15)),
    lacking: fc.tuple(fc.nat(rank), fc.nat(rank)),
    asImages: fc.boolean(),
    op: fc.constantFrom("add" as const, "mul" as const),
    seed: fc.nat(1000),
  }),
);

const narrowed = (shape: Shape, ones: number) => shape.map((extent, axis) => ((ones >> axis) & 1 ? 1 : extent));

test.for(engines)("add and mul broadcast as the interpreter does: $name", async ({ run, missing }, { skip }) => {
  skip(missing !== undefined, missing);
  await fc.assert(
    fc.asyncProperty(operands, async ({ shape, ones, lacking, asImages, op, seed }) => {
      const images = asImages && shape.length === 4;
      const g = createBuilder();
      const types = ones.map((bits, i) => {
        const extents = narrowed(shape, bits);
        return images ? image(...(extents as [number, number, number, number])) : plain(...extents.slice(lacking[i]));
      });
      const inputs = types.map((type, i) => g.input(`x${i}`, type));
      g.output(g.one(op, inputs, {}), "y");
      const graph = g.build();
      const rng = createRng(seed);
      const values = new Map(
        inputs.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape)).map(rng.normal)] as const),
      );
      const received = await run(graph, values);
      expect(received.get("y")!).toBeAllClose(evaluate(graph, values).get("y")!);
    }),
    settings,
  );
});

/** A network's graph with the gradients of its parameters as outputs, named as they are. */
function withGradients(graph: Graph): Graph {
  const parameters = graph.parameters.map(({ value }) => value);
  const { builder, gradients } = differentiate(graph, graph.outputs[0]!, parameters);
  for (const [i, gradient] of gradients.entries()) builder.output(gradient, `d ${parameters[i]!.name}`);
  return withoutUnusedNodes(builder.build());
}

test("gradients of random networks are those of finite differences", () => {
  fc.assert(
    fc.property(networks, (network) => {
      const graph = lossGraph(network);
      const gradients = withGradients(graph);
      verify(gradients, inferNode);
      const values = startValues(graph, network.seed);
      const computed = evaluate(gradients, values);
      for (const { value } of graph.parameters) {
        const expected = finiteDifferences(graph, "loss", values, value.name);
        expect(computed.get(`d ${value.name}`)!, value.name).toBeAllClose(expected, { shape: value.shape });
      }
    }),
    { ...settings, numRuns: 12 },
  );
});

const training = runners.filter(({ layout }) => layout === "channel-major");

test.for(training)("gradients of random networks agree: $name", async ({ run, missing }: Runner, { skip }) => {
  skip(missing !== undefined, missing);
  await fc.assert(
    fc.asyncProperty(networks, async (network) => {
      const graph = withGradients(lossGraph(network));
      const values = startValues(graph, network.seed);
      const expected = evaluate(graph, values);
      const received = await run(graph, values);
      for (const { name, shape } of graph.outputs) {
        const numbers = expected.get(name)!;
        const largest = numbers.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
        expect(received.get(name)!, name).toBeAllClose(numbers, {
          absolute: 1e-5 + 1e-4 * largest, // what stands before a norm may have a gradient of zero
          relative: 0,
          shape,
        });
      }
    }),
    settings,
  );
});
