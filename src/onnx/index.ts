export { type LoweringOptions, lower } from "./lower.js";
export { type ArenaUse, arenaUse } from "./memory.js";
export { type OnnxSummary, readOnnx } from "./read.js";
