/**
 * Depthwise convolution and its gradients where the images of a batch lie in lanes, `[C, N/B, H, W, B]`.
 *
 * ONNX Runtime's blocked kernels read `[C′/B, H, W, B]`, B channels side by side. Each image of each channel is such a channel,
 * C′ = C · N, and no number moves. Three to five times as fast as a grouped convolution of `[1, C·N, H, W]`.
 */
import { image, type Padding, type Vocabulary } from "../ir/index.js";
import { convAttributes, cropToEdges, lanesFor, padImage } from "./forms.js";
import type { OnnxTensor, OnnxWriter } from "./record.js";

/** The sizes of one depthwise convolution, whichever of its three forms is lowered. */
export type Geometry = {
  readonly c: number;
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly kh: number;
  readonly kw: number;
  readonly outH: number;
  readonly outW: number;
  readonly attributes: Vocabulary["depthwiseConv2d"];
};

/** @param w `[C, 1, kH, kW]`. */
export function convolutionOfLanes(onnx: OnnxWriter, x: OnnxTensor, w: OnnxTensor, geo: Geometry): OnnxTensor {
  const { c, n, h, w: width, kh, kw, outH, outW, attributes } = geo;
  const lanes = lanesFor(onnx, n);
  const taps = kh * kw;
  // A kernel for each image: a product with ones spreads short rows faster than Expand.
  const ones = onnx.floats(new Float32Array(lanes).fill(1), [1, lanes]);
  let kernels = onnx.node("MatMul", [onnx.view(w, [c * taps, 1]), ones], { dims: [c * taps, lanes] });
  if (n > lanes) {
    const dims = [c, n / lanes, taps * lanes];
    kernels = onnx.node("Expand", [onnx.view(kernels, [c, 1, taps * lanes]), onnx.integers(dims)], { dims });
  }
  return onnx.node("Conv", [onnx.view(x, [1, c * n, h, width]), onnx.view(kernels, [c * n, 1, kh, kw])], {
    attributes: convAttributes(attributes, [c * n, 1, kh, kw], c * n),
    domain: "com.microsoft.nchwc",
    dims: [1, c * n, outH, outW],
  });
}

/**
 * The transpose of a convolution is a convolution with the kernel turned by 180°. With stride s the places of x are of s²
 * kinds, each reached by its own part of the kernel: one small convolution for each, and their places put between each other.
 */
export function inputGradOfLanes(onnx: OnnxWriter, dy: OnnxTensor, w: OnnxTensor, geo: Geometry): OnnxTensor {
  const { c, n, h, w: width } = geo;
  const { stride } = geo.attributes;
  const lanes = lanesFor(onnx, n);
  const [tallH, tallW] = [Math.ceil(h / stride), Math.ceil(width / stride)];
  const phases = Array.from({ length: stride }, (_, a) => phaseOf(a + geo.attributes.padding[0], geo.kh, stride));
  const phasesW = Array.from({ length: stride }, (_, b) => phaseOf(b + geo.attributes.padding[1], geo.kw, stride));
  const rows = phases.map((row) => {
    const parts = phasesW.map((column) =>
      onnx.view(phaseGrad(onnx, dy, w, geo, row, column, tallH, tallW), [(c * n * tallH) / lanes, tallW, lanes]),
    );
    const dims = [(c * n * tallH) / lanes, tallW, stride * lanes];
    return parts.length === 1 ? parts[0]! : onnx.node("Concat", parts, { attributes: { axis: 2 }, dims });
  });
  const long = stride * tallW * lanes;
  const between =
    rows.length === 1
      ? rows[0]!
      : onnx.node(
          "Concat",
          rows.map((row) => onnx.view(row, [(c * n * tallH) / lanes, long])),
          { attributes: { axis: 1 }, dims: [(c * n * tallH) / lanes, stride * long] },
        );
  const whole = image(n, c, tallH * stride, tallW * stride);
  return padImage(onnx, between, whole, [0, 0, h - tallH * stride, width - tallW * stride]);
}

