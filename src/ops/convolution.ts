/**
 * Dense and depthwise convolution and their gradients. Each gradient is itself linear in both operands, so its own
 * gradient is one of the other two: the family is closed under differentiation.
 *
 * Channel-major, a pointwise convolution is one matrix product and each of its gradients another. Depthwise forms are in
 * `depthwise.ts`.
 */
import { convolvedExtent, image, plain, type Shape, sizeOf, type TensorType, type Vocabulary } from "../ir/index.js";
import { convAttributes, lanesFor, matmul, needsChannelMajor, padImage, rows } from "./forms.js";
import { checkThat, type OnnxTensor, type OnnxWriter, type OpRecord } from "./record.js";

type Attributes = Vocabulary["conv2d"];

/** `[N, C, H, W]` with `[outC, C, kH, kW]` gives `[N, outC, outH, outW]`. */
function inferOutput(
  x: TensorType,
  w: TensorType,
  { stride, padding }: Attributes,
  channels: number,
  at: string,
): TensorType {
  const [n, , h, width] = x.shape as [number, number, number, number];
  const [, , kh, kw] = w.shape as [number, number, number, number];
  const [top, left, bottom, right] = padding;
  const outH = convolvedExtent(h, kh, stride, top, bottom);
  const outW = convolvedExtent(width, kw, stride, left, right);
  checkThat(
    outH > 0 && outW > 0,
    at,
    `a map at least as large as the ${kh} × ${kw} kernel`,
    [x, w],
    "raise the resolution",
  );
  return image(n, channels, outH, outW);
}

/** Output channels · map · kernel · input channels, for the whole batch. @source arXiv:1704.04861, §3.1, eq. 2 and 4 */
const convolutionMacs = (output: Shape, weight: Shape): number => sizeOf(output) * sizeOf(weight.slice(1));

export const conv2d: OpRecord<"conv2d"> = {
  formula: "y[n,o,i,j] = b[o] + Σ_{c,u,v} x[n, c, i·s + u − top, j·s + v − left] · w[o,c,u,v]",
  infer: ([x, w, b], attributes, at) => {
    checkThat(x!.axes === "image" && w!.shape.length === 4, at, "an image and weights [out, in, kH, kW]", [x!, w!]);
    const [out, channels] = w!.shape as [number, number];
    checkThat(x!.shape[1] === channels, at, `${channels} input channels`, [x!, w!]);
    if (b !== undefined) checkThat(b.shape.length === 1 && b.shape[0] === out, at, `a bias of ${out} numbers`, [b]);
    return [inferOutput(x!, w!, attributes, out, at)];
  },
  vjp: (g, { inputs, attributes }, [dy]) => {
    const [x, w, b] = inputs;
    return [
      g.one("conv2dInputGrad", [dy!, w!], { ...attributes, inputShape: x!.shape }),
      g.one("conv2dWeightGrad", [x!, dy!], { ...attributes, weightShape: w!.shape }),
      ...(b === undefined ? [] : [g.channelSum(dy!)]),
    ];
  },
  lower: (onnx, [x, w, b], node) => {
    const output = node.outputs[0]!;
    if (onnx.layout === "image-major") {
      if (w!.dims.length === 2) return [linear(onnx, x!, w!, b)];
      const inputs = b === undefined ? [x!, w!] : [x!, w!, b];
      return [
        onnx.node("Conv", inputs, {
          attributes: convAttributes(node.attributes, node.inputs[1]!.shape),
          dims: output.shape,
        }),
      ];
    }
    const [out, c, kh, kw] = node.inputs[1]!.shape as [number, number, number, number];
    const columns = patches(onnx, x!, node.inputs[0]!, node.attributes, kh, kw, output);
    const matrix =
      kh * kw === 1
        ? onnx.view(w!, [out, c])
        : onnx.view(onnx.node("Transpose", [w!], { attributes: { perm: [0, 2, 3, 1] }, dims: [out, kh, kw, c] }), [
            out,
            kh * kw * c,
          ]);
    const product = onnx.node("MatMul", [matrix, columns], { dims: [out, sizeOf(output.shape) / out] });
    return [b === undefined ? product : onnx.node("Add", [product, onnx.view(b, [out, 1])])];
  },
  macs: ({ inputs, outputs }) => convolutionMacs(outputs[0]!.shape, inputs[1]!.shape),
};

