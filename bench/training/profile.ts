/**
 * Where our training step spends its time, by ONNX Runtime's own profiler.
 *
 *     npx jiti bench/training/profile.ts --network mobilenet-v2 --batch 16 --resolution 224 --threads 1
 *     npx jiti bench/training/profile.ts --network block        # the block alone
 *     npx jiti bench/training/profile.ts --device webgpu        # what runs on the chip, and what beside it
 *
 * `--steps` are profiled after `--warm-up` untimed ones; a node's time is its median over them. `--top` is the length of the
 * lists of layers, `--nodes` also lists single nodes, `--classes` the classes, `--keep FILE` keeps the trace (chrome://tracing).
 *
 * On WebGPU a node's time is what handing it over took: the chip works later. The state comes back after each step.
 *
 * Tables: by where nodes ran and their type; by kind of layer, which is its place in a block (`depthwise.conv~` is the gradient of one of the many
 * depthwise convolutions: `~` means backward); by layer. GFLOP/s counts two operations per multiply-add, of those that the node
 * really makes. GB/s counts every input and output of a node once.
 */
import "../../src/runtime/no-telemetry.js";
import { copyFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { lower } from "../../src/onnx/index.js";
import { chooseEngine } from "../../src/runtime/index.js";
import { grouped, type NodeTime, nodeTimes, type Trace } from "./trace.js";
import { type Feeds, ourStep } from "./workload.js";

const { values: options } = parseArgs({
  options: {
    network: { type: "string", default: "mobilenet-v2" },
    batch: { type: "string", default: "16" },
    resolution: { type: "string", default: "224" },
    classes: { type: "string", default: "1000" },
    threads: { type: "string", default: "1" },
    steps: { type: "string", default: "5" },
    "warm-up": { type: "string", default: "3" },
    top: { type: "string", default: "25" },
    nodes: { type: "boolean", default: false },
    keep: { type: "string" },
    device: { type: "string", default: "cpu" },
  },
});
const { network } = options;
const [batch, resolution, classes, threads, steps, warmUp, top] = (
  ["batch", "resolution", "classes", "threads", "steps", "warm-up", "top"] as const
).map((name) => Number(options[name])) as [number, number, number, number, number, number, number];

const step = ourStep({ network, batch, resolution, classes });
const device = options.device as "cpu" | "webgpu";
const { name, kernels } = await chooseEngine(device, threads);
const model = lower(step.graph, { name: "step", layout: "channel-major", kernels });
const trace = await record();
const { nodes, wallMs } = nodeTimes(trace, steps);
const kernelMs = sum(nodes);

console.log(
  `${network}, batch ${batch}, ${network === "block" ? "" : `${resolution} px, `}${name}, ${kernels.lanes} lanes`,
);
console.log(
  `${wallMs.toFixed(1)} ms a step (median of ${steps}), ${kernelMs.toFixed(1)} ms in ${nodes.length} nodes\n`,
);
table("op", nodes, ({ type, provider }) => (device === "cpu" ? type : `${provider} ${type}`), Number.POSITIVE_INFINITY);
table("kind of layer", nodes, ({ path }) => kindOf(path), top);
table("layer", nodes, ({ path }) => path, top);
if (options.nodes) table("node", nodes, ({ name }) => name, top);

async function record(): Promise<Trace> {
  const folder = await mkdtemp(join(tmpdir(), "profile-"));
  try {
    // As in src/runtime/node.ts.
    const session = await InferenceSession.create(model, {
      executionProviders: [
        device === "webgpu" ? { name: device, preferredLayout: "NCHW", storageBufferCacheMode: "simple" } : device,
      ],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
      enableProfiling: true,
      profileFilePrefix: join(folder, "ort"),
    });
    let feeds = step.feeds;
    for (let i = 0; i < warmUp + steps; i++) {
      const results = await session.run(tensorsOf(feeds));
      const next = Object.entries(step.carried).map(([input, output]) => {
        const { data, dims } = results[output]!;
        return [input, { data: data as Float32Array, dims }];
      });
      feeds = { ...feeds, ...step.masks(i), ...Object.fromEntries(next) };
    }
    session.endProfiling();
    await session.release();
    const file = join(folder, (await readdir(folder))[0]!);
    if (options.keep !== undefined) await copyFile(file, options.keep);
    return JSON.parse(await readFile(file, "utf8")) as Trace;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function tensorsOf(feeds: Feeds) {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, dims }]) => [name, new Tensor("float32", data as Float32Array, dims)]),
  );
}

/** `depthwise.conv~` of `stages.3.1.depthwise.conv~`; `head.conv` and others outside blocks stay. */
function kindOf(path: string): string {
  return path.replace(/^stages\.\d+\.\d+\./, "");
}

function table(title: string, all: readonly NodeTime[], key: (node: NodeTime) => string, rows: number): void {
  const groups = [...grouped(all, key)].map(([label, nodes]) => ({ label, nodes, ms: sum(nodes) }));
  groups.sort((a, b) => b.ms - a.ms);
  console.log(`${title.padEnd(44)}nodes        ms  share   GFLOP/s     GB/s`);
  for (const { label, nodes, ms } of groups.slice(0, rows)) {
    const flops = nodes.reduce((total, node) => total + node.flops, 0);
    const bytes = nodes.reduce((total, node) => total + node.bytes, 0);
    const rates = [flops, bytes].map((work) => (work === 0 ? "–" : (work / ms / 1e6).toFixed(1)).padStart(9));
    const share = `${((100 * ms) / kernelMs).toFixed(1)} %`;
    console.log(
      `${label.padEnd(44)}${String(nodes.length).padStart(5)}${ms.toFixed(2).padStart(10)}${share.padStart(8)}` +
        `${rates.join("")}${title === "node" ? `  ${nodes[0]!.shapes}` : ""}`,
    );
  }
  if (groups.length > rows) console.log(`… ${groups.length - rows} more`);
  console.log();
}

function sum(nodes: readonly NodeTime[]): number {
  return nodes.reduce((total, { ms }) => total + ms, 0);
}
