/**
 * Depthwise convolution and its gradients, channel-major.
 *
 * On small maps a convolution is a product with a Toeplitz matrix gathered from the kernel, one per channel:
 * `[C, N, S] × [C, S, S′]`; it does more arithmetic than it must, at the speed of a matrix product. On larger maps it is a
 * grouped convolution over `[1, C·N, H, W]`, where every channel of every image is a group. With images in lanes (see
 * `Layout`) the forms of `depthwise-lanes.ts` take the place of both.
 */
import { convolvedExtent, image, type Padding, plain, type Shape, sizeOf, type Value } from "../ir/index.js";
import { convolutionOfLanes, type Geometry, inputGradOfLanes, weightGradOfLanes } from "./depthwise-lanes.js";
import { convAttributes, cropToEdges, lanesFor, matmul, needsChannelMajor } from "./forms.js";
import { checkThat, type OnnxTensor, type OnnxWriter, type OpRecord } from "./record.js";

/**
 * The Toeplitz form multiplies every input place with every output place, though only k² of the former matter. It is taken
 * while there are at most this many input places per kernel tap: 8 × 8 for a 3 × 3 kernel, 14 × 14 for 5 × 5.
 */
const TOEPLITZ_PLACES_PER_TAP = 8;

function geometry(x: Shape, weight: Shape, y: Shape, attributes: Geometry["attributes"]): Geometry {
  const [n, c, h, w] = x as [number, number, number, number];
  const [, , kh, kw] = weight as [number, number, number, number];
  const [, , outH, outW] = y as [number, number, number, number];
  return { c, n, h, w, kh, kw, outH, outW, attributes };
}

const inLanes = (onnx: OnnxWriter, { n }: Geometry) => lanesFor(onnx, n) > 1;

const isSmall = ({ h, w, kh, kw }: Geometry) => h * w <= TOEPLITZ_PLACES_PER_TAP * kh * kw;

export const depthwiseConv2d: OpRecord<"depthwiseConv2d"> = {
  formula: "y[n,c,i,j] = b[c] + Σ_{u,v} x[n, c, i·s + u − top, j·s + v − left] · w[c,0,u,v]",
  source: "Howard et al. 2017, arXiv:1704.04861, §3.1, eq. 3",
  infer: ([x, w, b], { stride, padding }, at) => {
    checkThat(
      x!.axes === "image" && w!.shape.length === 4 && w!.shape[1] === 1,
      at,
      "an image and weights [C, 1, kH, kW]",
      [x!, w!],
    );
    const [n, c, h, width] = x!.shape as [number, number, number, number];
    const hint = "a depthwise convolution has as many groups as input channels";
    checkThat(w!.shape[0] === c, at, `weights for ${c} channels`, [x!, w!], hint);
    if (b !== undefined) checkThat(b.shape.length === 1 && b.shape[0] === c, at, `a bias of ${c} numbers`, [b]);
    const [top, left, bottom, right] = padding;
    const outH = convolvedExtent(h, w!.shape[2]!, stride, top, bottom);
    const outW = convolvedExtent(width, w!.shape[3]!, stride, left, right);
    checkThat(outH > 0 && outW > 0, at, "a map at least as large as the kernel", [x!, w!], "raise the resolution");
    return [image(n, c, outH, outW)];
  },
  vjp: (g, { inputs, attributes }, [dy]) => {
    const [x, w, b] = inputs;
    return [
      g.one("depthwiseInputGrad", [dy!, w!], { ...attributes, inputShape: x!.shape }),
      g.one("depthwiseWeightGrad", [x!, dy!], { ...attributes, weightShape: w!.shape }),
      ...(b === undefined ? [] : [g.channelSum(dy!)]),
    ];
  },
  lower: (onnx, [x, w, b], node) => {
    const [xType, wType] = node.inputs as readonly [Value, Value];
    const y = node.outputs[0]!;
    if (onnx.layout === "image-major") {
      const inputs = b === undefined ? [x!, w!] : [x!, w!, b];
      return [
        onnx.node("Conv", inputs, {
          attributes: convAttributes(node.attributes, wType.shape, xType.shape[1]!),
          dims: y.shape,
        }),
      ];
    }
    const geo = geometry(xType.shape, wType.shape, y.shape, node.attributes);
    const product = inLanes(onnx, geo)
      ? convolutionOfLanes(onnx, x!, w!, geo)
      : isSmall(geo)
        ? onnx.node("MatMul", [onnx.view(x!, [geo.c, geo.n, geo.h * geo.w]), toeplitz(onnx, w!, geo)], {
            dims: [geo.c, geo.n, geo.outH * geo.outW],
          })
        : groupedConvolution(onnx, x!, w!, geo);
    if (b === undefined) return [product];
    return [onnx.node("Add", [onnx.view(product, [geo.c, sizeOf(y.shape) / geo.c]), onnx.view(b, [geo.c, 1])])];
  },
  macs: ({ inputs, outputs }) => sizeOf(outputs[0]!.shape) * sizeOf(inputs[1]!.shape.slice(2)),
};

