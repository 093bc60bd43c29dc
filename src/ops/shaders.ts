/**
 * What WebGPU has no shader for, or a slow one, in terms of those that it has.
 *
 * A product has as many workers as its result has tiles, and a sum as many as it has results: over a whole batch that is a few of
 * the thousands that a chip has. So a long inner axis comes apart into pieces, and what they gave is summed.
 */
import { sizeOf } from "../ir/index.js";
import type { OnnxTensor, OnnxWriter } from "./record.js";

/** Rows and columns of the result that a group of ONNX Runtime's `MatMul` shader works on. */
const TILE = 32;
/** As many groups as keep a large chip busy. */
const GROUPS = 1024;
/** Shorter pieces of an inner axis are not worth their sum. */
const SHORTEST_PIECE = 128;
/** Numbers that one group sums. */
const LONGEST_SUM = 4096;

/** `a · bᵀ` or `aᵀ · b`, leading axes being a batch. */
export function transposedProduct(
  onnx: OnnxWriter,
  a: OnnxTensor,
  b: OnnxTensor,
  transposed: "transA" | "transB",
  dims: readonly number[],
): OnnxTensor {
  const [rows, columns] = dims.slice(-2) as [number, number];
  if (transposed === "transA") return onnx.node("MatMul", [turned(onnx, a), b], { dims });
  if (rows * columns === 1) return onnx.view(sumOfRows(onnx, onnx.node("Mul", [a, b])), dims);
  const inner = a.dims.at(-1)!;
  const groups = Math.ceil(rows / TILE) * Math.ceil(columns / TILE);
  const pieces = dims.length > 2 ? 1 : divisorFrom(inner, Math.min(inner / SHORTEST_PIECE, GROUPS / groups));
  if (pieces === 1) return onnx.node("MatMul", [a, turned(onnx, b)], { dims });
  const piece = inner / pieces;
  const ofA = onnx.node("Transpose", [onnx.view(a, [rows, pieces, piece])], {
    attributes: { perm: [1, 0, 2] },
    dims: [pieces, rows, piece],
  });
  const ofB = onnx.node("Transpose", [onnx.view(b, [columns, pieces, piece])], {
    attributes: { perm: [1, 2, 0] },
    dims: [pieces, piece, columns],
  });
  const products = onnx.node("MatMul", [ofA, ofB], { dims: [pieces, rows, columns] });
  return onnx.node("ReduceSum", [products, onnx.integers([0])], { attributes: { keepdims: 0 }, dims });
}

type Reduction = "ReduceSum" | "ReduceMean" | "ReduceSumSquare";

/** The sum of each row, or its mean or the sum of its squares, along the last axis; that axis is gone. */
export function sumOfRows(onnx: OnnxWriter, x: OnnxTensor, type: Reduction = "ReduceSum"): OnnxTensor {
  const rows = x.dims.slice(0, -1);
  const length = x.dims.at(-1)!;
  const pieces = divisorFrom(length, length / LONGEST_SUM);
  const cut = onnx.view(x, [sizeOf(rows) * pieces, length / pieces]);
  const sums = lastAxis(onnx, type, cut);
  if (pieces === 1) return onnx.view(sums, rows);
  const ofPieces = type === "ReduceMean" ? "ReduceMean" : "ReduceSum";
  return onnx.view(lastAxis(onnx, ofPieces, onnx.view(sums, [sizeOf(rows), pieces])), rows);
}

function lastAxis(onnx: OnnxWriter, type: Reduction, x: OnnxTensor): OnnxTensor {
  const dims = x.dims.slice(0, -1);
  // In opset 17 only ReduceSum takes its axes as an input.
  return type === "ReduceSum"
    ? onnx.node(type, [x, onnx.integers([1])], { attributes: { keepdims: 0 }, dims })
    : onnx.node(type, [x], { attributes: { axes: [1], keepdims: 0 }, dims });
}

/** `log Σ e^x` taken from each row of `[N, K]`. */
export function logSoftmaxOfRows(onnx: OnnxWriter, x: OnnxTensor): OnnxTensor {
  const dims = [x.dims[0]!, 1];
  const most = onnx.node("ReduceMax", [x], { attributes: { axes: [1], keepdims: 1 }, dims });
  const below = onnx.node("Sub", [x, most]);
  const sum = onnx.node("ReduceSum", [onnx.node("Exp", [below]), onnx.integers([1])], {
    attributes: { keepdims: 1 },
    dims,
  });
  return onnx.node("Sub", [below, onnx.node("Log", [sum])]);
}

/** The last two axes exchanged. */
function turned(onnx: OnnxWriter, x: OnnxTensor): OnnxTensor {
  const [r, c] = x.dims.slice(-2) as [number, number];
  const batch = x.dims.slice(0, -2);
  const dims = [...batch, c, r];
  if (r === 1 || c === 1) return onnx.view(x, dims);
  const perm = [...batch.keys(), batch.length + 1, batch.length];
  return onnx.node("Transpose", [x], { attributes: { perm }, dims });
}

/** The smallest divisor of `n` that is at least `wanted`. */
function divisorFrom(n: number, wanted: number): number {
  let divisor = Math.max(1, Math.ceil(wanted));
  while (n % divisor !== 0) divisor++;
  return divisor;
}
