import { availableParallelism } from "node:os";
import { EngineError } from "../base/index.js";
import type { Device, Engine } from "./engine.js";
import { hasWebGpu, installNative, loadNodeEngine, loadWebGpuEngine, missingNative } from "./node.js";
import { loadWebEngine } from "./web.js";

export type DeviceChoice = Device | "auto";

/**
 * The engine of a device; `auto` is the processor, by WebAssembly where the native runtime is not installed.
 *
 * @param threads within one op; by default all cores. For one count results repeat bit for bit; another rounds differently.
 * @param warn is told when `auto` has to be WebAssembly, why, and what to do.
 * @throws {EngineError} when the device is not there.
 */
export async function chooseEngine(
  choice: DeviceChoice = "auto",
  threads = availableParallelism(),
  warn = emitWarning,
): Promise<Engine> {
  if (choice === "webgpu") {
    const engine = await loadWebGpuEngine();
    if (engine !== null) return engine;
    throw new EngineError({
      at: "--device webgpu",
      expected: "the optional package onnxruntime-node, with WebGPU",
      received: "none on this machine",
      hint: `${installNative}, or use --device cpu`,
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
        hint: `${installNative}, or use --device wasm`,
      });
    }
    await warnOfWasm(warn);
  }
  return loadWebEngine(threads);
}

/** An engine of each device that is there. @param warn as for `chooseEngine`. */
export async function availableEngines(threads = availableParallelism(), warn = emitWarning): Promise<Engine[]> {
  const native = await loadNodeEngine(threads);
  if (native === null) await warnOfWasm(warn);
  const engines = [native, (await hasWebGpu()) ? await loadWebGpuEngine() : null, await loadWebEngine(threads)];
  return engines.filter((engine) => engine !== null);
}

async function warnOfWasm(warn: (text: string) => void): Promise<void> {
  const reason = await missingNative();
  if (reason !== null) warn(`running on WebAssembly, many times slower: ${reason}`);
}

/** Once for a text, as Node does not repeat it. */
const told = new Set<string>();
function emitWarning(text: string): void {
  if (!told.has(text)) process.emitWarning(text, "BantamWarning");
  told.add(text);
}