export const depthwiseInputGrad: OpRecord<"depthwiseInputGrad"> = {
  formula: "dx: the transpose of depthwiseConv2d in x, applied to dy",
  infer: (_, { inputShape }) => {
    const [n, c, h, w] = inputShape as [number, number, number, number];
    return [image(n, c, h, w)];
  },
  vjp: (g, { inputs, attributes: { stride, padding } }, [ddx]) => {
    const [dy, w] = inputs;
    return [
      g.one("depthwiseConv2d", [ddx!, w!], { stride, padding }),
      g.one("depthwiseWeightGrad", [ddx!, dy!], { stride, padding, weightShape: w!.shape }),
    ];
  },
  lower: (onnx, [dy, w], node) => {
    needsChannelMajor(onnx, node);
    const [dyType, wType] = node.inputs as readonly [Value, Value];
    const geo = geometry(node.attributes.inputShape, wType.shape, dyType.shape, node.attributes);
    if (inLanes(onnx, geo)) return [inputGradOfLanes(onnx, dy!, w!, geo)];
    if (!isSmall(geo)) return [convolutionWithFlippedKernel(onnx, dy!, w!, geo)];
    return [
      matmul(onnx, onnx.view(dy!, [geo.c, geo.n, geo.outH * geo.outW]), toeplitz(onnx, w!, geo), "transB", [
        geo.c,
        geo.n,
        geo.h * geo.w,
      ]),
    ];
  },
  macs: ({ inputs }) => sizeOf(inputs[0]!.shape) * sizeOf(inputs[1]!.shape.slice(2)),
};

export const depthwiseWeightGrad: OpRecord<"depthwiseWeightGrad"> = {
  formula: "dw[c,0,u,v] = Σ_{n,i,j} dy[n,c,i,j] · x[n, c, i·s + u − top, j·s + v − left]",
  infer: (_, { weightShape }) => [plain(...weightShape)],
  vjp: (g, { inputs, attributes: { stride, padding } }, [ddw]) => {
    const [x, dy] = inputs;
    return [
      g.one("depthwiseInputGrad", [dy!, ddw!], { stride, padding, inputShape: x!.shape }),
      g.one("depthwiseConv2d", [x!, ddw!], { stride, padding }),
    ];
  },
  lower: (onnx, [x, dy], node) => {
    needsChannelMajor(onnx, node);
    const [xType, dyType] = node.inputs as readonly [Value, Value];
    const geo = geometry(xType.shape, node.attributes.weightShape, dyType.shape, node.attributes);
    if (inLanes(onnx, geo)) return [weightGradOfLanes(onnx, x!, dy!, geo)];
    return [isSmall(geo) ? toeplitzWeightGrad(onnx, x!, dy!, geo) : rowwiseWeightGrad(onnx, x!, dy!, geo)];
  },
  macs: ({ inputs, outputs }) => sizeOf(inputs[1]!.shape) * sizeOf(outputs[0]!.shape.slice(2)),
};

/** Calls `visit` for each input place, output place and kernel tap that meet in the convolution. */
function meetings(
  { h, w, kh, kw, outH, outW, attributes: { stride, padding } }: Geometry,
  visit: (from: number, to: number, tap: number) => void,
): void {
  for (let i = 0; i < outH; i++) {
    for (let j = 0; j < outW; j++) {
      for (let u = 0; u < kh; u++) {
        for (let v = 0; v < kw; v++) {
          const y = i * stride + u - padding[0];
          const x = j * stride + v - padding[1];
          if (y >= 0 && y < h && x >= 0 && x < w) visit(y * w + x, i * outW + j, u * kw + v);
        }
      }
    }
  }
}

/** `[C, S, S′]`: entry (s, s′) is the kernel tap that leads from place s to place s′, or zero. */
function toeplitz(onnx: OnnxWriter, w: OnnxTensor, geo: Geometry): OnnxTensor {
  const { c, h, kh, kw, outH, outW } = geo;
  const taps = kh * kw;
  const [from, to] = [h * geo.w, outH * outW];
  const indices = new Array<number>(from * to).fill(taps); // the slot after the last tap holds zero
  meetings(geo, (s, t, tap) => {
    indices[s * to + t] = tap;
  });
  const kernel = onnx.node("Pad", [onnx.view(w, [c, taps]), onnx.integers([0, 0, 0, 1])], { dims: [c, taps + 1] });
  const matrix = onnx.node("Gather", [kernel, onnx.integers(indices)], {
    attributes: { axis: 1 },
    dims: [c, from * to],
  });
  return onnx.view(matrix, [c, from, to]);
}

function toeplitzWeightGrad(onnx: OnnxWriter, x: OnnxTensor, dy: OnnxTensor, geo: Geometry): OnnxTensor {
  const { c, n, h, w, kh, kw, outH, outW } = geo;
  const [from, to, taps] = [h * w, outH * outW, kh * kw];
  const matrix = matmul(onnx, onnx.view(x, [c, n, from]), onnx.view(dy, [c, n, to]), "transA", [c, from, to]);
  const belongs = new Float32Array(from * to * taps);
  meetings(geo, (s, t, tap) => {
    belongs[(s * to + t) * taps + tap] = 1;
  });
  const sums = onnx.node("MatMul", [onnx.view(matrix, [c, from * to]), onnx.floats(belongs, [from * to, taps])], {
    dims: [c, taps],
  });
  return onnx.view(sums, [c, 1, kh, kw]);
}

