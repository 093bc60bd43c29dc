/** What Bantam needs to know of an ONNX file it is given: its metadata, and the type of its one image input. */
import { fromBinary } from "@bufbuild/protobuf";
import { ModelError } from "../base/index.js";
import { ModelProtoSchema } from "./onnx_pb.js";

export type OnnxSummary = {
  readonly producer: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
};

/** @throws {ModelError} when the bytes are not an ONNX model. */
export function readOnnx(bytes: Uint8Array, at: string): OnnxSummary {
  let model: ReturnType<typeof parse>;
  try {
    model = parse(bytes);
  } catch (cause) {
    throw new ModelError(
      { at, expected: "an ONNX file", received: `${bytes.length} bytes that are none (${(cause as Error).message})` },
      { cause },
    );
  }
  if (model.graph === undefined) {
    throw new ModelError({
      at,
      expected: "an ONNX file with a graph",
      received: "a file without one",
      hint: "was it cut off while copying?",
    });
  }
  return {
    producer: model.producerName,
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
    inputs: model.graph.input.map(({ name }) => name),
    outputs: model.graph.output.map(({ name }) => name),
  };
}

const parse = (bytes: Uint8Array) => fromBinary(ModelProtoSchema, bytes);
