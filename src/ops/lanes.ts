/** What ONNX Runtime's blocked kernels do for maps whose images lie in lanes, beside convolutions: see `Layout`. */
import { sizeOf, type TensorType } from "../ir/index.js";
import { lanesFor } from "./forms.js";
import type { OnnxTensor, OnnxWriter } from "./record.js";

/**
 * `x · scale + shift + sum` in one pass, as a depthwise convolution with one tap.
 *
 * @param scale and `shift`: `[C · N]`, a number for each map.
 */
export function affineOfLanes(
  onnx: OnnxWriter,
  x: OnnxTensor,
  { shape }: TensorType,
  scale: OnnxTensor,
  shift?: OnnxTensor,
  sum?: OnnxTensor,
): OnnxTensor {
  const [n, c, h, w] = shape as [number, number, number, number];
  const dims = [1, c * n, h, w];
  const inputs = [onnx.view(x, dims), onnx.view(scale, [c * n, 1, 1, 1])];
  if (shift !== undefined) inputs.push(onnx.view(shift, [c * n]));
  if (sum !== undefined) inputs.push(onnx.view(sum, dims));
  return onnx.node("Conv", inputs, {
    attributes: { kernel_shape: [1, 1], group: c * n },
    domain: "com.microsoft.nchwc",
    dims,
  });
}

/** `[C · N]`: a number of each channel for each of `n` images. */
export function forEachImage(onnx: OnnxWriter, perChannel: OnnxTensor, n: number): OnnxTensor {
  const c = sizeOf(perChannel.dims);
  const ones = onnx.floats(new Float32Array(n).fill(1), [1, n]);
  return onnx.view(onnx.node("MatMul", [onnx.view(perChannel, [c, 1]), ones], { dims: [c, n] }), [c * n]);
}

/** `[C, N/B, 1, 1, B]`: Σ over the places of each map of a · b. */
export function placeProductsOfLanes(
  onnx: OnnxWriter,
  a: OnnxTensor,
  b: OnnxTensor,
  { shape }: TensorType,
): OnnxTensor {
  const [n, c, h, w] = shape as [number, number, number, number];
  const lanes = lanesFor(onnx, n);
  const inputs = [onnx.view(a, [1, c * n, h, w]), onnx.view(b, [c * n, 1, h, w])];
  const products = onnx.node("Conv", inputs, {
    attributes: { kernel_shape: [h, w], group: c * n },
    domain: "com.microsoft.nchwc",
    dims: [1, c * n, 1, 1],
  });
  return onnx.view(products, [c, n / lanes, 1, 1, lanes]);
}
