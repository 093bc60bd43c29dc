/** The two ends of a classifier by hand. */
import { expect, test } from "vitest";
import { plain } from "../ir/index.js";
import { createBuilder } from "./index.js";
import "./testing/close.js";
import { engines, runners } from "./testing/engine.js";

test.for(runners)("pixels of 0 … 255 become channels around 0: $name", async ({ run, missing }, { skip }) => {
  skip(missing !== undefined, missing);
  const g = createBuilder();
  const pixels = g.input("pixels", { ...plain(1, 1, 2, 3), dtype: "uint8" });
  g.output(g.one("pixelsToImage", [pixels], { mean: [0.5, 0, 0.2], std: [0.5, 1, 0.1] }), "y");
  const results = await run(g.build(), new Map([["pixels", Uint8Array.of(255, 51, 51, 0, 102, 0)]]));
  expect(results.get("y")!).toBeAllClose([1, -1, 0.2, 0.4, 0, -2]); // channel by channel
});

test.for(runners)("equal logits share the probability: $name", async ({ run, missing }, { skip }) => {
  skip(missing !== undefined, missing);
  const g = createBuilder();
  const logits = g.input("logits", plain(2, 2));
  g.output(g.softmax(logits), "probabilities");
  g.output(g.logSoftmax(logits), "logarithms");
  const results = await run(g.build(), new Map([["logits", Float32Array.of(3, 3, 0, Math.log(3))]]));
  expect(results.get("probabilities")!).toBeAllClose([0.5, 0.5, 0.25, 0.75]);
  expect(results.get("logarithms")!).toBeAllClose([0.5, 0.5, 0.25, 0.75].map(Math.log));
});

// The interpreter takes e^1000 at its word; an engine must not.
test.for(engines)("large logits do not overflow: $name", async ({ run, missing }, { skip }) => {
  skip(missing !== undefined, missing);
  const g = createBuilder();
  const logits = g.input("logits", plain(1, 2));
  g.output(g.softmax(logits), "probabilities");
  g.output(g.logSoftmax(logits), "logarithms");
  const results = await run(g.build(), new Map([["logits", Float32Array.of(1000, 0)]]));
  expect(Array.from(results.get("probabilities")!)).toEqual([1, 0]);
  expect(Array.from(results.get("logarithms")!)).toEqual([0, -1000]);
});
