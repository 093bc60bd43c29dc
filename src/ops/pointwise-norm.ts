/**
 * A pointwise convolution and the batch norm behind it as one op, for convolutions that widen: the map between the two is
 * never made.
 *
 * With the input as a matrix U of C rows and M = N·H·W columns, what batch norm needs of X = W·U follows from the covariance of
 * U's rows, which is small: mean(X) = W·μ, var(X) = diag(W·cov(U)·Wᵀ), and normalizing is another W. The same holds for the
 * gradient, which is affine in X and in dY. Of the wide maps the forward pass writes one and the backward pass reads one
 * twice; apart from each other the two ops pass over such maps twelve times.
 */
import { image, type NodeOf, plain, sizeOf, type Value } from "../ir/index.js";
import { matmul, needsChannelMajor, rows } from "./forms.js";
import { normGradOfRows, perChannel, statistics } from "./normalization.js";
import { checkThat, noGradient, type OnnxTensor, type OnnxWriter, type OpRecord } from "./record.js";

export const pointwiseNorm: OpRecord<"pointwiseNorm"> = {
  formula: "y = batchNorm(conv2d(x, w), γ, β); its mean and variance",
  infer: ([x, w, ...vectors], _, at) => {
    checkThat(x!.axes === "image" && w!.shape.length === 4, at, "an image and weights [out, in, 1, 1]", [x!, w!]);
    const [n, c, h, width] = x!.shape as [number, number, number, number];
    const [out, channels, kh, kw] = w!.shape as [number, number, number, number];
    checkThat(channels === c && kh * kw === 1, at, `weights [out, ${c}, 1, 1]`, [x!, w!]);
    for (const vector of vectors)
      checkThat(vector.shape.length === 1 && vector.shape[0] === out, at, `vectors of ${out} numbers`, [w!, vector]);
    return [image(n, out, h, width), plain(out), plain(out)];
  },
  vjp: (g, { inputs, outputs, attributes, path }, [dy, ...dStatistics]) => {
    const [x, w, gamma] = inputs;
    const [, , variance] = outputs;
    if (dStatistics.some((gradient) => gradient !== null)) {
      throw new Error(`internal: ${path}: the batch's statistics have no gradient of their own`);
    }
    return g.apply("pointwiseNormGrad", [dy!, x!, w!, gamma!, variance!], attributes);
  },
  lower: (onnx, [x, w, gamma, beta], node) => {
    needsChannelMajor(onnx, node);
    const { epsilon } = node.attributes;
    const [xType, wType] = node.inputs as readonly [Value, Value];
    if (onnx.shaders) return apart(onnx, [x!, w!, gamma!, beta!], node);
    const a = arithmetic(onnx);
    const { augmented, weights, mean, spread, out, m } = momentsOf(onnx, x!, w!, xType, wType);
    // Rounding can leave a variance just below zero.
    const variance = onnx.node("Relu", [sumOfRows(onnx, a.mul(spread, weights), out)]);
    const scale = a.div(onnx.view(gamma!, [out, 1]), deviationOf(onnx, variance, epsilon));
    const shift = a.sub(onnx.view(beta!, [out, 1]), a.mul(scale, mean));
    const normalizing = joined(onnx, a.mul(weights, scale), shift);
    const y = onnx.node("MatMul", [normalizing, augmented], { dims: [out, m] });
    return [y, onnx.view(mean, [out]), onnx.view(variance, [out])];
  },
  macs: ({ inputs, outputs }) => sizeOf(outputs[0]!.shape) * inputs[1]!.shape[1]!,
};

