/** Ops that move numbers without changing them. */
import { image, plain, sizeOf } from "../ir/index.js";
import { lanesFor } from "./forms.js";
import type { OnnxTensor } from "./record.js";
import { checkThat, noMacs, type OpRecord } from "./record.js";

export const reshape: OpRecord<"reshape"> = {
  formula: "y = x, in row-major order under another shape",
  infer: ([x], { shape }, at) => {
    checkThat(
      x!.axes === "plain",
      at,
      "a plain value",
      [x!],
      "flatten an image first: how it is stored is up to the lowering",
    );
    checkThat(sizeOf(x!.shape) === sizeOf(shape), at, `${sizeOf(shape)} numbers`, [x!]);
    return [plain(...shape)];
  },
  vjp: (g, { inputs }, [dy]) => [g.reshape(dy!, inputs[0]!.shape)],
  lower: (onnx, [x], { attributes }) => [onnx.view(x!, attributes.shape)],
  macs: noMacs,
};

export const flatten: OpRecord<"flatten"> = {
  formula: "y[n, (c·H + i)·W + j] = x[n,c,i,j]",
  infer: ([x], _, at) => {
    checkThat(x!.axes === "image", at, "an image", [x!]);
    return [plain(x!.shape[0]!, sizeOf(x!.shape.slice(1)))];
  },
  vjp: (g, { inputs }, [dy]) => [g.one("unflatten", [dy!], { shape: inputs[0]!.shape })],
  lower: (onnx, [x], node) => {
    const [n, c, h, w] = node.inputs[0]!.shape as [number, number, number, number];
    const { shape } = node.outputs[0]!;
    if (onnx.layout === "image-major") return [onnx.view(x!, shape)];
    const lanes = lanesFor(onnx, n);
    const swapped = onnx.node("Transpose", [onnx.view(x!, [c, n / lanes, h * w, lanes])], {
      attributes: { perm: [1, 3, 0, 2] },
      dims: [n / lanes, lanes, c, h * w],
    });
    return [onnx.view(swapped, shape)];
  },
  macs: noMacs,
};

export const unflatten: OpRecord<"unflatten"> = {
  formula: "y[n,c,i,j] = x[n, (c·H + i)·W + j]",
  infer: ([x], { shape }, at) => {
    const [n, c, h, w] = shape as [number, number, number, number];
    checkThat(
      x!.axes === "plain" && x!.shape[0] === n && sizeOf(x!.shape) === sizeOf(shape),
      at,
      `[${n}, ${c * h * w}]`,
      [x!],
    );
    return [image(n, c, h, w)];
  },
  vjp: (g, _, [dy]) => [g.flatten(dy!)],
  lower: (onnx, [x], { attributes }) => {
    const [n, c, h, w] = attributes.shape as [number, number, number, number];
    if (onnx.layout === "image-major") return [onnx.view(x!, attributes.shape)];
    const lanes = lanesFor(onnx, n);
    return [
      onnx.node("Transpose", [onnx.view(x!, [n / lanes, lanes, c, h * w])], {
        attributes: { perm: [2, 0, 3, 1] },
        dims: [c, n / lanes, h * w, lanes],
      }),
    ];
  },
  macs: noMacs,
};

export const concat: OpRecord<"concat"> = {
  formula: "y = x₁, x₂, … end to end; vectors only",
  infer: (inputs, _, at) => {
    checkThat(
      inputs.length > 0 && inputs.every((x) => x.axes === "plain" && x.shape.length === 1),
      at,
      "vectors",
      inputs,
    );
    return [plain(inputs.reduce((total, x) => total + x.shape[0]!, 0))];
  },
  vjp: (g, { inputs }, [dy]) =>
    g.split(
      dy!,
      inputs.map((x) => x.shape[0]!),
    ),
  lower: (onnx, inputs, node) => {
    if (inputs.length === 1) return [inputs[0]!];
    const join = (parts: readonly OnnxTensor[]): OnnxTensor => {
      if (parts.length === 1) return parts[0]!;
      if (parts.length > onnx.fan) return join(groupsOf(parts, onnx.fan).map(join));
      const length = parts.reduce((sum, { dims }) => sum + dims[0]!, 0);
      return onnx.node("Concat", parts, { attributes: { axis: 0 }, dims: [length] });
    };
    return [join(inputs.map((input, i) => onnx.view(input, node.inputs[i]!.shape)))];
  },
  macs: noMacs,
};

export const split: OpRecord<"split"> = {
  formula: "x₁, x₂, … = consecutive pieces of x; vectors only",
  infer: ([x], { sizes }, at) => {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    checkThat(
      x!.axes === "plain" && x!.shape.length === 1 && x!.shape[0] === total,
      at,
      `a vector of ${total} numbers`,
      [x!],
    );
    return sizes.map((size) => plain(size));
  },
  vjp: (g, { outputs }, gradients) => [g.concat(gradients.map((gradient, i) => gradient ?? g.mul(outputs[i]!, 0)))],
  lower: (onnx, [x], { attributes: { sizes } }) => {
    const part = (whole: OnnxTensor, lengths: readonly number[]): OnnxTensor[] => {
      if (lengths.length === 1) return [whole];
      const groups = groupsOf(lengths, onnx.fan);
      const totals = groups.map((group) => group.reduce((sum, length) => sum + length, 0));
      const dims = totals.map((total) => [total]);
      const pieces = onnx.nodes("Split", [whole, onnx.integers(totals)], dims, { axis: 0 });
      return pieces.flatMap((piece, i) => part(piece, groups[i]!));
    };
    return part(x!, sizes);
  },
  macs: noMacs,
};

/** At most `most` groups of neighbours, of nearly one size. */
function groupsOf<T>(items: readonly T[], most: number): T[][] {
  const groups = Math.min(items.length, most);
  const start = (i: number) => Math.floor((i * items.length) / groups);
  return Array.from({ length: groups }, (_, i) => items.slice(start(i), start(i + 1)));
}
