/** The block in jax-js, compiled, on its WebAssembly device. */
import { defaultDevice, grad, init, jit, lax, numpy as np, random } from "@jax-js/jax";
import { serve } from "./serve.js";

const [batch] = process.argv.slice(2).map(Number);
const [channels, wide, side] = [24, 144, 56];
await init("wasm");
defaultDevice("wasm");

const normal = (seed, shape, deviation) => random.normal(random.key(seed), shape).mul(deviation);
const operands = [
  normal(1, [batch, channels, side, side], 1),
  normal(2, [wide, channels, 1, 1], Math.sqrt(2 / channels)),
  normal(3, [wide, 1, 3, 3], Math.sqrt(2 / 9)),
  normal(4, [channels, wide, 1, 1], Math.sqrt(2 / wide)),
];
const dy = normal(5, [batch, channels, side, side], 1);

const relu6 = (x) => np.clip(x, 0, 6);
const loss = (x, expand, depthwise, project, dy) => {
  const expanded = relu6(lax.convGeneralDilated(x.ref, expand, [1, 1], "VALID"));
  const filtered = relu6(lax.convGeneralDilated(expanded, depthwise, [1, 1], "SAME", { featureGroupCount: wide }));
  return lax.convGeneralDilated(filtered, project, [1, 1], "VALID").add(x).mul(dy).sum();
};
const gradients = jit(grad(loss, { argnums: [0, 1, 2, 3] }));

await serve({ peer: "jax-js", version: "0.1.25", variant: "wasm", params: null }, async () => {
  const results = gradients(...operands.map((each) => each.ref), dy.ref);
  for (const result of results) await result.data();
});
