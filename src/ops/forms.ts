/** Pieces of ONNX that several lowerings share. */
import {
  image,
  type NodeOf,
  type OpName,
  type Padding,
  type Shape,
  type TensorType,
  type Vocabulary,
} from "../ir/index.js";
import type { OnnxTensor, OnnxWriter } from "./record.js";
import { transposedProduct } from "./shaders.js";

/** For ops of the training step: image-major they would give wrong numbers without a word. */
export function needsChannelMajor(onnx: OnnxWriter, { op, path }: NodeOf<OpName>): void {
  if (onnx.layout !== "channel-major") throw new Error(`internal: ${path}: ${op} is lowered channel-major only`);
}

/** How many of `n` images lie side by side: see `Layout`. */
export const lanesFor = ({ lanes }: OnnxWriter, n: number): number => (n === 1 ? 1 : lanes);

/** An `image` value as a matrix with a row per channel. Channel-major only. */
export function rows(onnx: OnnxWriter, tensor: OnnxTensor, type: TensorType): OnnxTensor {
  const [n, c, h, w] = type.shape as [number, number, number, number];
  return onnx.view(tensor, [c, n * h * w]);
}

/** Zeros around each map, or with pixels below zero a crop. Channel-major only. */
export function padImage(onnx: OnnxWriter, x: OnnxTensor, { shape }: TensorType, padding: Padding): OnnxTensor {
  const [n, c, h, w] = shape as [number, number, number, number];
  const [top, left, bottom, right] = padding;
  const stored = onnx.stored(image(n, c, h, w));
  if (padding.every((pixels) => pixels === 0)) return onnx.view(x, stored);
  const behind = stored.slice(4).map(() => 0);
  const pads = onnx.integers([0, 0, top, left, ...behind, 0, 0, bottom, right, ...behind]);
  return onnx.node("Pad", [onnx.view(x, stored), pads], {
    dims: onnx.stored(image(n, c, h + top + bottom, w + left + right)),
  });
}

/** What is left of a map between edges of which those below zero cut it; the others are a convolution's padding. */
export function cropToEdges(onnx: OnnxWriter, x: OnnxTensor, type: TensorType, edges: Padding) {
  const [, , h, w] = type.shape as [number, number, number, number];
  const [top, left, bottom, right] = edges.map((edge) => Math.min(edge, 0)) as unknown as Padding;
  return {
    map: padImage(onnx, x, type, [top, left, bottom, right]),
    h: h + top + bottom,
    w: w + left + right,
    padding: edges.map((edge) => Math.max(edge, 0)) as unknown as Padding,
  };
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
  if (onnx.shaders) return transposedProduct(onnx, a, b, transposed, dims);
  return onnx.node("FusedMatMul", [a, b], { attributes: { [transposed]: 1 }, dims, domain: "com.microsoft" });
}
