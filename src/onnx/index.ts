export { type ArenaUse, arenaUse } from "./arena.js";
export { type LoweringOptions, lower } from "./lower.js";
export { type OnnxSummary, readOnnx } from "./read.js";
