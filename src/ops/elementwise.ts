/** Arithmetic on every number by itself, with the broadcasting of NumPy and ONNX. */
import { plain, type Shape, sameShape, type TensorType, type Value } from "../ir/index.js";
import type { GraphBuilder } from "./builder.js";
import { lanesFor } from "./forms.js";
import { affineOfLanes } from "./lanes.js";
import { checkThat, noGradient, noMacs, type OnnxTensor, type OnnxWriter, type OpRecord } from "./record.js";

type Arithmetic = "add" | "sub" | "mul" | "div";

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
    lower: (onnx, inputs, node) => {
      const gated = onnxType === "Mul" ? gatedLanes(onnx, inputs, node.inputs) : null;
      return [gated ?? onnx.node(onnxType, align(onnx, inputs, node.inputs), { dims: onnx.stored(node.outputs[0]!) })];
    },
    macs: noMacs,
  };
}

/** A number per map times the map: with lanes ONNX Runtime broadcasts over rows as short as those. Null for all others. */
function gatedLanes(onnx: OnnxWriter, inputs: readonly OnnxTensor[], types: readonly TensorType[]): OnnxTensor | null {
  const gate = types.findIndex(({ axes, shape }) => axes === "image" && shape[2]! * shape[3]! === 1);
  const map = types[1 - gate];
  if (gate < 0 || !map || map.axes !== "image" || map.shape[2]! * map.shape[3]! === 1) return null;
  const [n, c] = map.shape as [number, number];
  const fits = types[gate]!.shape[0] === n && types[gate]!.shape[1] === c && lanesFor(onnx, n) > 1;
  return fits ? affineOfLanes(onnx, inputs[1 - gate]!, map, inputs[gate]!) : null;
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

export const lessEqual: OpRecord<"lessEqual"> = {
  formula: "y = a ≤ b",
  infer: (inputs, _, at) => [{ dtype: "bool", ...broadcast(inputs, at) }],
  vjp: () => [null, null], // piecewise constant
  lower: (onnx, inputs, node) => [
    onnx.node("LessOrEqual", align(onnx, inputs, node.inputs), { dims: onnx.stored(node.outputs[0]!) }),
  ],
  macs: noMacs,
};

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

/** Made of `mul`, `add` and `broadcastTo` where gradients are known already. */
export const scaleShift: OpRecord<"scaleShift"> = {
  formula: "y[n,c,i,j] = x[n,c,i,j] · scale[n,c] + shift[n,c]",
  infer: (inputs, _, at) => {
    const [x, ...pair] = inputs;
    const perMap = [...x!.shape.slice(0, 2), 1, 1];
    checkThat(
      pair.every(({ shape }) => sameShape(shape, perMap)),
      at,
      `two images [${perMap.join(", ")}]`,
      inputs,
    );
    return [x!];
  },
  vjp: noGradient,
  lower: (onnx, inputs, node) => {
    const type = node.inputs[0]!;
    const [x, scale, shift] = inputs as [OnnxTensor, OnnxTensor, OnnxTensor];
    if (lanesFor(onnx, type.shape[0]!) > 1) return [affineOfLanes(onnx, x, type, scale, shift)];
    const [map, factors, rest] = align(onnx, inputs, node.inputs);
    return [onnx.node("Add", [onnx.node("Mul", [map!, factors!]), rest!])];
  },
  macs: noMacs,
};

export const step: OpRecord<"step"> = {
  formula: "y = x > 0 ? 1 : 0",
  infer: ([x]) => [x!],
  vjp: () => [null], // piecewise constant
  // One pass of vector instructions. The slope is the largest there is, so that all but subnormal numbers reach 1.
  lower: (onnx, [x]) => [
    onnx.node("HardSigmoid", [x!], { attributes: { alpha: { float: 3e38 }, beta: { float: 0 } } }),
  ],
  macs: noMacs,
};

export const between: OpRecord<"between"> = {
  formula: "y = low < x < high ? 1 : 0",
  infer: ([x], { low, high }, at) => {
    checkThat(low < high, at, `a range, not ${low} … ${high}`, [x!]);
    return [x!];
  },
  vjp: () => [null], // piecewise constant
  // How far x is from the middle, |x| as a leaky ReLU of slope −1, and whether that is less than half the range. A comparison
  // would pass over less memory, but Cast runs on one thread, and waits for what lies in the others' caches.
  lower: (onnx, [x], { attributes: { low, high } }) => {
    const [middle, half] = [(low + high) / 2, (high - low) / 2];
    const centred = middle === 0 ? x! : onnx.node("Sub", [x!, onnx.floats([middle], [])]);
    const distance = onnx.node("LeakyRelu", [centred], { attributes: { alpha: { float: -1 } } });
    const attributes = { alpha: { float: -STEEP }, beta: { float: STEEP * half } };
    return [onnx.node("HardSigmoid", [distance], { attributes })];
  },
  macs: noMacs,
};

/** A power of two, so that it rounds nothing. */
const STEEP = 2 ** 100;

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
