export { enumerateCandidates, spaceSize } from "./enumerate.js";
export * from "./evolution.js";
export { type CostGate, type Counted, fitsSmallest, requireFeasible } from "./feasible.js";
export {
  crowdingDistance,
  dominates,
  hypervolume,
  kneeOf,
  nonDominatedSort,
  type Point,
  paretoFront,
} from "./pareto.js";
export { hardConstraint, type RewardExponents, reward, softConstraint } from "./reward.js";
export { type Candidate, describe, type SearchSpace } from "./space.js";
export { parseSpaceConfig, type SpaceMaker, spaceJsonSchema } from "./space-config.js";
export { imageSpace, mnasnetSpace, mobilenetV3Space, type SpaceOptions } from "./spaces.js";