/** Taps `first`, `first` + s, … of a kernel reach the places of one phase, the first of them from output place `from`. */
type Phase = { readonly first: number; readonly taps: number; readonly from: number };

/** @param place of x, from the first padded one on. */
function phaseOf(place: number, kernel: number, stride: number): Phase {
  const first = place % stride;
  return { first, taps: Math.max(Math.ceil((kernel - first) / stride), 0), from: (place - first) / stride };
}

/** `[C, N/B, tallH, tallW, B]`: the gradient at every s-th row and column of x. */
function phaseGrad(
  onnx: OnnxWriter,
  dy: OnnxTensor,
  w: OnnxTensor,
  geo: Geometry,
  row: Phase,
  column: Phase,
  tallH: number,
  tallW: number,
): OnnxTensor {
  const { c, n, kh, kw, outH, outW } = geo;
  const { stride } = geo.attributes;
  const dims = onnx.stored(image(n, c, tallH, tallW));
  if (row.taps * column.taps === 0) {
    return onnx.node("Expand", [onnx.floats([0], [1]), onnx.integers(dims)], { dims });
  }
  // From the last of its taps backwards.
  const last = ({ first, taps }: Phase) => first + (taps - 1) * stride;
  const before = ({ first }: Phase, extent: number) => (first === 0 ? -extent - 1 : first - 1);
  const isWhole = stride === 1 && kh * kw === 1;
  const kernel = isWhole
    ? w
    : onnx.node(
        "Slice",
        [
          w,
          onnx.integers([last(row), last(column)]),
          onnx.integers([before(row, kh), before(column, kw)]),
          onnx.integers([2, 3]),
          onnx.integers([-stride, -stride]),
        ],
        { dims: [c, 1, row.taps, column.taps] },
      );
  // Output place i of x's phase sees dy from i + from − (taps − 1) to i + from.
  const [top, left] = [row.taps - 1 - row.from, column.taps - 1 - column.from];
  const edges: Padding = [top, left, tallH - outH + row.taps - 1 - top, tallW - outW + column.taps - 1 - left];
  const seen = cropToEdges(onnx, dy, image(n, c, outH, outW), edges);
  return convolutionOfLanes(onnx, seen.map, kernel, {
    c,
    n,
    h: seen.h,
    w: seen.w,
    kh: row.taps,
    kw: column.taps,
    outH: tallH,
    outW: tallW,
    attributes: { stride: 1, padding: seen.padding },
  });
}

/**
 * x convolved with dy for a kernel, image by image: the taps of the kernel are the places of the result. With a stride dy is
 * spread out, which is what a dilation says.
 */
export function weightGradOfLanes(onnx: OnnxWriter, x: OnnxTensor, dy: OnnxTensor, geo: Geometry): OnnxTensor {
  const { c, n, h, w, kh, kw, outH, outW } = geo;
  const { stride, padding } = geo.attributes;
  const lanes = lanesFor(onnx, n);
  const [top, left] = padding;
  const reach = (out: number, kernel: number) => (out - 1) * stride + kernel;
  const edges: Padding = [top, left, reach(outH, kh) - h - top, reach(outW, kw) - w - left];
  const seen = cropToEdges(onnx, x, image(n, c, h, w), edges);
  const products = onnx.node(
    "Conv",
    [onnx.view(seen.map, [1, c * n, seen.h, seen.w]), onnx.view(dy, [c * n, 1, outH, outW])],
    {
      attributes: {
        ...convAttributes({ stride: 1, padding: seen.padding }, [c * n, 1, outH, outW], c * n),
        dilations: [stride, stride],
      },
      domain: "com.microsoft.nchwc",
      dims: [1, c * n, kh, kw],
    },
  );
  const sums = onnx.node("ReduceSum", [onnx.view(products, [c, n / lanes, kh * kw, lanes]), onnx.integers([1, 3])], {
    attributes: { keepdims: 0 },
    dims: [c, kh * kw],
  });
  return onnx.view(sums, [c, 1, kh, kw]);
}
