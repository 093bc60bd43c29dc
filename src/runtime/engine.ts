/** ONNX Runtime behind one interface; `node.ts` and `web.ts` are its two leaves. */

export type TensorData = Float32Array | Uint8Array;

/** Row-major. `data` is the caller's: an engine may read it until `run` has returned, and never keeps it. */
export type Tensor<Data extends TensorData = TensorData> = { readonly data: Data; readonly dims: readonly number[] };

export interface Session {
  /** Runs the whole graph. Results are the caller's own. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** Frees what the session holds; whoever loaded it disposes it. */
  dispose(): Promise<void>;
}

export interface Engine {
  /** For people: `onnxruntime-node 1.30.0, CPU, 2 threads`. */
  readonly name: string;
  readonly threads: number;
  /** How many tensors a node of a graph may join or come apart into: see `LoweringOptions`. */
  readonly fan: number;
  /** Images side by side in maps of its graphs, or 1: see `Layout`. */
  readonly lanes: number;
  /** @throws {EngineError} when ONNX Runtime refuses the graph. */
  load(model: Uint8Array): Promise<Session>;
}
