/**
 * Batch normalization. In training it uses the batch's own mean and (biased) variance over N, H and W and gives them out,
 * so that the running statistics can be kept elsewhere.
 * @source Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 1
 */
import { plain, sizeOf, type TensorType, type Value } from "../ir/index.js";
import { lanesFor, matmul, needsChannelMajor, rows } from "./forms.js";
import { affineOfLanes, forEachImage } from "./lanes.js";
import { checkThat, noGradient, noMacs, type OnnxTensor, type OnnxWriter, type OpRecord } from "./record.js";
import { sumOfRows } from "./shaders.js";

export const batchNorm: OpRecord<"batchNorm"> = {
  formula: "μ = mean(x), v = mean(x²) − μ², y = γ · (x − μ) / √(v + ε) + β",
  source: "Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 1",
  infer: (inputs, _, at) => {
    const x = inputs[0]!;
    checkChannels(inputs, at);
    return [x, plain(x.shape[1]!), plain(x.shape[1]!)];
  },
  vjp: (g, { inputs, outputs, attributes, path }, [dy, ...dStatistics]) => {
    const [x, gamma] = inputs;
    const [, mean, variance] = outputs;
    if (dStatistics.some((gradient) => gradient !== null)) {
      throw new Error(`internal: ${path}: the batch's statistics have no gradient of their own`);
    }
    return g.apply("batchNormGrad", [dy!, x!, gamma!, mean!, variance!], attributes);
  },
  lower: (onnx, [x, gamma, beta], node) => {
    needsChannelMajor(onnx, node);
    const type = node.inputs[0]!;
    const matrix = rows(onnx, x!, type);
    const { mean, variance } = statistics(onnx, matrix);
    return [perChannel(onnx, matrix, type, [gamma!, beta!, mean, variance], node.attributes.epsilon), mean, variance];
  },
  macs: noMacs,
};

export const batchNormGrad: OpRecord<"batchNormGrad"> = {
  formula: "dβ = Σ dy, dγ = Σ dy · x̂, dx = γ/√(v + ε) · (dy − dβ/M − x̂ · dγ/M), with x̂ = (x − μ)/√(v + ε), M = N·H·W",
  source: "Ioffe and Szegedy 2015, arXiv:1502.03167, §3",
  infer: ([dy, x]) => [dy!, plain(x!.shape[1]!), plain(x!.shape[1]!)],
  vjp: noGradient,
  lower: (onnx, [dy, x, gamma, mean, variance], node) => {
    needsChannelMajor(onnx, node);
    const type = node.inputs[1]!;
    const [dyRows, xRows] = [rows(onnx, dy!, type), rows(onnx, x!, type)];
    const inputs = { dy: dyRows, x: xRows, gamma: gamma!, mean: mean!, variance: variance! };
    return normGradOfRows(onnx, inputs, type, node.attributes.epsilon);
  },
  macs: noMacs,
};

/** Of each row of a matrix: mean and biased variance, `[C]`. */
export function statistics(onnx: OnnxWriter, matrix: OnnxTensor) {
  const [c, m] = matrix.dims as [number, number];
  const mean = reduce(onnx, "ReduceMean", matrix, c);
  const square = onnx.node("Mul", [rowProducts(onnx, matrix, matrix), onnx.floats([1 / m], [])]);
  // Rounding can leave a variance just below zero.
  const variance = onnx.node("Relu", [onnx.node("Sub", [square, onnx.node("Mul", [mean, mean])])]);
  return { mean, variance };
}

/**
 * dx, dγ, dβ. dx is an affine map per channel of dy and of x: dx = a·dy + b·x + d, so BatchNormalization computes it, row by row.
 *
 * @param type of the maps whose rows `dy` and `x` are.
 */
