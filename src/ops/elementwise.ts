/** Arithmetic on every number by itself, with the broadcasting of NumPy and ONNX. */
import { plain, type Shape, sameShape, type TensorType, type Value } from "../ir/index.js";
import type { GraphBuilder } from "./builder.js";
import { checkThat, noGradient, noMacs, type OnnxTensor, type OnnxWriter, type OpRecord } from "./record.js";

type Arithmetic = "add" | "sub" | "mul" | "div";
type Comparison = "equal" | "lessEqual";

/**
 * Images broadcast with images, and with scalars; plain values with plain values. A vector of channels never meets an
 * image: which axis it would run along depends on how the image is stored.
 */
function broadcast(types: readonly TensorType[], at: string): { shape: Shape; axes: TensorType["axes"] } {
  const axes = types.some((type) => type.axes === "image") ? "image" : "plain";
  const fits = types.every((type) => type.axes === axes || type.shape.length === 0);
  checkThat(fits, at, "images with images or scalars", types, "reshape a vector of channels to an image [1, C, 1, 1]");
  const rank = Math.max(...types.map((type) => type.shape.length));
  const shape = Array.from({ length: rank }, (_, i) => {
    const extents = types.map((type) => type.shape[i - rank + type.shape.length] ?? 1);
    const widest = Math.max(...extents);
    checkThat(
      extents.every((extent) => extent === widest || extent === 1),
      at,
      "shapes that broadcast",
      types,
    );
    return widest;
  });
  return { shape, axes };
}

function arithmetic(
  formula: string,
  onnxType: string,
  gradients: (g: GraphBuilder, a: Value, b: Value, y: Value, dy: Value) => [Value, Value],
): OpRecord<Arithmetic> {
  return {
    formula,
    infer: (inputs, _, at) => [{ dtype: "float32", ...broadcast(inputs, at) }],
    vjp: (g, { inputs, outputs }, [dy]) => {
      const [a, b] = inputs as [Value, Value];
      return gradients(g, a, b, outputs[0]!, dy!).map((gradient, i) => reduceTo(g, gradient, inputs[i]!));
    },
    lower: (onnx, inputs, node) => [
      onnx.node(onnxType, align(onnx, inputs, node.inputs), { dims: onnx.stored(node.outputs[0]!) }),
    ],
    macs: noMacs,
  };
}

/** Sums a gradient over the axes along which its operand was broadcast. */
function reduceTo(g: GraphBuilder, gradient: Value, operand: Value): Value {
  return sameShape(gradient.shape, operand.shape) ? gradient : g.sumTo(gradient, operand.shape);
}

/** Operands of a broadcasting node must have their own extents, not those of a view. */
function align(onnx: OnnxWriter, inputs: readonly OnnxTensor[], types: readonly TensorType[]): OnnxTensor[] {
  return inputs.map((input, i) => onnx.view(input, onnx.stored(types[i]!)));
}

export const add = arithmetic("y = a + b", "Add", (_g, _a, _b, _y, dy) => [dy, dy]);
export const sub = arithmetic("y = a − b", "Sub", (g, _a, _b, _y, dy) => [dy, g.mul(dy, -1)]);
export const mul = arithmetic("y = a · b", "Mul", (g, a, b, _y, dy) => [g.mul(dy, b), g.mul(dy, a)]);
export const div = arithmetic("y = a / b", "Div", (g, _a, b, y, dy) => {
  const da = g.div(dy, b);
  return [da, g.mul(g.mul(da, y), -1)];
});

function comparison(formula: string, onnxType: string): OpRecord<Comparison> {
  return {
    formula,
    infer: (inputs, _, at) => [{ dtype: "bool", ...broadcast(inputs, at) }],
    vjp: () => [null, null], // piecewise constant
    lower: (onnx, inputs, node) => [
      onnx.node(onnxType, align(onnx, inputs, node.inputs), { dims: onnx.stored(node.outputs[0]!) }),
    ],
    macs: noMacs,
  };
}

export const equal = comparison("y = a = b", "Equal");
export const lessEqual = comparison("y = a ≤ b", "LessOrEqual");

export const where: OpRecord<"where"> = {
  formula: "y = condition ? a : b",
  infer: (inputs, _, at) => [{ dtype: "float32", ...broadcast(inputs, at) }],
  vjp: (g, { inputs }, [dy]) => {
    const [condition, a, b] = inputs as [Value, Value, Value];
    return [null, reduceTo(g, g.where(condition, dy!, 0), a), reduceTo(g, g.where(condition, 0, dy!), b)];
  },
  lower: (onnx, inputs, node) => [
    onnx.node("Where", align(onnx, inputs, node.inputs), { dims: onnx.stored(node.outputs[0]!) }),
  ],
  macs: noMacs,
};

export const exp: OpRecord<"exp"> = {
  formula: "y = eˣ",
  infer: ([x]) => [x!],
  vjp: (g, { outputs }, [dy]) => [g.mul(dy!, outputs[0]!)],
  lower: (onnx, [x]) => [onnx.node("Exp", [x!])],
  macs: noMacs,
};

export const sqrt: OpRecord<"sqrt"> = {
  formula: "y = √x",
  infer: ([x]) => [x!],
  vjp: (g, { outputs }, [dy]) => [g.div(g.mul(dy!, 0.5), outputs[0]!)],
  lower: (onnx, [x]) => [onnx.node("Sqrt", [x!])],
  macs: noMacs,
};

export const constant: OpRecord<"constant"> = {
  formula: "y = values",
  infer: (_, { shape }) => [plain(...shape)],
  vjp: noGradient,
  lower: (onnx, _, { attributes }) => [onnx.floats(attributes.values, attributes.shape)],
  macs: noMacs,
};
