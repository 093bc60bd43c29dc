/** Memory plans against real allocations: ONNX Runtime's, and one `ArrayBuffer` with every activation in it. */
import { describe, expect, test } from "vitest";
import { createRng } from "../src/base/index.js";
import { memoryConventions, onnxRuntimeBytes, planMemory, publishedMemory } from "../src/cost/index.js";
import { type Lifetime, lifetimesOf } from "../src/cost/lifetimes.js";
import { defaultRules, layOut } from "../src/cost/memory-plan.js";
import { bytesOf, storageOf } from "../src/cost/storage.js";
import type { Graph } from "../src/ir/index.js";
import {
  type Architecture,
  buildArchitecture,
  buildDeployment,
  buildNetwork,
  networkNames,
  parseNetwork,
} from "../src/networks/index.js";
import { randomImage, randomWeights } from "../src/networks/testing/random-weights.js";
import { tinyNetwork } from "../src/networks/testing/tiny.js";
import { lower } from "../src/onnx/index.js";
import { loadNodeEngine } from "../src/runtime/node.js";
import { runApart, runInArena } from "./arena.js";
import { arenaOf, bytesInUse, execute } from "./ort-memory.js";

const architectureOf = (spec: string): Architecture => {
  const { name, ...options } = parseNetwork(spec);
  return buildArchitecture(name, options);
};
const foldedGraph = (architecture: Architecture) => buildNetwork(architecture, { batch: 1, mode: "folded" }).graph;

function feedsFor(graph: Graph, architecture: Architecture) {
  const feeds = new Map<string, Float32Array>(randomWeights(graph, createRng(1)));
  return feeds.set("image", randomImage(architecture, 1, createRng(2)).data);
}

const hasEngine = (await loadNodeEngine(1)) !== null;

// The ten networks at full size: scripts/memory-check.ts.
describe.skipIf(!hasEngine)("what ONNX Runtime takes (skipped where onnxruntime-node does not load)", () => {
  test.each([
    ["mobilenet-v1-0.25@128", "plan"],
    ["mobilenet-v2-0.35@144", "plan"],
    ["mnasnet-b1@96", "plan"],
    ["mobilenet-v3-large@96", "plan"],
    ["mobilenet-v3-small@96", "more"], // its stem's h-swish runs as two kernels
    ["efficientnet-b0@96", "more"], //    SiLU does not run in place
  ] as const)("%s: is what the plan says, to the byte, under the rules of its kernels", async (spec, compared) => {
    const architecture = architectureOf(spec);
    const { resolution } = architecture;
    const graph = buildDeployment(architecture, { batch: 1, mean: [0, 0, 0], std: [1, 1, 1] });
    const weights = randomWeights(graph, createRng(1));
    const model = lower(graph, { name: spec, layout: "image-major", freeBatch: true, weights });
    const pixels = new Uint8Array(3 * resolution ** 2);
    const dims = [1, resolution, resolution, 3];
    const run = await execute(model, [{ name: "pixels", data: pixels, dims }], "extended");

    const planned = onnxRuntimeBytes(graph);
    const arena = arenaOf(run, bytesOf(graph.inputs[0]!, "fp32"));
    expect(arena.most).toBe(planned);
    expect(arena.end).toBeGreaterThanOrEqual(planned);
    expect(bytesInUse(run)).toBe(planned);

    const { peakBytes } = planMemory(graph, { format: "fp32" });
    if (compared === "plan") expect(planned).toBe(peakBytes);
    else expect(planned).toBeGreaterThan(1.5 * peakBytes);
  });
});

