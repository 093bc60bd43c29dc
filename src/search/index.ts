export * from "./evolution.js";
export { type CostGate, type Counted, requireFeasible } from "./feasible.js";
export { type Candidate, CHANNEL_DIVISOR, describe, imageSpace, type SearchSpace } from "./space.js";
