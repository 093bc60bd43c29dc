import type { Facts } from "../base/index.js";
import type { Provider, Timing } from "../cost/index.js";
import type { Patience } from "./stopwatch.js";

/** What the measuring process is asked. The first one starts the engine; provider and threads are the same in all. */
export type Question = {
  readonly provider: Provider;
  readonly threads: number;
  /** An ONNX file with one float input. */
  readonly model: Uint8Array;
  readonly input: { readonly name: string; readonly dims: readonly number[] };
  readonly patience: Patience;
};

export type Measurement = {
  /** e.g. `onnxruntime-node 1.30.0, CPU, 2 threads`. */
  readonly runtime: string;
  /** Loading the engine; about 0 but for the first graph of a process. */
  readonly engineMs: number;
  /** Making a session of the file. */
  readonly loadMs: number;
  /** The first run of the session. */
  readonly firstMs: number;
  readonly timing: Timing;
};

export type Answer =
  | ({ readonly ok: true } & Measurement)
  | { readonly ok: false; readonly facts: Facts | null; readonly message: string };
