/** Values and gradients that another program computed. `scripts/golden/ops.py` wrote them and says how the inputs are made. */
import { describe, expect, test } from "vitest";
import { differentiate, withoutUnusedNodes } from "../autodiff/index.js";
import { type Graph, image, plain, type Shape, sizeOf, type TensorType, type Value } from "../ir/index.js";
import { createBuilder, type GraphBuilder } from "./index.js";
import "./testing/close.js";
import { trainingRunners } from "./testing/engine.js";
import golden from "./testing/golden.json" with { type: "json" };

/** The inputs of the script, exact in float32. */
const numbers = (t: number, shape: Shape): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => (((37 * i + 11 * t) % 41) - 20) / 4 + 1 / 8);

const one = [1, 1, 1, 1] as const;

const cases: readonly [
  name: Exclude<keyof typeof golden, "program">,
  inputs: readonly TensorType[],
  output: (g: GraphBuilder, inputs: readonly Value[]) => Value,
][] = [
  [
    "conv2d",
    [image(2, 2, 5, 4), plain(3, 2, 3, 3), plain(3)],
    (g, inputs) => g.one("conv2d", inputs, { stride: 1, padding: one }),
  ],
  [
    "depthwiseConv2d",
    [image(2, 2, 5, 4), plain(2, 1, 3, 3), plain(2)],
    (g, inputs) => g.one("depthwiseConv2d", inputs, { stride: 2, padding: one }),
  ],
  [
    "batchNorm",
    [image(2, 3, 2, 3), plain(3), plain(3)],
    (g, inputs) => g.apply("batchNorm", inputs, { epsilon: 1e-3 })[0]!,
  ],
  ["hardSwish", [plain(41)], (g, [x]) => g.hardSwish(x!)],
  ["silu", [plain(41)], (g, [x]) => g.silu(x!)],
  ["crossEntropy", [plain(3, 4)], (g, [logits]) => g.logSoftmax(logits!)],
];

describe.each(cases)("%s", (name, types, output) => {
  const { graph, gradientNames } = withGradients(name, types, output);

  test.for(trainingRunners)("agrees with PyTorch: $name", async ({ run, missing, layout }, { skip }) => {
    skip(missing !== undefined, missing);
    const results = await run(graph, new Map(graph.inputs.map((value, t) => [value.name, valuesOf(value, t)])));
    // Seven digits are kept; float32 sums lose some of them.
    const tolerance = (numbers: readonly number[]) =>
      layout === null
        ? { absolute: 1e-6, relative: 1e-6 }
        : { absolute: 2e-6 * Math.max(...numbers.map(Math.abs)), relative: 2e-6 };
    const expected = golden[name];
    expect(results.get("y")!, "output").toBeAllClose(expected.output, tolerance(expected.output));
    for (const [i, gradient] of gradientNames.entries()) {
      expect(results.get(gradient)!, gradient).toBeAllClose(expected.gradients[i]!, tolerance(expected.gradients[i]!));
    }
  });
});

const valuesOf = ({ name, shape }: Value, t: number): Float32Array => numbers(name === "r" ? 9 : t, shape);

/** Loss: soft cross-entropy for `crossEntropy`, else Σ r · y. */
function withGradients(
  name: string,
  types: readonly TensorType[],
  output: (g: GraphBuilder, inputs: readonly Value[]) => Value,
): { graph: Graph; gradientNames: readonly string[] } {
  const g = createBuilder();
  const inputs = types.map((type, t) => g.input(`x${t}`, type));
  const y = output(g, inputs);
  const weights = name === "crossEntropy" ? g.mul(g.softmax(g.input("targets", plain(3, 4))), -1 / 3) : g.input("r", y);
  const loss = g.sumTo(g.mul(weights, y), []);
  const { builder, gradients } = differentiate(g.build(), loss, inputs);
  builder.output(y, "y");
  const gradientNames = inputs.map((input) => `d ${input.name}`);
  for (const [i, gradient] of gradients.entries()) builder.output(gradient, gradientNames[i]!);
  return { graph: withoutUnusedNodes(builder.build()), gradientNames };
}
