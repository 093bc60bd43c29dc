export * from "./evolution.js";
export { type CostGate, type Counted, fitsSmallest, requireFeasible } from "./feasible.js";
export { type Candidate, CHANNEL_DIVISOR, describe, imageSpace, type SearchSpace } from "./space.js";
