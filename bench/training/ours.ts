/**
 * Our step, for run.ts: `ours.ts NETWORK BATCH RESOLUTION CLASSES THREADS cpu|webgpu`. It goes on from its own results, as training
 * does; on WebGPU these stay on the chip, and the loss comes back.
 */
import { createInterface } from "node:readline";
import { lower } from "../../src/onnx/index.js";
import { chooseEngine, type DeviceTensor } from "../../src/runtime/index.js";
import { ourStep } from "./workload.js";

const [network, ...numbers] = process.argv.slice(2, 7);
const device = process.argv[7] as "cpu" | "webgpu";
const [batch, resolution, classes, threads] = numbers.map(Number) as [number, number, number, number];
const engine = await chooseEngine(device, threads);
const { graph, network: built, feeds: first, carried } = ourStep({ network: network!, batch, resolution, classes });
const model = lower(graph, { name: "step", layout: "channel-major", kernels: engine.kernels });
const session = await engine.loadKeeping(model, Object.values(carried));
const params = built?.layout.weights.size ?? null;

let feeds: Parameters<typeof session.run>[0] = first;
let held: readonly DeviceTensor[] = [];
console.log(JSON.stringify({ peer: "Bantam", version: engine.name, variant: "", params }));
for await (const line of createInterface({ input: process.stdin })) {
  const times: number[] = [];
  for (let i = 0; i < Number(line); i++) {
    const began = performance.now();
    const { kept } = await session.run(feeds);
    feeds = {
      ...feeds,
      ...Object.fromEntries(Object.entries(carried).map(([input, output]) => [input, kept[output]!])),
    };
    for (const tensor of held) tensor.dispose();
    held = Object.values(kept);
    times.push(performance.now() - began);
  }
  console.log(JSON.stringify(times));
}
