/** The product of two matrices. Each of its gradients is another product, so the op is closed under differentiation. */
import { plain, sizeOf } from "../ir/index.js";
import { checkThat, type OpRecord } from "./record.js";

export const matmul: OpRecord<"matmul"> = {
  formula: "y[i,j] = Σ_k a[i,k] · b[k,j]; a, b or both are transposed first",
  infer: ([a, b], { transposeA, transposeB }, at) => {
    const areMatrices = [a!, b!].every(({ axes, shape }) => axes === "plain" && shape.length === 2);
    checkThat(areMatrices, at, "two matrices", [a!, b!]);
    const [rows, inner] = turned(a!.shape, transposeA);
    const [height, columns] = turned(b!.shape, transposeB);
    checkThat(inner === height, at, `a second matrix with ${inner} rows${transposeB ? ", transposed" : ""}`, [a!, b!]);
    return [plain(rows, columns)];
  },
  // With A and B as they are multiplied: dA = dy · Bᵀ and dB = Aᵀ · dy; turned back where they were turned.
  vjp: (g, { inputs, attributes: { transposeA, transposeB } }, [dy]) => {
    const [a, b] = inputs;
    return [
      transposeA
        ? g.matmul(b!, dy!, { transposeA: transposeB, transposeB: true })
        : g.matmul(dy!, b!, { transposeB: !transposeB }),
      transposeB
        ? g.matmul(dy!, a!, { transposeA: true, transposeB: transposeA })
        : g.matmul(a!, dy!, { transposeA: !transposeA }),
    ];
  },
  lower: (onnx, [a, b], { inputs, outputs, attributes: { transposeA, transposeB } }) => {
    const operands = [onnx.view(a!, inputs[0]!.shape), onnx.view(b!, inputs[1]!.shape)];
    const attributes = { transA: Number(transposeA), transB: Number(transposeB) };
    return [onnx.node("Gemm", operands, { attributes, dims: outputs[0]!.shape })];
  },
  macs: ({ inputs, outputs, attributes }) =>
    sizeOf(outputs[0]!.shape) * turned(inputs[0]!.shape, attributes.transposeA)[1],
};

function turned([rows, columns]: readonly number[], transpose: boolean): [rows: number, columns: number] {
  return transpose ? [columns!, rows!] : [rows!, columns!];
}