// At full size and width: scripts/memory-check.ts --logits.
describe("one real arena", () => {
  test.each([
    ...["mobilenet-v1-0.25@32", "mobilenet-v2-0.35@32", "mobilenet-v2-0.25@48", "mobilenet-v3-small-0.25@32"],
    ...["mobilenet-v3-large-0.25@32", "mnasnet-a1-0.25@32", "mnasnet-b1-0.25@32", "efficientnet-b0-0.25@32"],
    ...["efficientnet-b1-0.25@16", "efficientnet-lite0-0.25@32"],
  ])("%s gives the logits of separate buffers, to the bit", (spec) => {
    const architecture = architectureOf(spec);
    const graph = foldedGraph(architecture);
    const feeds = feedsFor(graph, architecture);
    const expected = runApart(graph, feeds).get("logits")!;
    expect(expected.every(Number.isFinite)).toBe(true);
    for (const inPlaceDepthwise of [false, true]) {
      const plan = planMemory(graph, { format: "fp32", order: "lowest", inPlaceDepthwise });
      expect(runInArena(graph, plan, feeds).get("logits")).toEqual(expected);
    }
  });

  test("a lifetime that ends a step too early is noticed wherever it makes buffers meet", () => {
    const architecture = tinyNetwork();
    const graph = foldedGraph(architecture);
    const feeds = feedsFor(graph, architecture);
    const expected = runApart(graph, feeds).get("logits")!;
    const order = [...graph.nodes.keys()];
    const lifetimes = lifetimesOf(storageOf(graph, defaultRules({ format: "fp32" })), order);
    const planOf = (shortened?: Lifetime) => {
      const changed = lifetimes.map((each) => (each === shortened ? endingEarlier(each) : each));
      return { nodes: graph.nodes, ...layOut(changed, graph.nodes.length) };
    };
    expect(runInArena(graph, planOf(), feeds).get("logits")).toEqual(expected);

    const wrong = lifetimes.filter((lifetime, i) => {
      const plan = planOf(lifetime);
      const { first, last } = lifetime.stretches[0]!;
      const own = plan.buffers[i]!;
      const met = plan.buffers.some(
        (other) =>
          other !== own &&
          other.first <= last &&
          first <= other.last &&
          other.offset < own.offset + own.bytes &&
          own.offset < other.offset + other.bytes,
      );
      const differs = runInArena(graph, plan, feeds)
        .get("logits")!
        .some((logit, k) => logit !== expected[k]);
      expect(differs, lifetime.name).toBe(met);
      return differs;
    });
    expect(wrong.length).toBeGreaterThan(5);
  });
});

const endingEarlier = ({ name, stretches }: Lifetime): Lifetime => ({
  name,
  stretches: stretches.map((stretch) => ({ ...stretch, last: stretch.last - 1 })),
});

describe("beside published figures", () => {
  test("MobileNetV2 takes MCUNetV2's 1372 kB to the byte when depthwise convolutions work in place", () => {
    const graph = foldedGraph(architectureOf("mobilenet-v2"));
    expect(publishedMemory[0]!.bytes).toBe(1372 * 1024);
    expect(planMemory(graph, { format: "int8", inPlaceDepthwise: true }).peakBytes).toBe(publishedMemory[0]!.bytes);
  });

  test("MobileNetV2 0.35 at 144 px under each convention, part by part", () => {
    const graph = foldedGraph(architectureOf("mobilenet-v2-0.35@144"));
    const map = 72 ** 2; // 8 channels become 48 there, and 36 × 36 after the depthwise convolution
    const wide = 48 * map;
    const parts = Object.fromEntries(
      memoryConventions(graph).map(({ name, format, bytes, parts }) => [
        `${name} ${format}`,
        [...parts.map((part) => part.bytes), bytes],
      ]),
    );
    const channels = graph.nodes.flatMap(({ op, outputs }) => (/conv/i.test(op) ? [outputs[0]!.shape[1]!] : []));
    const multipliers = 8 * channels.reduce((a, b) => a + b, 0);
    const tensors = 12 * (2 * 53 + 53 + 10 + 2); // weights and biases; maps; sums; image and pooled map
    expect(parts).toEqual({
      "Bantam int8": [wide + wide / 4, 311_040],
      "Bantam, depthwise in place int8": [8 * map + wide, 290_304],
      // The filter's column: 9 places of 48 channels in 16 bits.
      "TF-Lite Micro + CMSIS-NN int8": [wide + wide / 4, 2 * 9 * 48, multipliers, tensors, 378_276],
      // One padded channel of 74 × 74, twice; the stem's weights in 16 bits.
      "TinyEngine int8": [8 * map + wide, 2 * 74 ** 2, 2 * 27 * 16, 302_120],
      "Bantam fp32": [4 * (wide + wide / 4), 1_244_160],
      "ONNX Runtime, CPU fp32": [4 * (wide + wide / 4), 1_244_160],
    });
    // Measured on the board: what the count leaves out, stack and globals, is 13 kB.
    expect(publishedMemory[1]!.bytes - 302_120).toBe(13_272);
  });
});

test.each(networkNames)("%s: no gap between the arena and what lives at once, in any format or order", (name) => {
  const graph = foldedGraph(buildArchitecture(name));
  for (const format of ["fp32", "fp16", "int8"] as const) {
    const given = planMemory(graph, { format });
    const lowest = planMemory(graph, { format, order: "lowest" });
    expect(given.peakBytes).toBe(given.lowerBound);
    expect(lowest.order).toBe("lowest");
    expect(lowest.peakBytes).toBe(given.peakBytes); // chains with skips leave no choice that matters
    const inPlace = planMemory(graph, { format, inPlaceDepthwise: true });
    expect(inPlace.peakBytes).toBe(inPlace.lowerBound);
  }
});
