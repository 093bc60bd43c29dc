/** The two ends of a classifier: pixels in, probabilities out. */
import { image } from "../ir/index.js";
import { checkThat, noGradient, noMacs, type OpRecord } from "./record.js";
import { logSoftmaxOfRows } from "./shaders.js";

export const softmax: OpRecord<"softmax"> = {
  formula: "y[n,k] = e^{x[n,k]} / Σ_j e^{x[n,j]}",
  infer: ([x], _, at) => {
    checkThat(x!.axes === "plain" && x!.shape.length === 2, at, "logits [N, K]", [x!]);
    return [x!];
  },
  vjp: (g, { outputs }, [dy]) => {
    const y = outputs[0]!;
    const product = g.mul(dy!, y);
    return [g.sub(product, g.mul(y, g.sumTo(product, [y.shape[0]!, 1])))];
  },
  lower: (onnx, [x]) => [onnx.node("Softmax", [x!], { attributes: { axis: 1 } })],
  macs: noMacs,
};

export const logSoftmax: OpRecord<"logSoftmax"> = {
  formula: "y[n,k] = x[n,k] − log Σ_j e^{x[n,j]}",
  infer: softmax.infer,
  vjp: (g, { outputs }, [dy]) => {
    const y = outputs[0]!;
    return [g.sub(dy!, g.mul(g.exp(y), g.sumTo(dy!, [y.shape[0]!, 1])))];
  },
  lower: (onnx, [x]) => [
    onnx.shaders ? logSoftmaxOfRows(onnx, x!) : onnx.node("LogSoftmax", [x!], { attributes: { axis: 1 } }),
  ],
  macs: noMacs,
};

export const pixelsToImage: OpRecord<"pixelsToImage"> = {
  formula: "y[n,c,i,j] = (x[n,i,j,c] / 255 − mean[c]) / std[c]",
  infer: ([x], { mean, std }, at) => {
    checkThat(x!.dtype === "uint8" && x!.shape.length === 4, at, "uint8 pixels [N, H, W, C]", [x!]);
    const [n, h, w, c] = x!.shape as [number, number, number, number];
    checkThat(mean.length === c && std.length === c, at, `mean and std of ${c} channels`, [x!]);
    return [image(n, c, h, w)];
  },
  vjp: noGradient,
  lower: (onnx, [x], node) => {
    const { mean, std } = node.attributes;
    const [n, c, h, w] = node.outputs[0]!.shape as [number, number, number, number];
    const perm = onnx.layout === "image-major" ? [0, 3, 1, 2] : [3, 0, 1, 2];
    const bytes = onnx.node("Transpose", [x!], { attributes: { perm }, dims: onnx.stored(node.outputs[0]!) });
    const pixels = onnx.node("Cast", [bytes], { attributes: { to: FLOAT } });
    const dims = onnx.layout === "image-major" ? [1, c, 1, 1] : [c, 1, 1, 1];
    const scaled = onnx.node("Mul", [
      pixels,
      onnx.floats(
        std.map((deviation) => 1 / (255 * deviation)),
        dims,
      ),
    ]);
    const offset = onnx.floats(
      mean.map((centre, i) => -centre / std[i]!),
      dims,
    );
    return [onnx.node("Add", [scaled, offset], { dims: onnx.stored({ ...node.outputs[0]!, shape: [n, c, h, w] }) })];
  },
  macs: noMacs,
};

/** `TensorProto.DataType.FLOAT`. */
const FLOAT = 1;
