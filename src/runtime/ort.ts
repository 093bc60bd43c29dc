/** What both leaves share: they speak the same ONNX Runtime API, `onnxruntime-common`. */
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-common";
import { EngineError } from "../base/index.js";
import type { Engine, Session, Tensor, TensorData } from "./engine.js";

export type Ort = {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
};

export function createEngine(
  ort: Ort,
  name: string,
  threads: number,
  options: InferenceSession.SessionOptions,
  fan = Number.POSITIVE_INFINITY,
): Engine {
  return {
    name,
    threads,
    fan,
    lanes: 1,
    async load(model) {
      try {
        return wrap(ort, name, await ort.InferenceSession.create(model, options));
      } catch (cause) {
        throw new EngineError(
          { at: name, expected: "a graph it can run", received: `a refusal: ${(cause as Error).message}` },
          { cause },
        );
      }
    },
  };
}

function wrap(ort: Ort, name: string, session: InferenceSession): Session {
  return {
    async run(feeds) {
      const tensors: Record<string, OrtTensor> = {};
      for (const [input, { data, dims }] of Object.entries(feeds)) {
        tensors[input] =
          data instanceof Float32Array ? new ort.Tensor("float32", data, dims) : new ort.Tensor("uint8", data, dims);
      }
      const results = await session.run(tensors).catch((cause: Error) => {
        throw new EngineError({ at: name, expected: "a run of the graph", received: cause.message }, { cause });
      });
      const outputs: Record<string, Tensor> = {};
      for (const [output, tensor] of Object.entries(results))
        outputs[output] = { data: tensor.data as TensorData, dims: tensor.dims };
      return outputs;
    },
    dispose: () => session.release(),
  };
}
