/**
 * Logits against torchvision 0.14 (PyTorch 1.13) with the same weights and images, made by
 * `scripts/golden/torchvision-logits.ts` and `.py`; those also compare every network that torchvision has, at 1000 classes.
 */
import { expect, test } from "vitest";
import { distanceFrom } from "./testing/reference.js";
import golden from "./testing/torchvision.json" with { type: "json" };

test.each(golden.cases)("$name × $width at $resolution px gives torchvision's logits", async (reference) => {
  expect(await distanceFrom(reference)).toBeLessThan(1e-4);
});

// With another release's padding or epsilon every shape fits: the comparison must tell.
test.each([
  ["TensorFlow's padding", { padding: "same" }],
  ["TensorFlow's epsilon", { norm: { epsilon: 1e-3, momentum: 0.9 } }],
] as const)("%s gives other logits", async (_, change) => {
  expect(await distanceFrom(golden.cases[0]!, change)).toBeGreaterThan(1e-3);
});
