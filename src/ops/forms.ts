/** Pieces of ONNX that several lowerings share. */
import type { NodeOf, OpName, Shape, TensorType, Vocabulary } from "../ir/index.js";
import type { OnnxTensor, OnnxWriter } from "./record.js";

/** For ops of the training step: image-major they would give wrong numbers without a word. */
export function needsChannelMajor(onnx: OnnxWriter, { op, path }: NodeOf<OpName>): void {
  if (onnx.layout !== "channel-major") throw new Error(`internal: ${path}: ${op} is lowered channel-major only`);
}

/** An `image` value as a matrix with a row per channel. Channel-major only. */
export function rows(onnx: OnnxWriter, tensor: OnnxTensor, type: TensorType): OnnxTensor {
  const [n, c, h, w] = type.shape as [number, number, number, number];
  return onnx.view(tensor, [c, n * h * w]);
}

/** ONNX's attributes of a convolution. */
export function convAttributes({ stride, padding }: Vocabulary["conv2d"], weight: Shape, group = 1) {
  return { kernel_shape: weight.slice(2), strides: [stride, stride], pads: padding, group };
}

/** One matrix product, one operand transposed without a copy. Leading axes are a batch. */
export function matmul(
  onnx: OnnxWriter,
  a: OnnxTensor,
  b: OnnxTensor,
  transposed: "transA" | "transB",
  dims: readonly number[],
): OnnxTensor {
  return onnx.node("FusedMatMul", [a, b], { attributes: { [transposed]: 1 }, dims, domain: "com.microsoft" });
}
