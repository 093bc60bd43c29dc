/** Sums, means and their transposes, broadcasts. */
import { image, plain, type Shape, sameShape, sizeOf, type TensorType } from "../ir/index.js";
import { lanesFor, matmul, needsChannelMajor, rows } from "./forms.js";
import { placeProductsOfLanes } from "./lanes.js";
import { checkThat, noGradient, noMacs, type OnnxWriter, type OpRecord } from "./record.js";
import { sumOfRows } from "./shaders.js";

export const channelSum: OpRecord<"channelSum"> = {
  formula: "y[c] = Σ_{n,i,j} x[n,c,i,j]",
  infer: ([x], _, at) => {
    checkThat(x!.axes === "image", at, "an image", [x!]);
    return [plain(x!.shape[1]!)];
  },
  vjp: (g, { inputs }, [dy]) => {
    const c = inputs[0]!.shape[1]!;
    return [g.broadcastTo(g.one("unflatten", [g.reshape(dy!, [1, c])], { shape: [1, c, 1, 1] }), inputs[0]!.shape)];
  },
  lower: (onnx, [x], node) => {
    const type = node.inputs[0]!;
    const dims = [type.shape[1]!];
    if (onnx.shaders && onnx.layout === "channel-major") return [sumOfRows(onnx, rows(onnx, x!, type))];
    const [tensor, axes] = onnx.layout === "channel-major" ? [rows(onnx, x!, type), [1]] : [x!, [0, 2, 3]];
    return [onnx.node("ReduceSum", [tensor, onnx.integers(axes)], { attributes: { keepdims: 0 }, dims })];
  },
  macs: noMacs,
};

export const globalAveragePool: OpRecord<"globalAveragePool"> = {
  formula: "y[n,c] = mean_{i,j} x[n,c,i,j]",
  infer: ([x], _, at) => {
    checkThat(x!.axes === "image", at, "an image", [x!]);
    return [image(x!.shape[0]!, x!.shape[1]!, 1, 1)];
  },
  vjp: (g, { inputs }, [dy]) => {
    const { shape } = inputs[0]!;
    return [g.broadcastTo(g.mul(dy!, 1 / (shape[2]! * shape[3]!)), shape)];
  },
  lower: (onnx, [x], node) => {
    const [n, c, h, w] = node.inputs[0]!.shape as [number, number, number, number];
    if (onnx.layout === "image-major") return [onnx.node("GlobalAveragePool", [x!], { dims: node.outputs[0]!.shape })];
    const lanes = lanesFor(onnx, n);
    return [
      onnx.node("ReduceMean", [onnx.view(x!, lanes === 1 ? [c * n, h * w] : [(c * n) / lanes, h * w, lanes])], {
        attributes: { axes: [1], keepdims: 0 },
        dims: [c * n],
      }),
    ];
  },
  macs: noMacs,
};

export const placeProducts: OpRecord<"placeProducts"> = {
  formula: "y[n,c] = Σ_{i,j} a[n,c,i,j] · b[n,c,i,j]",
  infer: ([a, b], _, at) => {
    checkThat(a!.axes === "image" && sameShape(a!.shape, b!.shape), at, "two images of one shape", [a!, b!]);
    return [image(a!.shape[0]!, a!.shape[1]!, 1, 1)];
  },
  vjp: noGradient,
  lower: (onnx, [a, b], node) => {
    needsChannelMajor(onnx, node);
    const type = node.inputs[0]!;
    const [n, c, h, w] = type.shape as [number, number, number, number];
    if (lanesFor(onnx, n) > 1) return [placeProductsOfLanes(onnx, a!, b!, type)];
    const dims = [c * n, 1, h * w];
    return [matmul(onnx, onnx.view(a!, dims), onnx.view(b!, dims), "transB", [c * n, 1, 1])];
  },
  macs: noMacs,
};

export const broadcastTo: OpRecord<"broadcastTo"> = {
  formula: "y = x, repeated along the axes where it has extent 1",
  infer: ([x], { shape }, at) => {
    checkThat(
      x!.shape.length === shape.length && x!.shape.every((n, i) => n === 1 || n === shape[i]),
      at,
      `a shape that broadcasts to [${shape.join(", ")}]`,
      [x!],
    );
    return [{ ...x!, shape }];
  },
  vjp: (g, { inputs }, [dy]) => [g.sumTo(dy!, inputs[0]!.shape)],
  lower: (onnx, [x], node) => {
    const dims = onnx.stored(node.outputs[0]!);
    return [onnx.node("Expand", [onnx.view(x!, onnx.stored(node.inputs[0]!)), onnx.integers(dims)], { dims })];
  },
  macs: noMacs,
};

export const sumTo: OpRecord<"sumTo"> = {
  formula: "y = Σ x over the axes that `shape` lacks or has with extent 1",
  infer: ([x], { shape }, at) => {
    const missing = x!.shape.length - shape.length;
    const fits = missing >= 0 && shape.every((n, i) => n === 1 || n === x!.shape[missing + i]);
    checkThat(fits, at, `a shape that sums to [${shape.join(", ")}]`, [x!]);
    return [{ dtype: "float32", shape, axes: shape.length === 4 ? x!.axes : "plain" }];
  },
  vjp: (g, { inputs, attributes }, [dy]) => {
    const [x] = inputs;
    if (attributes.shape.length === x!.shape.length) return [g.broadcastTo(dy!, x!.shape)];
    // A scalar has no axes to say that it belongs to an image: it is added to an image of zeros.
    if (x!.axes === "image") return [g.add(g.mul(x!, 0), dy!)];
    return [g.broadcastTo(g.reshape(dy!, withLeadingOnes(attributes.shape, x!.shape.length)), x!.shape)];
  },
  lower: (onnx, [x], node) => [
    sumOver(onnx, onnx.view(x!, onnx.stored(node.inputs[0]!)), node.inputs[0]!, node.outputs[0]!),
  ],
  macs: noMacs,
};

const withLeadingOnes = (shape: Shape, rank: number): Shape => [
  ...Array<number>(rank - shape.length).fill(1),
  ...shape,
];

function sumOver(onnx: OnnxWriter, x: { name: string; dims: readonly number[] }, from: TensorType, to: TensorType) {
  const target = onnx.stored({ ...from, shape: withLeadingOnes(to.shape, from.shape.length) });
  const axes = x.dims.flatMap((extent, axis) => (extent !== target[axis] ? [axis] : []));
  const dims = onnx.stored(to);
  if (axes.length === 0) return onnx.view(x, dims);
  const summed = onnx.node("ReduceSum", [x, onnx.integers(axes)], { attributes: { keepdims: 1 }, dims: target });
  return sizeOf(dims) === sizeOf(target) ? onnx.view(summed, dims) : summed;
}