export function normGradOfRows(
  onnx: OnnxWriter,
  inputs: Readonly<Record<"dy" | "x" | "gamma" | "mean" | "variance", OnnxTensor>>,
  type: TensorType,
  epsilon: number,
): [dx: OnnxTensor, dGamma: OnnxTensor, dBeta: OnnxTensor] {
  if (onnx.shaders) return normGradOfFewNodes(onnx, inputs, epsilon);
  const { dy, x, gamma, mean, variance } = inputs;
  const [c, m] = x.dims as [number, number];
  const mul = (a: OnnxTensor, b: OnnxTensor) => onnx.node("Mul", [a, b]);
  const scalar = (value: number) => onnx.floats([value], []);

  const deviation = onnx.node("Sqrt", [onnx.node("Add", [variance, scalar(epsilon)])]);
  const dBeta = reduce(onnx, "ReduceSum", dy, c);
  const centred = onnx.node("Sub", [rowProducts(onnx, dy, x), mul(mean, dBeta)]);
  const dGamma = onnx.node("Div", [centred, deviation]);

  const a = onnx.node("Div", [gamma, deviation]);
  const b = mul(onnx.node("Div", [mul(a, dGamma), deviation]), scalar(-1 / m));
  const d = onnx.node("Sub", [mul(mul(a, dBeta), scalar(-1 / m)), mul(b, mean)]);
  const n = type.shape[0]!;
  if (isLargeInLanes(onnx, type)) {
    const [ofDy, ofX, level] = [a, b, d].map((each) => forEachImage(onnx, each, n));
    const fromX = affineOfLanes(onnx, x, type, ofX!);
    return [affineOfLanes(onnx, dy, type, ofDy!, level, fromX), dGamma, dBeta];
  }
  const zeros = onnx.floats(new Float32Array(c), [c]);
  const ones = onnx.floats(new Float32Array(c).fill(1), [c]);
  const fromDy = perChannel(onnx, dy, type, [a, d, zeros, ones], 0);
  const fromX = perChannel(onnx, x, type, [b, zeros, zeros, ones], 0);
  return [onnx.node("Add", [fromDy, fromX]), dGamma, dBeta];
}

/**
 * By way of the normalized x̂: dx = γ/σ · (dy − dβ/M) − γ · dγ/M · x̂/σ. On a chip a node costs as much time as a pass over a map, so
 * BatchNormalization's own arithmetic takes the place of ten small nodes.
 */
function normGradOfFewNodes(
  onnx: OnnxWriter,
  { dy, x, gamma, mean, variance }: Parameters<typeof normGradOfRows>[1],
  epsilon: number,
): [dx: OnnxTensor, dGamma: OnnxTensor, dBeta: OnnxTensor] {
  const [c, m] = x.dims as [number, number];
  const zeros = onnx.floats(new Float32Array(c), [c]);
  const ones = onnx.floats(new Float32Array(c).fill(1), [c]);
  const share = onnx.floats([1 / m], []);
  const normalized = ofRows(onnx, x, [ones, zeros, mean, variance], epsilon);
  const dBeta = sumOfRows(onnx, dy);
  const dGamma = sumOfRows(onnx, onnx.node("Mul", [dy, onnx.view(normalized, dy.dims)]));
  const bend = onnx.node("Mul", [onnx.node("Mul", [gamma, dGamma]), share]);
  const fromDy = ofRows(onnx, dy, [gamma, zeros, onnx.node("Mul", [dBeta, share]), variance], epsilon);
  const fromX = ofRows(onnx, normalized, [bend, zeros, zeros, variance], epsilon);
  return [onnx.node("Sub", [fromDy, fromX]), dGamma, dBeta];
}

export const batchNormInference: OpRecord<"batchNormInference"> = {
  formula: "y = γ · (x − μ) / √(v + ε) + β, with μ and v from the running statistics",
  source: "Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 2",
  infer: (inputs, _, at) => {
    checkChannels(inputs, at);
    return [inputs[0]!];
  },
  // μ and v are buffers: they are not learned.
  vjp: (g, { inputs, attributes }, [dy]) => {
    const [x, gamma, , mean, variance] = inputs as [Value, Value, Value, Value, Value];
    const zero = g.mul(mean, 0);
    const one = g.add(zero, 1);
    const normalized = g.one("batchNormInference", [x, one, zero, mean, variance], attributes);
    return [
      g.one("batchNormInference", [dy!, gamma, zero, zero, variance], attributes),
      g.channelSum(g.mul(dy!, normalized)),
      g.channelSum(dy!),
      null,
      null,
    ];
  },
  lower: (onnx, [x, gamma, beta, mean, variance], node) => {
    const { epsilon } = node.attributes;
    const parameters = [gamma!, beta!, mean!, variance!];
    if (onnx.layout === "channel-major")
      return [perChannel(onnx, rows(onnx, x!, node.inputs[0]!), node.inputs[0]!, parameters, epsilon)];
    return [onnx.node("BatchNormalization", [x!, ...parameters], { attributes: { epsilon: { float: epsilon } } })];
  },
  macs: noMacs,
};

