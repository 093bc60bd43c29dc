import { availableParallelism } from "node:os";
import { EngineError } from "../base/index.js";
import type { Device, Engine } from "./engine.js";
import { hasWebGpu, loadNodeEngine, loadWebGpuEngine } from "./node.js";
import { loadWebEngine } from "./web.js";

export type DeviceChoice = Device | "auto";

/**
 * The engine of a device; `auto` is the processor, by WebAssembly where the native runtime is not installed.
 *
 * @param threads within one op; by default all cores. For one count results repeat bit for bit; another rounds differently.
 * @throws {EngineError} when the device is not there.
 */
export async function chooseEngine(choice: DeviceChoice = "auto", threads = availableParallelism()): Promise<Engine> {
  if (choice === "webgpu") {
    const engine = await loadWebGpuEngine();
    if (engine !== null) return engine;
    throw new EngineError({
      at: "--device webgpu",
      expected: "the optional package onnxruntime-node, with WebGPU",
      received: "none on this machine",
      hint: "npm install onnxruntime-node, or use --device cpu",
    });
  }
  if (choice !== "wasm") {
    const native = await loadNodeEngine(threads);
    if (native !== null) return native;
    if (choice === "cpu") {
      throw new EngineError({
        at: "--device cpu",
        expected: "the optional package onnxruntime-node",
        received: "none that loads on this machine",
        hint: "npm install onnxruntime-node, or use --device wasm",
      });
    }
  }
  return loadWebEngine(threads);
}

/** An engine of each device that is there. */
export async function availableEngines(threads = availableParallelism()): Promise<Engine[]> {
  const engines = [
    await loadNodeEngine(threads),
    (await hasWebGpu()) ? await loadWebGpuEngine() : null,
    await loadWebEngine(threads),
  ];
  return engines.filter((engine) => engine !== null);
}
