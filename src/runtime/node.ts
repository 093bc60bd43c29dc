/** The native leaf: `onnxruntime-node`, an optional dependency. */
import type { Engine } from "./engine.js";
import { createEngine } from "./ort.js";

/** @returns null when `onnxruntime-node` is not installed or does not load on this machine. */
export async function loadNodeEngine(threads: number): Promise<Engine | null> {
  try {
    const ort = await import("onnxruntime-node");
    return createEngine(ort, `onnxruntime-node ${ort.env.versions.node ?? ort.env.versions.common}, CPU`, threads, {
      executionProviders: ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
    });
  } catch {
    return null;
  }
}
