export type DType = "float32" | "uint8" | "bool";
export type Shape = readonly number[];

/**
 * What the four axes of a value mean.
 *
 * `image`: `[N, C, H, W]` to every reader of the graph, though a lowering may store it in another order.
 * `plain`: stored as written; weights (`[out, in, kH, kW]`), vectors, logits, scalars.
 */
export type Axes = "image" | "plain";

export type TensorType = { readonly dtype: DType; readonly shape: Shape; readonly axes: Axes };

export const plain = (...shape: number[]): TensorType => ({ dtype: "float32", shape, axes: "plain" });
export const image = (n: number, c: number, h: number, w: number): TensorType => ({
  dtype: "float32",
  shape: [n, c, h, w],
  axes: "image",
});

export const sizeOf = (shape: Shape): number => shape.reduce((product, extent) => product * extent, 1);

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((extent, i) => extent === b[i]);

/** Top, left, bottom, right, in pixels. */
export type Padding = readonly [top: number, left: number, bottom: number, right: number];

/** Output side of a convolution along one axis, or NaN when the kernel does not fit. */
export function convolvedExtent(extent: number, kernel: number, stride: number, before: number, after: number): number {
  const span = extent + before + after - kernel;
  return span < 0 ? Number.NaN : Math.floor(span / stride) + 1;
}

/**
 * TensorFlow's SAME: the output has ⌈extent / stride⌉ places, the odd pixel of padding goes to the end (ONNX SAME_UPPER).
 * @source TensorFlow `tf.nn.convolution`
 */
export function samePadding(extent: number, kernel: number, stride: number): [before: number, after: number] {
  const total = Math.max((Math.ceil(extent / stride) - 1) * stride + kernel - extent, 0);
  const before = Math.floor(total / 2);
  return [before, total - before];
}