/** Each image's channel convolved with that channel's kernel: groups = C · N. */
function groupedConvolution(
  onnx: OnnxWriter,
  x: OnnxTensor,
  w: OnnxTensor,
  { c, n, h, w: width, kh, kw, outH, outW, attributes }: Geometry,
): OnnxTensor {
  const kernels = onnx.node("Expand", [w, onnx.integers([c, n, kh, kw])], { dims: [c, n, kh, kw] });
  return onnx.node("Conv", [onnx.view(x, [1, c * n, h, width]), onnx.view(kernels, [c * n, 1, kh, kw])], {
    attributes: convAttributes(attributes, [0, 0, kh, kw], c * n),
    dims: [1, c * n, outH, outW],
  });
}

/**
 * The transpose of a convolution is a convolution with the kernel turned by 180°; with a stride, over `dy` spread out by
 * zeros. About twice as fast as ConvTranspose.
 */
function convolutionWithFlippedKernel(onnx: OnnxWriter, dy: OnnxTensor, w: OnnxTensor, geo: Geometry): OnnxTensor {
  const { c, n, h, w: width, kh, kw, outH, outW, attributes } = geo;
  const { stride, padding } = attributes;
  const flipped = onnx.node(
    "Slice",
    [w, onnx.integers([-1, -1]), onnx.integers([-kh - 1, -kw - 1]), onnx.integers([2, 3]), onnx.integers([-1, -1])],
    { dims: [c, 1, kh, kw] },
  );
  const spread = stride === 1 ? dy : spreadOut(onnx, dy, geo);
  const [tallH, tallW] = [outH * stride, outW * stride];
  // Below zero: places that lie wholly in the padding, or zeros after the last place. They reach no input.
  const [top, left] = [kh - 1 - padding[0], kw - 1 - padding[1]];
  const edges: Padding = [top, left, h - tallH + padding[0], width - tallW + padding[1]];
  const seen = cropToEdges(onnx, spread, image(n, c, tallH, tallW), edges);
  return groupedConvolution(onnx, seen.map, flipped, {
    ...geo,
    h: seen.h,
    w: seen.w,
    outH: h,
    outW: width,
    attributes: { stride: 1, padding: seen.padding },
  });
}

/**
 * Rows and columns of zeros between the places of `dy`: each row times a matrix that gives `stride` rows, the later ones
 * zero. Five times as fast as Pad.
 */
function spreadOut(
  onnx: OnnxWriter,
  dy: OnnxTensor,
  { c, n, outH, outW, attributes: { stride } }: Geometry,
): OnnxTensor {
  const width = stride * stride * outW;
  const places = new Float32Array(outW * width);
  for (let j = 0; j < outW; j++) places[j * width + j * stride] = 1;
  return onnx.node("MatMul", [onnx.view(dy, [c * n * outH, outW]), onnx.floats(places, [outW, width])], {
    dims: [c * n * outH, width],
  });
}

/**
 * For each row of the kernel: shift x along the height, multiply `[C, N·outH, W]ᵀ × [C, N·outH, outW]`, sum the diagonals.
 * As a grouped convolution with the image as kernel it takes about twice as long.
 */
function rowwiseWeightGrad(onnx: OnnxWriter, x: OnnxTensor, dy: OnnxTensor, geo: Geometry): OnnxTensor {
  const { c, n, h, w, kh, kw, outH, outW } = geo;
  const { stride, padding } = geo.attributes;
  const [top, left, bottom] = padding;
  const tall = onnx.node("Pad", [onnx.view(x, [c, n, h, w]), onnx.integers([0, 0, top, 0, 0, 0, bottom, 0])], {
    dims: [c, n, h + top + bottom, w],
  });
  const diagonals = new Float32Array(w * outW * kw);
  for (let j = 0; j < outW; j++) {
    for (let v = 0; v < kw; v++) {
      const column = j * stride + v - left;
      if (column >= 0 && column < w) diagonals[(column * outW + j) * kw + v] = 1;
    }
  }
  const sums = Array.from({ length: kh }, (_, u) => {
    const shifted = onnx.node(
      "Slice",
      [
        tall,
        onnx.integers([u]),
        onnx.integers([u + (outH - 1) * stride + 1]),
        onnx.integers([2]),
        onnx.integers([stride]),
      ],
      { dims: [c, n, outH, w] },
    );
    const products = matmul(onnx, onnx.view(shifted, [c, n * outH, w]), onnx.view(dy, [c, n * outH, outW]), "transA", [
      c,
      w,
      outW,
    ]);
    return onnx.node("MatMul", [onnx.view(products, [c, w * outW]), onnx.floats(diagonals, [w * outW, kw])], {
      dims: [c, kw],
    });
  });
  return onnx.view(onnx.node("Concat", sums, { attributes: { axis: 1 }, dims: [c, kh * kw] }), [c, 1, kh, kw]);
}
