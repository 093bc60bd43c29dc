export type { GraphBuilder } from "./builder.js";
export type { Layout, OnnxAttribute, OnnxTensor, OnnxWriter } from "./record.js";
export { noGradient, storedDims } from "./record.js";
export { createBuilder, inferNode, macsOf, recordOf } from "./table.js";
