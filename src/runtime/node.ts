/** The native leaf: `onnxruntime-node`, an optional dependency, on the processor or, by WebGPU, on a graphics chip. */
import type { InferenceSession } from "onnxruntime-common";
import type { Engine } from "./engine.js";
import { lanesOf } from "./lanes.js";
import { createEngine } from "./ort.js";

const common: InferenceSession.SessionOptions = {
  executionMode: "sequential",
  graphOptimizationLevel: "all",
  logSeverityLevel: 3,
};

/** Every implementation of WebGPU binds eight buffers to a shader: seven to read, one to write, or the reverse. */
const WEBGPU_FAN = 7;

/** @returns null when `onnxruntime-node` is not installed or does not load on this machine. */
export async function loadNodeEngine(threads: number): Promise<Engine | null> {
  const ort = await load();
  if (ort === null) return null;
  const engine = createEngine(ort, `${nameOf(ort)}, CPU`, threads, {
    ...common,
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
  return { ...engine, lanes: await lanesOf(engine.load) };
}

/**
 * State and results go through the processor's memory. What WebGPU has no shader for runs on one thread of the processor.
 *
 * @returns null when `onnxruntime-node` is missing or was built without WebGPU. Whether there is a chip shows when a graph is loaded.
 */
export async function loadWebGpuEngine(): Promise<Engine | null> {
  const ort = await load();
  if (ort === null || !ort.listSupportedBackends().some(({ name }) => name === "webgpu")) return null;
  const options = { ...common, executionProviders: ["webgpu"], intraOpNumThreads: 1 };
  return createEngine(ort, `${nameOf(ort)}, WebGPU`, 1, options, WEBGPU_FAN);
}

type NodeOrt = typeof import("onnxruntime-node");

const load = (): Promise<NodeOrt | null> => import("onnxruntime-node").catch(() => null);

const nameOf = ({ env }: NodeOrt) => `onnxruntime-node ${env.versions.node ?? env.versions.common}`;