function checkChannels([x, ...vectors]: Parameters<OpRecord<"batchNorm">["infer"]>[0], at: string): void {
  const c = x!.shape[1];
  checkThat(x!.axes === "image", at, "an image", [x!]);
  for (const vector of vectors)
    checkThat(vector.shape.length === 1 && vector.shape[0] === c, at, `vectors of ${c} numbers`, [x!, vector]);
}

function reduce(onnx: OnnxWriter, type: "ReduceMean" | "ReduceSum", matrix: OnnxTensor, c: number): OnnxTensor {
  if (onnx.shaders) {
    return sumOfRows(onnx, matrix, type);
  }
  // In opset 17 only ReduceSum takes its axes as an input.
  return type === "ReduceSum"
    ? onnx.node(type, [matrix, onnx.integers([1])], { attributes: { keepdims: 0 }, dims: [c] })
    : onnx.node(type, [matrix], { attributes: { axes: [1], keepdims: 0 }, dims: [c] });
}

/**
 * `[C]`: the inner product of each row of `a` with the same row of `b`. As a batch of 1 × M times (1 × M)ᵀ it takes a
 * twentieth of the time of 1 × M times M × 1, and a fifth of that of ReduceSumSquare.
 */
function rowProducts(onnx: OnnxWriter, a: OnnxTensor, b: OnnxTensor): OnnxTensor {
  if (onnx.shaders && a === b) return sumOfRows(onnx, a, "ReduceSumSquare");
  const [c, m] = a.dims as [number, number];
  const product = matmul(onnx, onnx.view(a, [c, 1, m]), onnx.view(b, [c, 1, m]), "transB", [c, 1, 1]);
  return onnx.view(product, [c]);
}

/** BatchNormalization runs on one thread; on a smaller map it takes less time than the dozen nodes that spare it. */
const LARGE = 500_000;

const isLargeInLanes = (onnx: OnnxWriter, { shape }: TensorType) =>
  lanesFor(onnx, shape[0]!) > 1 && sizeOf(shape) >= LARGE;

/** `scale · (x − mean) / √(variance + ε) + bias` on each row. */
export function perChannel(
  onnx: OnnxWriter,
  matrix: OnnxTensor,
  type: TensorType,
  parameters: readonly OnnxTensor[],
  epsilon: number,
): OnnxTensor {
  const n = type.shape[0]!;
  if (isLargeInLanes(onnx, type)) {
    const [scale, bias, mean, variance] = parameters as [OnnxTensor, OnnxTensor, OnnxTensor, OnnxTensor];
    const deviation = onnx.node("Sqrt", [onnx.node("Add", [variance, onnx.floats([epsilon], [])])]);
    const slope = onnx.node("Div", [scale, deviation]);
    const shift = onnx.node("Sub", [bias, onnx.node("Mul", [slope, mean])]);
    return affineOfLanes(onnx, matrix, type, forEachImage(onnx, slope, n), forEachImage(onnx, shift, n));
  }
  return ofRows(onnx, matrix, parameters, epsilon);
}

function ofRows(onnx: OnnxWriter, matrix: OnnxTensor, parameters: readonly OnnxTensor[], epsilon: number): OnnxTensor {
  const [c, m] = matrix.dims.slice(-2) as [number, number];
  return onnx.node("BatchNormalization", [onnx.view(matrix, [1, c, m]), ...parameters], {
    attributes: { epsilon: { float: epsilon } },
  });
}
