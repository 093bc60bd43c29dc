/** Batch norm worked by hand: statistics per channel, over images and places, biased variance. */
import { describe, expect, test } from "vitest";
import { differentiate } from "../autodiff/index.js";
import { createRng } from "../base/index.js";
import { image, plain } from "../ir/index.js";
import { createBuilder } from "./index.js";
import "./testing/close.js";
import { engines, runners, trainingRunners } from "./testing/engine.js";

test.for(trainingRunners)("batchNorm by hand: $name", async ({ run, missing }, { skip }) => {
  skip(missing !== undefined, missing);
  const g = createBuilder();
  const inputs = [g.input("x", image(2, 2, 1, 1)), g.input("gamma", plain(2)), g.input("beta", plain(2))];
  for (const [i, output] of g.apply("batchNorm", inputs, { epsilon: 0 }).entries()) g.output(output, `y${i}`);
  const results = await run(
    g.build(),
    new Map([
      ["x", Float32Array.of(1, 10, 3, 14)], // channel 1: 1 and 3; channel 2: 10 and 14
      ["gamma", Float32Array.of(2, 3)],
      ["beta", Float32Array.of(10, -1)],
    ]),
  );
  expect(results.get("y0")!).toBeAllClose([8, -4, 12, 2]);
  expect(results.get("y1")!, "mean").toBeAllClose([2, 12]);
  expect(results.get("y2")!, "variance").toBeAllClose([1, 4]);
});

test.for(trainingRunners)("batchNormGrad by hand: $name", async ({ run, missing }, { skip }) => {
  skip(missing !== undefined, missing);
  const g = createBuilder();
  const inputs = [
    g.input("dy", image(2, 1, 1, 2)),
    g.input("x", image(2, 1, 1, 2)),
    ...["gamma", "mean", "variance"].map((name) => g.input(name, plain(1))),
  ];
  const outputs = g.apply("batchNormGrad", inputs, { epsilon: 0 });
  for (const [i, name] of ["dx", "dGamma", "dBeta"].entries()) g.output(outputs[i]!, name);
  const results = await run(
    g.build(),
    new Map([
      ["dy", Float32Array.of(8, 0, 4, 0)],
      ["x", Float32Array.of(0, 0, 2, 2)], // x̂ = −1 −1 1 1
      ["gamma", Float32Array.of(2)],
      ["mean", Float32Array.of(1)],
      ["variance", Float32Array.of(1)],
    ]),
  );
  expect(results.get("dBeta")!).toBeAllClose([12]);
  expect(results.get("dGamma")!).toBeAllClose([-4]); // −8 − 0 + 4 + 0
  expect(results.get("dx")!).toBeAllClose([8, -8, 4, -4]); // 2 · (dy − 12/4 − x̂ · −4/4)
});

test.for(runners)("batchNormInference by hand: $name", async ({ run, missing }, { skip }) => {
  skip(missing !== undefined, missing);
  const g = createBuilder();
  const names = ["gamma", "beta", "mean", "variance"];
  const inputs = [g.input("x", image(1, 2, 1, 2)), ...names.map((name) => g.input(name, plain(2)))];
  g.output(g.one("batchNormInference", inputs, { epsilon: 1 }), "y");
  const results = await run(
    g.build(),
    new Map([
      ["x", Float32Array.of(1, 2, 3, 4)],
      ["gamma", Float32Array.of(2, 10)],
      ["beta", Float32Array.of(1, 0)],
      ["mean", Float32Array.of(3, 3)],
      ["variance", Float32Array.of(3, 24)], // deviations 2 and 5, with ε = 1
    ]),
  );
  expect(results.get("y")!).toBeAllClose([-1, 0, 0, 2]);
});

describe("a constant channel", () => {
  test.for(trainingRunners)(
    "has no variance below zero, and stays finite: $name",
    async ({ run, missing }, { skip }) => {
      skip(missing !== undefined, missing);
      const g = createBuilder();
      const x = g.input("x", image(3, 1, 5, 5));
      const [y, , variance] = g.apply("batchNorm", [x, g.input("gamma", plain(1)), g.input("beta", plain(1))], {
        epsilon: 1e-3,
      });
      g.output(y!, "y");
      g.output(variance!, "variance");
      const results = await run(
        g.build(),
        new Map([
          ["x", new Float32Array(75).fill(0.1)], // the mean of the squares and the square of the mean round apart
          ["gamma", Float32Array.of(1)],
          ["beta", Float32Array.of(2)],
        ]),
      );
      expect(results.get("variance")![0]).toBeGreaterThanOrEqual(0);
      expect(results.get("y")!).toBeAllClose(new Float32Array(75).fill(2), { absolute: 1e-4 });
    },
  );
});

test("refuses a gradient of its statistics, which its rule does not know", () => {
  const g = createBuilder();
  const x = g.input("x", image(2, 1, 2, 2));
  const [, mean] = g.apply("batchNorm", [x, g.input("gamma", plain(1)), g.input("beta", plain(1))], { epsilon: 1e-3 });
  const loss = g.sumTo(mean!, []);
  expect(() => differentiate(g.build(), loss, [x])).toThrow(/^internal: .*statistics/);
});

test("of a map that is large enough for the blocked kernels", async ({ skip }) => {
  const [direct, inLanes] = [1, 16].map((lanes) =>
    engines.find((each) => each.layout === "channel-major" && (lanes === 1 ? each.lanes === 1 : each.lanes > 1)),
  );
  skip(inLanes === undefined, "no engine here has lanes");
  const shape = image(16, 8, 64, 64);
  const g = createBuilder();
  const [x, dy] = [g.input("x", shape), g.input("dy", shape)];
  const [gamma, beta] = [g.input("gamma", plain(8)), g.input("beta", plain(8))];
  const [y, mean, variance] = g.apply("batchNorm", [x, gamma, beta], { epsilon: 1e-3 });
  g.output(y!, "y");
  const gradients = g.apply("batchNormGrad", [dy, x, gamma, mean!, variance!], { epsilon: 1e-3 });
  for (const [i, gradient] of gradients.entries()) g.output(gradient, `d${i}`);
  const rng = createRng(1);
  const draw = (size: number) => Float32Array.from({ length: size }, () => rng.uniform() - 0.3);
  const values = new Map(Object.entries({ x: draw(2 ** 19), dy: draw(2 ** 19), gamma: draw(8), beta: draw(8) }));
  const [expected, received] = [await direct!.run(g.build(), values), await inLanes!.run(g.build(), values)];
  for (const [name, numbers] of expected) {
    const largest = Array.from(numbers).reduce((most, number) => Math.max(most, Math.abs(number)), 0);
    expect(received.get(name)!, name).toBeAllClose(numbers, { absolute: 5e-4 * largest, relative: 0 }); // sums of 65,536 numbers cancel
  }
});