export const pointwiseNormGrad: OpRecord<"pointwiseNormGrad"> = {
  formula: "dx, dw, dγ, dβ: the gradients of conv2d at those of batchNorm, with the variance given",
  infer: ([, x, w, gamma]) => [x!, w!, gamma!, gamma!],
  vjp: noGradient,
  lower: (onnx, [dy, x, w, gamma, variance], node) => {
    needsChannelMajor(onnx, node);
    const { epsilon } = node.attributes;
    const [dyType, xType, wType] = node.inputs as readonly [Value, Value, Value];
    if (onnx.shaders) return gradApart(onnx, [dy!, x!, w!, gamma!, variance!], node);
    const a = arithmetic(onnx);
    const { augmented, weights, mean, center, spread, out, c, m } = momentsOf(onnx, x!, w!, xType, wType);
    const column = (vector: OnnxTensor) => onnx.view(vector, [out, 1]);
    const deviation = deviationOf(onnx, column(variance!), epsilon);
    const dyRows = rows(onnx, dy!, dyType);

    // The row of ones in U gives Σ dy beside dY·Uᵀ.
    const [products, dBeta] = parted(onnx, matmul(onnx, dyRows, augmented, "transB", [out, c + 1]));
    const dGamma = a.div(a.sub(sumOfRows(onnx, a.mul(products, weights), out), a.mul(mean, dBeta)), deviation);

    // dX = scale·dY + slope·(X − mean) − scale·Σdy / M, in the rows of W.
    const scale = a.div(column(gamma!), deviation);
    const slope = a.mul(a.div(a.mul(scale, dGamma), deviation), a.scalar(-1 / m));
    const level = a.mul(a.mul(scale, dBeta), a.scalar(-1 / m));

    const scaled = a.mul(weights, scale);
    const wide = matmul(onnx, scaled, dyRows, "transA", [c, m]);
    const bent = matmul(onnx, weights, a.mul(weights, slope), "transA", [c, c]);
    const offset = a.sub(
      matmul(onnx, weights, level, "transA", [c, 1]),
      onnx.node("MatMul", [bent, center], { dims: [c, 1] }),
    );
    const narrow = onnx.node("MatMul", [joined(onnx, bent, offset), augmented], { dims: [c, m] });

    const ofSums = a.mul(level, a.mul(onnx.view(center, [1, c]), a.scalar(m)), [out, c]);
    const ofSpread = a.mul(spread, a.mul(slope, a.scalar(m)));
    const dw = a.add(a.add(a.mul(products, scale), ofSpread), ofSums);
    return [a.add(wide, narrow), onnx.view(dw, wType.shape), onnx.view(dGamma, [out]), onnx.view(dBeta, [out])];
  },
  macs: ({ inputs }) => 2 * sizeOf(inputs[0]!.shape) * inputs[2]!.shape[1]!,
};

/** On a chip a pass over the wide map takes less time than the forty small nodes that spare it. */
function apart(
  onnx: OnnxWriter,
  [x, w, gamma, beta]: readonly [OnnxTensor, OnnxTensor, OnnxTensor, OnnxTensor],
  { inputs, outputs, attributes }: NodeOf<"pointwiseNorm">,
): OnnxTensor[] {
  const wide = widened(onnx, x, w, inputs[0]!, inputs[1]!);
  const { mean, variance } = statistics(onnx, wide);
  return [perChannel(onnx, wide, outputs[0]!, [gamma, beta, mean, variance], attributes.epsilon), ...[mean, variance]];
}

/** The wide map and its mean are the forward pass's: equal nodes are written once. */
function gradApart(
  onnx: OnnxWriter,
  [dy, x, w, gamma, variance]: readonly [OnnxTensor, OnnxTensor, OnnxTensor, OnnxTensor, OnnxTensor],
  { inputs, attributes }: NodeOf<"pointwiseNormGrad">,
): OnnxTensor[] {
  const [dyType, xType, wType] = inputs as readonly [Value, Value, Value];
  const [out, c] = wType.shape as [number, number];
  const wide = widened(onnx, x, w, xType, wType);
  const { mean } = statistics(onnx, wide);
  const own = { dy: rows(onnx, dy, dyType), x: wide, gamma, mean, variance };
  const [dWide, dGamma, dBeta] = normGradOfRows(onnx, own, dyType, attributes.epsilon);
  const dRows = onnx.view(dWide, wide.dims);
  const dx = matmul(onnx, onnx.view(w, [out, c]), dRows, "transA", [c, wide.dims[1]!]);
  const dw = matmul(onnx, dRows, rows(onnx, x, xType), "transB", [out, c]);
  return [dx, onnx.view(dw, wType.shape), dGamma, dBeta];
}

