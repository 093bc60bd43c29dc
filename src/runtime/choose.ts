import { availableParallelism } from "node:os";
import { EngineError } from "../base/index.js";
import type { Engine } from "./engine.js";
import { loadNodeEngine, loadWebGpuEngine } from "./node.js";
import { loadWebEngine } from "./web.js";

export type EngineChoice = "auto" | "native" | "wasm" | "webgpu";

/**
 * The engine to run graphs on: the native one where it is installed, else WebAssembly.
 *
 * @param threads within one op; by default all cores. For one count results repeat bit for bit; another rounds differently.
 */
export async function chooseEngine(choice: EngineChoice = "auto", threads = availableParallelism()): Promise<Engine> {
  if (choice === "webgpu") {
    const engine = await loadWebGpuEngine();
    if (engine !== null) return engine;
    throw new EngineError({
      at: "--engine webgpu",
      expected: "the optional package onnxruntime-node, with WebGPU",
      received: "none on this machine",
      hint: "npm install onnxruntime-node, or use --engine native",
    });
  }
  if (choice !== "wasm") {
    const native = await loadNodeEngine(threads);
    if (native !== null) return native;
    if (choice === "native") {
      throw new EngineError({
        at: "--engine native",
        expected: "the optional package onnxruntime-node",
        received: "none that loads on this machine",
        hint: "npm install onnxruntime-node, or use --engine wasm",
      });
    }
  }
  return loadWebEngine(threads);
}
