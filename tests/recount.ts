/**
 * Parameters and multiply-accumulates of an ONNX file, counted from the file itself: shapes are followed from node to node
 * here, and nothing is shared with `cost`, `ops` or `networks`.
 */
import { readFile } from "node:fs/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, type NodeProto } from "../src/onnx/onnx_pb.js";

const FLOAT = 1;

export async function recount(path: string): Promise<{ params: number; floats: number; macs: number }> {
  const { graph } = fromBinary(ModelProtoSchema, await readFile(path));
  const constants = new Map(graph!.initializer.map((tensor) => [tensor.name, tensor]));
  const input = graph!.input[0]!;
  if (input.type?.value.case !== "tensorType") throw new Error("the input is no tensor");
  const [, h, w, c] = input.type.value.value.shape!.dim.map(({ value }) =>
    value.case === "dimValue" ? Number(value.value) : 1,
  );
  // [C, H, W] of each image-like value, batch left out.
  const shapes = new Map<string, readonly [number, number, number]>();
  let [macs, params] = [0, 0];
  const integers = (node: NodeProto, name: string) =>
    node.attribute.find((each) => each.name === name)?.ints.map(Number);
  for (const node of graph!.node) {
    const from = node.input.map((name) => shapes.get(name)).find((shape) => shape !== undefined);
    let to = from;
    if (node.opType === "Transpose" && from === undefined) to = [c!, h!, w!];
    if (node.opType === "GlobalAveragePool") to = [from![0], 1, 1];
    if (node.opType === "Conv") {
      const weights = node.input.slice(1).map((name) => constants.get(name)!);
      const [out, inner, kh, kw] = weights[0]!.dims.map(Number) as [number, number, number, number];
      const [stride] = integers(node, "strides")!;
      const [top, left, bottom, right] = integers(node, "pads")! as [number, number, number, number];
      const side = (extent: number, kernel: number, padding: number) =>
        Math.floor((extent + padding - kernel) / stride!) + 1;
      to = [out, side(from![1], kh, top + bottom), side(from![2], kw, left + right)];
      macs += out * to[1] * to[2] * inner * kh * kw;
      for (const { dims } of weights) params += dims.reduce((size, extent) => size * Number(extent), 1);
    }
    if (node.opType === "Gemm") {
      const weights = node.input.slice(1).map((name) => constants.get(name)!);
      const [out, inner] = weights[0]!.dims.map(Number) as [number, number];
      to = [out, 1, 1];
      macs += out * inner;
      for (const { dims } of weights) params += dims.reduce((size, extent) => size * Number(extent), 1);
    }
    // A product of a map with a vector keeps the map: squeeze-excite.
    const maps = node.input.flatMap((name) => shapes.get(name) ?? []);
    if (node.opType === "Mul" && maps.length === 6) {
      const [a, b] = [shapes.get(node.input[0]!)!, shapes.get(node.input[1]!)!];
      to = a[1] >= b[1] ? a : b;
    }
    if (to !== undefined) for (const name of node.output) shapes.set(name, to);
  }
  const floats = graph!.initializer
    .filter(({ dataType }) => dataType === FLOAT)
    .reduce((sum, { dims }) => sum + dims.reduce((size, extent) => size * Number(extent), 1), 0);
  return { params, floats, macs };
}
