/**
 * Holds the memory plan of ten networks against real runs, at their full size:
 *
 *     node_modules/.bin/jiti scripts/memory-check.ts [--logits]
 *
 * First against ONNX Runtime, on the graph that is shipped. `plan` is our arena, fp32; `as ORT` the same planner under the
 * rules of ONNX Runtime's kernels; `taken` and `end` an allocator driven by the kernels that ran, the bytes it gave out at once
 * and how far its arena grew; `in use` what ONNX Runtime says its own arena had handed out; `all` the same with the layouts it
 * chooses for this processor. With `--logits`, also runs each network by the plain interpreter with all activations in one
 * `ArrayBuffer` and compares the logits with those of separate buffers, to the bit; that takes some minutes.
 */
import { createRng } from "../src/base/index.js";
import { onnxRuntimeBytes, planMemory } from "../src/cost/index.js";
import { bytesOf } from "../src/cost/storage.js";
import { buildArchitecture, buildDeployment, buildNetwork, parseNetwork } from "../src/networks/index.js";
import { randomImage, randomWeights } from "../src/networks/testing/random-weights.js";
import { lower } from "../src/onnx/index.js";
import { runApart, runInArena } from "../tests/arena.js";
import { arenaOf, bytesInUse, execute } from "../tests/ort-memory.js";

const networks = [
  ...["mobilenet-v1-0.25@128", "mobilenet-v2-0.35@144", "mobilenet-v2", "mobilenet-v3-small", "mobilenet-v3-large"],
  ...["mnasnet-a1", "mnasnet-b1", "efficientnet-b0", "efficientnet-b1", "efficientnet-lite0"],
];
const withLogits = process.argv.includes("--logits");
const percent = (received: number, expected: number) => `${(100 * (received / expected - 1)).toFixed(2)} %`;

const row = (cells: readonly string[]) =>
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(24) : cell.padStart(12))).join(""));
row(["network", "plan", "as ORT", "taken", "off", "in use", "off", "all", "end", ...(withLogits ? ["logits"] : [])]);

for (const spec of networks) {
  const { name, ...options } = parseNetwork(spec);
  const architecture = buildArchitecture(name, options);
  const { resolution } = architecture;
  const deployed = buildDeployment(architecture, { batch: 1, mean: [0, 0, 0], std: [1, 1, 1] });
  const model = lower(deployed, {
    name,
    layout: "image-major",
    freeBatch: true,
    weights: randomWeights(deployed, createRng(1)),
  });
  const dims = [1, resolution, resolution, 3];
  const feed = { name: "pixels", data: new Uint8Array(3 * resolution ** 2), dims };
  const run = await execute(model, [feed], "extended");
  const arena = arenaOf(run, bytesOf(deployed.inputs[0]!, "fp32"));
  const asOrt = onnxRuntimeBytes(deployed);
  const shipped = await execute(model, [feed], "all");
  const figures = [planMemory(deployed, { format: "fp32" }).peakBytes, asOrt, arena.most].map(String);
  const inUse = bytesInUse(run);
  row([
    spec,
    ...figures,
    percent(arena.most, asOrt),
    String(inUse),
    percent(inUse, asOrt),
    String(bytesInUse(shipped)),
    String(arena.end),
    ...(withLogits ? [compareLogits(architecture)] : []),
  ]);
}

function compareLogits(architecture: ReturnType<typeof buildArchitecture>): string {
  const { graph } = buildNetwork(architecture, { batch: 1, mode: "folded" });
  const feeds = new Map(randomWeights(graph, createRng(2)));
  feeds.set("image", randomImage(architecture, 1, createRng(3)).data);
  const expected = runApart(graph, feeds).get("logits")!;
  const plans = [false, true].map((inPlaceDepthwise) =>
    planMemory(graph, { format: "fp32", order: "lowest", inPlaceDepthwise }),
  );
  const wrong = plans.filter((plan) => {
    const received = runInArena(graph, plan, feeds).get("logits")!;
    return received.some((logit, k) => logit !== expected[k]);
  });
  return wrong.length === 0 ? "equal" : "DIFFERENT";
}
