/** Activations at their kinks, where finite differences cannot tell which slope the code takes. */
import { expect, test } from "vitest";
import { differentiate } from "../autodiff/index.js";
import { plain } from "../ir/index.js";
import { createBuilder } from "./index.js";
import "./testing/close.js";
import { runners } from "./testing/engine.js";

const kinks = [
  { op: "relu", x: 0, y: 0, slope: 0, why: "zero passes nothing back" },
  { op: "relu6", x: 0, y: 0, slope: 0, why: "the outer slope" },
  { op: "relu6", x: 6, y: 6, slope: 0, why: "the outer slope" },
  { op: "hardSigmoid", x: -3, y: 0, slope: 0, why: "the outer slope" },
  { op: "hardSigmoid", x: 3, y: 1, slope: 0, why: "the outer slope" },
  { op: "hardSwish", x: -3, y: 0, slope: 0, why: "the outer slope" },
  { op: "hardSwish", x: 3, y: 3, slope: 1, why: "the outer slope" },
] as const;

// A hand's breadth to either side, the slopes are those of the formula.
const besideKinks = [
  { op: "relu", x: -0.125, y: 0, slope: 0 },
  { op: "relu", x: 0.125, y: 0.125, slope: 1 },
  { op: "relu6", x: -0.125, y: 0, slope: 0 },
  { op: "relu6", x: 6.125, y: 6, slope: 0 },
  { op: "hardSigmoid", x: -2.5, y: 1 / 12, slope: 1 / 6 },
  { op: "hardSigmoid", x: 3.5, y: 1, slope: 0 },
  { op: "hardSwish", x: -3.5, y: 0, slope: 0 },
  { op: "hardSwish", x: -2.5, y: -2.5 / 12, slope: -1 / 3 }, // x / 3 + 1 / 2
  { op: "hardSwish", x: 2.5, y: (2.5 * 5.5) / 6, slope: 4 / 3 },
  { op: "hardSwish", x: 3.5, y: 3.5, slope: 1 },
] as const;

test.for(runners)("values and slopes at and beside the kinks: $name", async ({ run, missing }, { skip }) => {
  skip(missing !== undefined, missing);
  for (const { op, x, y, slope } of [...kinks, ...besideKinks]) {
    const g = createBuilder();
    const input = g.input("x", plain());
    const output = g.one(op, [input], {});
    const { builder, gradients } = differentiate(g.build(), output, [input]);
    builder.output(output, "y");
    builder.output(gradients[0]!, "slope");
    const results = await run(builder.build(), new Map([["x", Float32Array.of(x)]]));
    expect(results.get("y")!, `${op} of ${x}`).toBeAllClose([y]);
    expect(results.get("slope")!, `slope of ${op} at ${x}`).toBeAllClose([slope]);
  }
});
