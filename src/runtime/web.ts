/** The portable leaf: `onnxruntime-web`, ONNX Runtime compiled to WebAssembly. */
import type { Engine } from "./engine.js";
import { createEngine } from "./ort.js";

export async function loadWebEngine(threads: number): Promise<Engine> {
  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
  return createEngine(ort, {
    name: `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}, Wasm`,
    device: "wasm",
    threads,
    options: { executionProviders: ["wasm"], graphOptimizationLevel: "all", logSeverityLevel: 3 },
  });
}