/** `[N, C]` times `[out, C]`ᵀ: for several images one product, where a Conv would read the weights once for each. */
function linear(onnx: OnnxWriter, x: OnnxTensor, w: OnnxTensor, b: OnnxTensor | undefined): OnnxTensor {
  const [out, c] = w.dims as [number, number];
  const n = x.dims[0]!;
  const inputs = [onnx.view(x, [n, c]), w, ...(b === undefined ? [] : [b])];
  return onnx.node("Gemm", inputs, { attributes: { transB: 1 }, dims: [n, out] });
}

export const conv2dInputGrad: OpRecord<"conv2dInputGrad"> = {
  formula: "dx: the transpose of conv2d in x, applied to dy",
  infer: (_, { inputShape }) => {
    const [n, c, h, w] = inputShape as [number, number, number, number];
    return [image(n, c, h, w)];
  },
  vjp: (g, { inputs, attributes: { stride, padding } }, [ddx]) => {
    const [dy, w] = inputs;
    return [
      g.one("conv2d", [ddx!, w!], { stride, padding }),
      g.one("conv2dWeightGrad", [ddx!, dy!], { stride, padding, weightShape: w!.shape }),
    ];
  },
  lower: (onnx, [dy, w], node) => {
    needsChannelMajor(onnx, node);
    const [out, c, kh, kw] = node.inputs[1]!.shape as [number, number, number, number];
    const dx = node.outputs[0]!;
    if (isPointwise(node.attributes, kh, kw)) {
      const product = matmul(onnx, onnx.view(w!, [out, c]), rows(onnx, dy!, node.inputs[0]!), "transA", [
        c,
        sizeOf(dx.shape) / c,
      ]);
      return [product];
    }
    return [channelFirst(onnx, transposedConvolution(onnx, imageFirst(onnx, dy!, node.inputs[0]!), w!, node), dx)];
  },
  macs: ({ inputs }) => convolutionMacs(inputs[0]!.shape, inputs[1]!.shape),
};

export const conv2dWeightGrad: OpRecord<"conv2dWeightGrad"> = {
  formula: "dw[o,c,u,v] = Σ_{n,i,j} dy[n,o,i,j] · x[n, c, i·s + u − top, j·s + v − left]",
  infer: (_, { weightShape }) => [plain(...weightShape)],
  vjp: (g, { inputs, attributes: { stride, padding } }, [ddw]) => {
    const [x, dy] = inputs;
    return [
      g.one("conv2dInputGrad", [dy!, ddw!], { stride, padding, inputShape: x!.shape }),
      g.one("conv2d", [x!, ddw!], { stride, padding }),
    ];
  },
  lower: (onnx, [x, dy], node) => {
    needsChannelMajor(onnx, node);
    const [out, c, kh, kw] = node.outputs[0]!.shape as [number, number, number, number];
    const columns = patches(onnx, x!, node.inputs[0]!, node.attributes, kh, kw, node.inputs[1]!);
    const product = matmul(onnx, rows(onnx, dy!, node.inputs[1]!), columns, "transB", [out, kh * kw * c]);
    if (kh * kw === 1) return [product];
    return [
      onnx.node("Transpose", [onnx.view(product, [out, kh, kw, c])], {
        attributes: { perm: [0, 3, 1, 2] },
        dims: [out, c, kh, kw],
      }),
    ];
  },
  macs: ({ inputs, outputs }) => convolutionMacs(inputs[1]!.shape, outputs[0]!.shape),
};

