/** Our step, for run.ts: `ours.ts NETWORK BATCH RESOLUTION CLASSES THREADS`. It goes on from its own results, as training does. */
import { createInterface } from "node:readline";
import { lower } from "../../src/onnx/index.js";
import { chooseEngine } from "../../src/runtime/index.js";
import { ourStep } from "./workload.js";

const [network, ...numbers] = process.argv.slice(2);
const [batch, resolution, classes, threads] = numbers.map(Number) as [number, number, number, number];
const engine = await chooseEngine("cpu", threads);
const { graph, network: built, feeds: first, carried } = ourStep({ network: network!, batch, resolution, classes });
const session = await engine.load(lower(graph, { name: "step", layout: "channel-major", kernels: engine.kernels }));
const params = built?.layout.weights.size ?? null;

let feeds = { ...first };
console.log(JSON.stringify({ peer: "Bantam", version: engine.name, variant: "", params }));
for await (const line of createInterface({ input: process.stdin })) {
  const times: number[] = [];
  for (let i = 0; i < Number(line); i++) {
    const began = performance.now();
    const results = await session.run(feeds);
    const next = Object.entries(carried).map(([input, output]) => [input, results[output]!] as const);
    feeds = { ...feeds, ...Object.fromEntries(next) };
    times.push(performance.now() - began);
  }
  console.log(JSON.stringify(times));
}
