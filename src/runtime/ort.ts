/** What both leaves share: they speak the same ONNX Runtime API, `onnxruntime-common`. */
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-common";
import { EngineError } from "../base/index.js";
import { type Kernels, plainKernels } from "../ops/index.js";
import type { Device, DeviceTensor, Engine, Feeds, Tensor, TensorData } from "./engine.js";

export type Ort = {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
};

export type EngineSetup = {
  readonly name: string;
  readonly device: Device;
  readonly threads: number;
  readonly options: InferenceSession.SessionOptions;
  readonly kernels?: Kernels;
  /** Brings a tensor from the device's own memory; an engine without works in the processor's. */
  readonly download?: (tensor: OrtTensor) => Promise<Float32Array>;
};

export function createEngine(ort: Ort, setup: EngineSetup): Engine {
  const { name, device, threads, kernels = plainKernels, download } = setup;
  const behind: Behind = new WeakMap();

  const run = async (session: InferenceSession, feeds: Feeds) => {
    const tensors = Object.fromEntries(
      Object.entries(feeds).map(([input, tensor]) => [input, fed(ort, behind, tensor)]),
    );
    return session.run(tensors).catch((cause: Error) => {
      throw new EngineError({ at: name, expected: "a run of the graph", received: cause.message }, { cause });
    });
  };

  const open = (model: Uint8Array, kept: readonly string[]) => {
    const locations = Object.fromEntries(kept.map((output) => [output, "gpu-buffer" as const]));
    const staying = download !== undefined && kept.length > 0 && { preferredOutputLocation: locations };
    return ort.InferenceSession.create(model, { ...setup.options, ...staying }).catch((cause: Error) => {
      const received = `a refusal: ${cause.message}`;
      throw new EngineError({ at: name, expected: "a graph it can run", received }, { cause });
    });
  };

  return {
    name,
    device,
    threads,
    kernels,
    async load(model) {
      const session = await open(model, []);
      return { run: async (feeds) => plainOutputs(await run(session, feeds)), dispose: () => session.release() };
    },
    async loadKeeping(model, kept) {
      const session = await open(model, kept);
      return {
        async run(feeds) {
          const results = Object.entries(await run(session, feeds));
          const staying = results.filter(([output]) => kept.includes(output));
          return {
            outputs: plainOutputs(Object.fromEntries(results.filter(([output]) => !kept.includes(output)))),
            kept: Object.fromEntries(
              staying.map(([output, tensor]) => [output, resultTensor(tensor, behind, download)]),
            ),
          };
        },
        dispose: () => session.release(),
      };
    },
  };
}

/** What stands behind the tensors that were left to be fed again. */
type Behind = WeakMap<DeviceTensor, OrtTensor>;

function fed(ort: Ort, behind: Behind, tensor: Tensor | DeviceTensor): OrtTensor {
  const own = "host" in tensor ? behind.get(tensor) : undefined;
  if (own !== undefined) return own;
  const data = "host" in tensor ? tensor.host : tensor.data;
  if (data === null) throw new Error("internal: a tensor of another engine, or one that was disposed");
  const { dims } = tensor;
  return data instanceof Float32Array ? new ort.Tensor("float32", data, dims) : new ort.Tensor("uint8", data, dims);
}

/** An output that is kept: where the device left it. */
function resultTensor(tensor: OrtTensor, behind: Behind, download: EngineSetup["download"]): DeviceTensor {
  const result = tensor.location === "cpu" ? hostResult(tensor, behind) : deviceResult(tensor, behind, download!);
  behind.set(result, tensor);
  return result;
}

function deviceResult(tensor: OrtTensor, behind: Behind, download: NonNullable<EngineSetup["download"]>): DeviceTensor {
  let host: Float32Array | null = null;
  const result: DeviceTensor = {
    dims: tensor.dims,
    get host() {
      return host;
    },
    async download() {
      host ??= await download(tensor);
      return host;
    },
    dispose() {
      behind.delete(result);
      tensor.dispose();
    },
  };
  return result;
}

/** An output in the processor's memory. Unless somebody has asked for the numbers, they go when it is disposed. */
function hostResult(tensor: OrtTensor, behind: Behind): DeviceTensor {
  let data: Float32Array<ArrayBuffer> | null = tensor.data as Float32Array<ArrayBuffer>;
  let asked = false;
  const result: DeviceTensor = {
    dims: tensor.dims,
    get host() {
      asked = true;
      return data;
    },
    download: async () => result.host!,
    dispose() {
      if (asked || data === null) return;
      behind.delete(result);
      free(data.buffer);
      data = null;
    },
  };
  return result;
}

const { port1: nowhere } = new MessageChannel();
nowhere.close();

/** Gives the memory back at once; a collection would come several steps later, and state upon state would lie there until then. */
function free(buffer: ArrayBuffer): void {
  nowhere.postMessage(null, [buffer]);
}

const plainOutputs = (results: Readonly<Record<string, OrtTensor>>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(results).map(([output, { data, dims }]) => [output, { data: data as TensorData, dims }]),
  );
