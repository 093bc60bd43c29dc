import { expect, test } from "vitest";
import { image } from "../ir/index.js";
import { createBuilder } from "../ops/index.js";
import { profileGraph } from "./index.js";

const zeros = { initializer: { kind: "constant", value: 0 }, trainable: true, decay: false } as const;

/** Convolution 3 → 4, norm, activation, depthwise, pool, classifier with two classes; image of 8 × 8. */
function smallGraph() {
  const g = createBuilder();
  let x = g.input("image", image(1, 3, 8, 8));
  x = g.scope("stem", () => {
    const weight = g.parameter("weight", [4, 3, 3, 3], zeros);
    const [gamma, beta] = [g.parameter("gamma", [4], zeros), g.parameter("beta", [4], zeros)];
    const mean = g.parameter("mean", [4], { ...zeros, trainable: false });
    const variance = g.parameter("variance", [4], { ...zeros, trainable: false });
    const y = g.one("conv2d", [x, weight], { stride: 1, padding: [1, 1, 1, 1] });
    return g.relu(g.one("batchNormInference", [y, gamma, beta, mean, variance], { epsilon: 1e-3 }));
  });
  x = g.scope("depthwise", () =>
    g.one("depthwiseConv2d", [x, g.parameter("weight", [4, 1, 3, 3], zeros)], { stride: 2, padding: [0, 0, 1, 1] }),
  );
  x = g.scope("pool", () => g.globalAveragePool(x));
  const logits = g.scope("classifier", () => {
    const [weight, bias] = [g.parameter("weight", [2, 4, 1, 1], zeros), g.parameter("bias", [2], zeros)];
    return g.flatten(g.one("conv2d", [x, weight, bias], { stride: 1, padding: [0, 0, 0, 0] }));
  });
  g.output(logits, "logits");
  return g.build();
}

test("counts what is learned, multiplied, shipped and kept in memory", () => {
  const profile = profileGraph(smallGraph());
  expect(profile.params).toBe(4 * 27 + 2 * 4 + 4 * 9 + (2 * 4 + 2)); // statistics are buffers
  expect(profile.macs).toBe(64 * 4 * 27 + 16 * 4 * 9 + 8); //          bias, norm, activation and pool count 0
  expect(profile.weightBytes).toBe(4 * (4 * 27 + 4 + 4 * 9 + 10)); //  of the norm, only its shift is left, as a bias
  expect(profile.peakActivationBytes).toBe(4 * (3 * 64 + 4 * 64)); //  image and first map
});

test("a layer is a node with the norm, activation and views that follow it", () => {
  expect(profileGraph(smallGraph()).layers).toEqual([
    { name: "stem", kind: "conv2d", output: [1, 4, 8, 8], params: 116, macs: 6912, activationBytes: 1024 },
    { name: "depthwise", kind: "depthwiseConv2d", output: [1, 4, 4, 4], params: 36, macs: 576, activationBytes: 256 },
    { name: "pool", kind: "globalAveragePool", output: [1, 4, 1, 1], params: 0, macs: 0, activationBytes: 16 },
    { name: "classifier", kind: "conv2d", output: [1, 2, 1, 1], params: 10, macs: 8, activationBytes: 8 },
  ]);
});

test("a parameter used twice is counted once", () => {
  const g = createBuilder();
  const weight = g.parameter("weight", [3, 3, 1, 1], zeros);
  const convolve = (x: Parameters<typeof g.relu>[0]) =>
    g.one("conv2d", [x, weight], { stride: 1, padding: [0, 0, 0, 0] });
  g.output(convolve(convolve(g.input("image", image(1, 3, 2, 2)))), "y");
  expect(profileGraph(g.build())).toMatchObject({ params: 9, macs: 2 * 4 * 9, weightBytes: 36 });
  expect(profileGraph(g.build()).layers.map(({ params }) => params)).toEqual([9, 0]);
});
