export type { GraphBuilder } from "./builder.js";
export type { Kernels, Layout, OnnxAttribute, OnnxTensor, OnnxWriter } from "./record.js";
export { noGradient, plainKernels, storedDims } from "./record.js";
export { createBuilder, inferNode, macsOf, recordOf } from "./table.js";