/**
 * The places a kernel sees, as a matrix `[kH · kW · C, N · outH · outW]` (im2col). For a pointwise convolution that is the
 * image itself. The weight gradient asks for the same nodes again; equal nodes are written once.
 */
function patches(
  onnx: OnnxWriter,
  x: OnnxTensor,
  type: TensorType,
  { stride, padding }: Attributes,
  kh: number,
  kw: number,
  output: TensorType,
): OnnxTensor {
  if (isPointwise({ stride, padding }, kh, kw)) return rows(onnx, x, type);
  const [n, c] = type.shape as [number, number, number, number];
  const [, , outH, outW] = output.shape as [number, number, number, number];
  const padded = padImage(onnx, x, type, padding);
  const places: OnnxTensor[] = [];
  for (let u = 0; u < kh; u++) {
    for (let v = 0; v < kw; v++) {
      places.push(
        onnx.node(
          "Slice",
          [
            padded,
            onnx.integers([u, v]),
            onnx.integers([u + (outH - 1) * stride + 1, v + (outW - 1) * stride + 1]),
            onnx.integers([2, 3]),
            onnx.integers([stride, stride]),
          ],
          { dims: onnx.stored(image(n, c, outH, outW)) },
        ),
      );
    }
  }
  const dims = onnx.stored(image(n, kh * kw * c, outH, outW));
  const columns = onnx.node("Concat", places, { attributes: { axis: 0 }, dims });
  return onnx.view(columns, [kh * kw * c, n * outH * outW]);
}

/** Whether every place of the output sees its own place of the input alone. */
const isPointwise = ({ stride, padding }: Attributes, kh: number, kw: number): boolean =>
  kh * kw === 1 && stride === 1 && padding.every((pixels) => pixels === 0);

/** As ONNX's own convolutions want it: `[N, C, H, W]`. */
function imageFirst(onnx: OnnxWriter, x: OnnxTensor, { shape }: TensorType): OnnxTensor {
  const [n, c, h, w] = shape as [number, number, number, number];
  const lanes = lanesFor(onnx, n);
  const dims = [n / lanes, lanes, c, h * w];
  const view = onnx.view(x, [c, n / lanes, h * w, lanes]);
  return onnx.view(onnx.node("Transpose", [view], { attributes: { perm: [1, 3, 0, 2] }, dims }), shape);
}

/** The way back. */
function channelFirst(onnx: OnnxWriter, x: OnnxTensor, { shape }: TensorType): OnnxTensor {
  const [n, c, h, w] = shape as [number, number, number, number];
  const lanes = lanesFor(onnx, n);
  const dims = [c, n / lanes, h * w, lanes];
  const view = onnx.view(x, [n / lanes, lanes, c, h * w]);
  return onnx.node("Transpose", [view], { attributes: { perm: [2, 0, 3, 1] }, dims });
}

function transposedConvolution(
  onnx: OnnxWriter,
  dy: OnnxTensor,
  w: OnnxTensor,
  node: Parameters<(typeof conv2dInputGrad)["lower"]>[2],
): OnnxTensor {
  const { stride, padding, inputShape } = node.attributes;
  const [, , kh, kw] = node.inputs[1]!.shape as [number, number, number, number];
  const [, , outH, outW] = node.inputs[0]!.shape as [number, number, number, number];
  const [top, left, bottom, right] = padding;
  // Rows of x that no output place reached: ConvTranspose must be told that they exist.
  const restH = inputShape[2]! - ((outH - 1) * stride + kh - top - bottom);
  const restW = inputShape[3]! - ((outW - 1) * stride + kw - left - right);
  return onnx.node("ConvTranspose", [dy, w], {
    attributes: { ...convAttributes(node.attributes, [0, 0, kh, kw]), output_padding: [restH, restW] },
    dims: inputShape,
  });
}
