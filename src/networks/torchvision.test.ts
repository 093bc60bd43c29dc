/**
 * Logits against torchvision 0.14 (PyTorch 1.13) with the same weights and image, made by
 * `scripts/golden/torchvision-logits.ts` and `.py`; those also compare the larger networks, at 1000 classes.
 */
import { expect, test } from "vitest";
import { createRng } from "../base/index.js";
import { lower } from "../onnx/index.js";
import { chooseEngine } from "../runtime/index.js";
import { type Architecture, buildArchitecture, buildNetwork } from "./index.js";
import { randomImage, randomWeights } from "./testing/random-weights.js";

test.each([
  {
    name: "mobilenet-v2",
    width: 0.35,
    resolution: 96,
    epsilon: 1e-5,
    golden: [
      [-7.182501, -11.609603, 7.22629, 10.898089, -1.246929, -2.254403, -0.161362, -8.320097, -2.777799, -3.405617],
      [-4.570138, -9.021702, 9.078891, 11.157752, 0.670162, -0.713992, -1.177848, -9.21547, -0.646109, -6.592016],
    ],
  },
  {
    name: "mobilenet-v3-small",
    width: 1,
    resolution: 64,
    epsilon: 1e-3,
    golden: [
      [0.251294, 1.249814, -0.192181, -0.016985, 1.593107, 0.073435, -1.477162, 0.860876, 0.559792, 1.903334],
      [0.483008, 1.13261, -0.243541, 0.561412, 1.724978, -0.125687, -1.37374, 0.939029, 0.284401, 1.899213],
    ],
  },
])("$name × $width at $resolution px gives torchvision's logits", async ({ golden, name, width, ...rest }) => {
  const { resolution, epsilon } = rest;
  const published = buildArchitecture(name, { width, classes: 10 });
  const norm = { ...published.norm, epsilon };
  const architecture: Architecture = { ...published, norm, resolution, padding: "symmetric" };
  expect(distance(await logitsOf(architecture), golden.flat())).toBeLessThan(2e-4);
  // The comparison would tell: TensorFlow's padding looks at other pixels.
  expect(distance(await logitsOf({ ...architecture, padding: "same" }), golden.flat())).toBeGreaterThan(0.1);
});

async function logitsOf(architecture: Architecture): Promise<Float32Array> {
  const { graph } = buildNetwork(architecture, { batch: 2, mode: "inference" });
  const weights = randomWeights(graph, createRng(11));
  const image = randomImage(architecture, 2, createRng(12));
  const engine = await chooseEngine("auto", 1);
  const session = await engine.load(lower(graph, { name: architecture.name, layout: "image-major", weights }));
  const { logits } = await session.run({ image });
  await session.dispose();
  return logits!.data as Float32Array;
}

/** The largest difference of two elements. */
const distance = (a: ArrayLike<number>, b: readonly number[]) =>
  Math.max(...b.map((value, i) => Math.abs(value - a[i]!)));
