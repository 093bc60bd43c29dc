/** The native leaf: `onnxruntime-node`, an optional dependency, on the processor or, by WebGPU, on a graphics chip. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-common";
import { EngineError } from "../base/index.js";
import { plain } from "../ir/index.js";
import { lower } from "../onnx/index.js";
import { createBuilder, plainKernels } from "../ops/index.js";
import type { Engine } from "./engine.js";
import { lanesOf } from "./lane-width.js";
import { telemetryIsOff } from "./no-telemetry.js";
import { createEngine } from "./ort.js";

const common: InferenceSession.SessionOptions = {
  executionMode: "sequential",
  graphOptimizationLevel: "all",
  // A pattern puts all activations into one block from the second run on, beside the arena of the first: twice the memory.
  enableMemPattern: false,
  logSeverityLevel: 3,
};

/** Every implementation of WebGPU binds eight buffers to a shader: seven to read, one to write, or the reverse. */
const WEBGPU_FAN = 7;

/** @returns null when `onnxruntime-node` is not installed or does not load on this machine. */
export async function loadNodeEngine(threads: number): Promise<Engine | null> {
  const ort = await load();
  if (ort === null) return null;
  const engine = createEngine(ort, {
    name: `${nameOf(ort)}, CPU`,
    device: "cpu",
    threads,
    options: { ...common, executionProviders: ["cpu"], intraOpNumThreads: threads, interOpNumThreads: 1 },
  });
  return { ...engine, kernels: { ...engine.kernels, lanes: await lanesOf(engine.load) } };
}

const webgpu = {
  ...common,
  // By default images of a convolution are turned to channels-last, and back: a hundred copies in a training step; and a buffer is
  // sought in buckets of sizes, which took a third of it.
  executionProviders: [{ name: "webgpu", preferredLayout: "NCHW", storageBufferCacheMode: "simple" } as const],
  intraOpNumThreads: 1,
};

/**
 * What WebGPU has no shader for runs on one thread of the processor.
 *
 * @returns null when `onnxruntime-node` is missing or was built without WebGPU.
 * @throws {EngineError} when there is no chip that WebGPU can use.
 */
export async function loadWebGpuEngine(): Promise<Engine | null> {
  const ort = await load();
  if (ort === null || !offersWebGpu(ort)) return null;
  const reader = await ort.InferenceSession.create(copyGraph(), webgpu).catch((cause: Error) => {
    // What ONNX Runtime says begins with a file, a line and a condition of its own.
    const received = cause.message.trim().replace(/^.* was false\. /s, "");
    throw new EngineError(
      {
        at: "--device webgpu",
        expected: "a graphics chip that WebGPU can use",
        received,
        hint: "use --device cpu, or look for the chip's Vulkan, Metal or Direct3D driver",
      },
      { cause },
    );
  });
  return createEngine(ort, {
    name: `${nameOf(ort)}, WebGPU`,
    device: "webgpu",
    threads: 1,
    options: webgpu,
    kernels: { ...plainKernels, fan: WEBGPU_FAN, shaders: true },
    // The package's own `getData` is not there for WebGPU, and ends the process. A graph's outputs do come to the processor.
    download: async (tensor: OrtTensor) => (await reader.run({ from: tensor })).to!.data as Float32Array,
  });
}

/**
 * Whether WebGPU starts, found out in a process of its own: a driver may end it, and writes to stderr what nobody asked for.
 */
export async function hasWebGpu(): Promise<boolean> {
  const ort = await load();
  if (ort === null || !offersWebGpu(ort)) return false;
  const packageFile = createRequire(import.meta.url).resolve("onnxruntime-node");
  const model = Buffer.from(copyGraph()).toString("base64");
  return promisify(execFile)(process.execPath, ["--eval", TRIAL, packageFile, model], { timeout: 20_000 }).then(
    () => true,
    () => false,
  );
}

const TRIAL = `
const { InferenceSession } = require(process.argv[1]);
const model = Buffer.from(process.argv[2], "base64");
InferenceSession.create(model, { executionProviders: ["webgpu"] }).then(() => process.exit(0));`;

/** A vector of any length, as it is. */
function copyGraph(): Uint8Array {
  const g = createBuilder();
  g.output(g.input("from", plain(1)), "to");
  return lower(g.build(), { name: "copy", layout: "image-major", freeBatch: true });
}

type NodeOrt = typeof import("onnxruntime-node");

/** @throws {EngineError} in a thread in which it cannot be kept from writing models into its makers' queue. */
async function load(): Promise<NodeOrt | null> {
  if (!telemetryIsOff) {
    throw new EngineError({
      at: "onnxruntime-node",
      expected: "to be told in the main thread that nothing may be sent to its makers",
      received: "a first start in another thread, whose environment it does not see",
      hint: 'import "bantam" in the main thread too, before this thread begins, or start Node with ORT_DISABLE_TELEMETRY=1',
    });
  }
  return import("onnxruntime-node").catch(() => null);
}

/** Without the install script, which fetches CUDA and, where that fails, takes the package away again; the binaries lie in the package. */
export const installNative = "npm install --ignore-scripts onnxruntime-node";

/** Why `loadNodeEngine` gives null, and what to do; null where it does not. */
export async function missingNative(): Promise<string | null> {
  const reason = await import("onnxruntime-node").then(
    () => null,
    (error: NodeJS.ErrnoException) => error,
  );
  if (reason === null) return null;
  if (reason.code !== "ERR_MODULE_NOT_FOUND")
    return `onnxruntime-node does not load here (${firstLine(reason.message)})`;
  return `onnxruntime-node is not installed, which happens where its script cannot fetch CUDA; ${installNative}`;
}

const firstLine = (text: string) => text.split("\n", 1)[0]!;

const offersWebGpu = (ort: NodeOrt) => ort.listSupportedBackends().some(({ name }) => name === "webgpu");

const nameOf = ({ env }: NodeOrt) => `onnxruntime-node ${env.versions.node ?? env.versions.common}`;
