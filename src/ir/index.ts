export * from "./graph.js";
export * from "./print.js";
export * from "./shape.js";
export * from "./verify.js";
export * from "./vocabulary.js";