function widened(onnx: OnnxWriter, x: OnnxTensor, w: OnnxTensor, xType: Value, wType: Value): OnnxTensor {
  const [out, c] = wType.shape as [number, number];
  return onnx.node("MatMul", [onnx.view(w, [out, c]), rows(onnx, x, xType)], { dims: [out, sizeOf(xType.shape) / c] });
}

/** What both passes begin with; equal nodes are written once. */
function momentsOf(onnx: OnnxWriter, x: OnnxTensor, w: OnnxTensor, xType: Value, wType: Value) {
  const [out, c] = wType.shape as [number, number];
  const m = sizeOf(xType.shape) / c;
  const a = arithmetic(onnx);
  const ones = onnx.node("Expand", [onnx.floats([1], [1, 1]), onnx.integers([1, m])], { dims: [1, m] });
  const augmented = onnx.node("Concat", [rows(onnx, x, xType), ones], { attributes: { axis: 0 }, dims: [c + 1, m] });
  const sums = matmul(onnx, augmented, augmented, "transB", [c + 1, c + 1]);
  const dims = [
    [c, c + 1],
    [1, c + 1],
  ];
  const [upper] = onnx.nodes("Split", [a.mul(sums, a.scalar(1 / m)), onnx.integers([c, 1])], dims, { axis: 0 });
  /** Second moments and means of U's rows. */
  const [squares, center] = parted(onnx, upper!);
  const covariance = a.sub(squares, a.mul(center, onnx.view(center, [1, c]), [c, c]));
  const weights = onnx.view(w, [out, c]);
  return {
    out,
    c,
    m,
    augmented,
    weights,
    center,
    /** Of X, `[out, 1]`. */
    mean: onnx.node("MatMul", [weights, center], { dims: [out, 1] }),
    /** W·cov(U), `[out, C]`. */
    spread: onnx.node("MatMul", [weights, covariance], { dims: [out, c] }),
  };
}

/** `[R, C + 1]` as `[R, C]` and its last column `[R, 1]`. */
function parted(onnx: OnnxWriter, matrix: OnnxTensor): [OnnxTensor, OnnxTensor] {
  const [r, columns] = matrix.dims as [number, number];
  const dims = [
    [r, columns - 1],
    [r, 1],
  ];
  return onnx.nodes("Split", [matrix, onnx.integers([columns - 1, 1])], dims, { axis: 1 }) as [OnnxTensor, OnnxTensor];
}

function joined(onnx: OnnxWriter, matrix: OnnxTensor, column: OnnxTensor): OnnxTensor {
  const [r, c] = matrix.dims as [number, number];
  return onnx.node("Concat", [matrix, column], { attributes: { axis: 1 }, dims: [r, c + 1] });
}

function deviationOf(onnx: OnnxWriter, variance: OnnxTensor, epsilon: number): OnnxTensor {
  return onnx.node("Sqrt", [onnx.node("Add", [variance, onnx.floats([epsilon], [])])]);
}

function sumOfRows(onnx: OnnxWriter, matrix: OnnxTensor, r: number): OnnxTensor {
  return onnx.node("ReduceSum", [matrix, onnx.integers([1])], { attributes: { keepdims: 1 }, dims: [r, 1] });
}

/** Of numbers and small matrices, with the broadcasting of NumPy. By default the first operand has the result's extents. */
function arithmetic(onnx: OnnxWriter) {
  const binary = (type: string) => (a: OnnxTensor, b: OnnxTensor, dims?: readonly number[]) =>
    onnx.node(type, [a, b], dims === undefined ? {} : { dims });
  return {
    add: binary("Add"),
    sub: binary("Sub"),
    mul: binary("Mul"),
    div: binary("Div"),
    scalar: (value: number) => onnx.floats([value], []),
  };
}
