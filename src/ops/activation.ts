/**
 * The papers' activations. Gradients are written with the output where that lets the input's memory go. At a kink the slope is
 * that of the flat side.
 */
import type { OpName, Value } from "../ir/index.js";
import type { GraphBuilder } from "./builder.js";
import { noMacs, type OnnxTensor, type OnnxWriter, type OpRecord } from "./record.js";

type Activation = Extract<OpName, "relu" | "relu6" | "sigmoid" | "silu" | "hardSigmoid" | "hardSwish">;

function activation(rule: {
  formula: string;
  source: string;
  slope: (g: GraphBuilder, dy: Value, x: Value, y: Value) => Value;
  lower: (onnx: OnnxWriter, x: OnnxTensor) => OnnxTensor;
}): OpRecord<Activation> {
  return {
    formula: rule.formula,
    source: rule.source,
    infer: ([x]) => [x!],
    vjp: (g, { inputs, outputs }, [dy]) => [rule.slope(g, dy!, inputs[0]!, outputs[0]!)],
    lower: (onnx, [x]) => [rule.lower(onnx, x!)],
    macs: noMacs, // element-wise work is not counted
  };
}

export const relu = activation({
  formula: "y = max(x, 0)",
  source: "Howard et al. 2017, arXiv:1704.04861, §3.2",
  slope: (g, dy, _, y) => g.mul(dy, g.step(y)),
  lower: (onnx, x) => onnx.node("Relu", [x]),
});

export const relu6 = activation({
  formula: "y = min(max(x, 0), 6)",
  source: "Sandler et al. 2018, arXiv:1801.04381, §4",
  slope: (g, dy, _, y) => g.mul(dy, g.between(y, 0, 6)),
  lower: (onnx, x) => onnx.node("Clip", [x, onnx.floats([0], []), onnx.floats([6], [])]),
});

export const sigmoid = activation({
  formula: "y = 1 / (1 + e⁻ˣ)",
  source: "Hu et al. 2017, arXiv:1709.01507, §3.2",
  slope: (g, dy, _, y) => g.mul(dy, g.mul(y, g.sub(1, y))),
  lower: (onnx, x) => onnx.node("Sigmoid", [x]),
});

export const silu = activation({
  formula: "y = x · σ(x)",
  source: "Tan and Le 2019, arXiv:1905.11946, §4 (there: SiLU, or swish-1)",
  // dy/dx = σ + x·σ·(1 − σ) = σ + y·(1 − σ)
  slope: (g, dy, x, y) => {
    const gate = g.sigmoid(x);
    return g.mul(dy, g.add(gate, g.mul(y, g.sub(1, gate))));
  },
  // QuickGelu(x) = x · σ(α·x) takes one pass instead of two; deployed files hold standard ops alone.
  lower: (onnx, x) =>
    onnx.layout === "channel-major"
      ? onnx.node("QuickGelu", [x], { attributes: { alpha: { float: 1 } }, domain: "com.microsoft" })
      : onnx.node("Mul", [x, onnx.node("Sigmoid", [x])]),
});

export const hardSigmoid = activation({
  formula: "y = relu6(x + 3) / 6",
  source: "Howard et al. 2019, arXiv:1905.02244, §5.2",
  slope: (g, dy, x) => g.mul(g.mul(dy, 1 / 6), g.between(x, -3, 3)),
  lower: (onnx, x) => onnx.node("HardSigmoid", [x], { attributes: { alpha: { float: 1 / 6 }, beta: { float: 0.5 } } }),
});

export const hardSwish = activation({
  formula: "y = x · relu6(x + 3) / 6",
  source: "Howard et al. 2019, arXiv:1905.02244, §5.2",
  // dy/dx = 0 below −3, 1 above 3, x/3 + 1/2 between: with r = hardSigmoid(x), that is r + (r − 1/2 between, else 0).
  slope: (g, dy, x) => {
    const r = g.hardSigmoid(x);
    return g.mul(dy, g.add(r, g.mul(g.sub(r, 0.5), g.between(x, -3, 3))));
  },
  lower: (onnx, x) => onnx.node("HardSwish", [x]),
});
