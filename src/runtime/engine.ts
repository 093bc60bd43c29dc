/** ONNX Runtime behind one interface; `node.ts` and `web.ts` are its two leaves. */

import type { Kernels } from "../ops/index.js";

/** Where graphs run: natively on the processor, compiled to WebAssembly, or on a graphics chip. */
export type Device = "cpu" | "wasm" | "webgpu";

export type TensorData = Float32Array | Uint8Array;

/** Row-major. `data` is the caller's: an engine may read it until `run` has returned, and never keeps it. */
export type Tensor<Data extends TensorData = TensorData> = { readonly data: Data; readonly dims: readonly number[] };

/** Float32 numbers that lie where the device works. They may be fed to every session of the engine that computed them. */
export interface DeviceTensor {
  readonly dims: readonly number[];
  /** The numbers in the processor's memory; null as long as they are on the device alone. Not to be written to. */
  readonly host: Float32Array | null;
  /** Brings the numbers to the processor's memory; the second time they are there. */
  download(): Promise<Float32Array>;
  /** Frees the device's memory; whoever received the tensor disposes it. A `host` that was read before stays. */
  dispose(): void;
}

export type Feeds = Readonly<Record<string, Tensor | DeviceTensor>>;

export interface Session {
  /** Runs the whole graph. Results are the caller's own. */
  run(feeds: Feeds): Promise<Record<string, Tensor>>;
  /** Frees what the session holds; whoever loaded it disposes it. */
  dispose(): Promise<void>;
}

/** A session that leaves some of its outputs on the device, to be fed again. */
export interface KeepingSession extends Pick<Session, "dispose"> {
  run(feeds: Feeds): Promise<{
    readonly outputs: Readonly<Record<string, Tensor>>;
    readonly kept: Readonly<Record<string, DeviceTensor>>;
  }>;
}

export interface Engine {
  /** For people: `onnxruntime-node 1.30.0, CPU, 2 threads`. */
  readonly name: string;
  readonly device: Device;
  readonly threads: number;
  /** For the lowering of its graphs. */
  readonly kernels: Kernels;
  /** @throws {EngineError} when ONNX Runtime refuses the graph. */
  load(model: Uint8Array): Promise<Session>;
  /** @param kept names of the float32 outputs that stay. @throws {EngineError} when ONNX Runtime refuses the graph. */
  loadKeeping(model: Uint8Array, kept: readonly string[]): Promise<KeepingSession>;
}

/** Numbers in the processor's memory as a tensor that an engine takes in place of its own; `data` is read whenever it is fed. */
export function hostTensor(data: Float32Array, dims: readonly number[]): DeviceTensor {
  return { dims, host: data, download: async () => data, dispose: () => undefined };
}
