/** What a training step takes of the arena: planned, and as ONNX Runtime counts it when it runs. */
import "../src/runtime/no-telemetry.js";
import { describe, expect, test } from "vitest";
import { sizeOf } from "../src/ir/index.js";
import { buildArchitecture } from "../src/networks/index.js";
import { arenaUse, lower } from "../src/onnx/index.js";
import { chooseEngine } from "../src/runtime/index.js";
import { recipeNamed } from "../src/training/index.js";
import { stateLayout } from "../src/training/step/state-layout.js";
import { buildTrainingStep } from "../src/training/step/step.js";
import { execute } from "./ort-memory.js";

const native = await import("onnxruntime-node").catch(() => null);
const engine = await chooseEngine("auto", 1);

describe.skipIf(native === null)("the arena of a step", () => {
  test.each([
    { name: "mobilenet-v1", width: 0.25, batch: 16, recipe: "quick" },
    { name: "mobilenet-v2", width: 0.35, batch: 12, recipe: "quick" },
    { name: "mobilenet-v3-small", width: 0.5, batch: 16, recipe: "mobilenet-v3" },
    { name: "efficientnet-b0", width: 0.5, batch: 8, recipe: "efficientnet" },
  ])("of $name, batch $batch, recipe $recipe", async ({ name, width, batch, recipe: recipeName }) => {
    const architecture = buildArchitecture(name, { width, resolution: 32, classes: 10 });
    const recipe = { ...recipeNamed(recipeName).recipe, batchSize: batch, accumulate: 1 };
    const { graph } = buildTrainingStep(architecture, recipe, stateLayout(architecture));
    const options = { name: "step", layout: "channel-major", kernels: engine.kernels } as const;
    const feeds = graph.inputs.map(({ name, shape, axes }) => {
      const [n, c, h, w] = shape;
      const dims = axes === "image" ? [c!, n!, h!, w!] : [...shape];
      return { name, dims, data: new Float32Array(sizeOf(shape)).fill(0.01) };
    });
    const { kernels } = await execute(lower(graph, options), feeds, "all");
    const most = Math.max(...kernels.map(({ bytesInUse }) => bytesInUse));
    expect(arenaUse(graph, options).peakBytes / most).toBeGreaterThan(0.985);
    expect(arenaUse(graph, options).peakBytes / most).toBeLessThan(1.01);
  });
});
