export { isHopeless } from "./early-stopping.js";
export { enumerateCandidates, spaceSize } from "./enumerate.js";
export {
  type CostGate,
  type Counted,
  count,
  fitsSmallest,
  keepsBudget,
  largestFeasible,
  mutateFeasible,
  requireFeasible,
  sampleFeasible,
} from "./feasible.js";
export { bestTrial, errorAndCosts, frontOf, pointOf, volumeShare } from "./objective.js";
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
export { type Assignment, runSearch, type SearchRun } from "./run-search.js";
export {
  type Candidate,
  candidateKey,
  candidateOf,
  decode,
  describe,
  genesOf,
  isCandidate,
  networkKey,
  type SearchSpace,
} from "./space.js";
export { parseSpaceConfig, type SpaceMaker, spaceJsonSchema } from "./space-config.js";
export { imageSpace, mnasnetSpace, mobilenetV3Space, type SpaceOptions } from "./spaces.js";
export { type ControllerOptions, controller } from "./strategies/controller/controller.js";
export { type PrefilterOptions, prefiltered } from "./strategies/prefiltered.js";
export { createStrategy, strategyKinds, strategyNames } from "./strategies/registry.js";
export { rankByFront } from "./strategies/selection.js";
export type { Objective, Outcome, Proposal, SearchContext, Strategy, Trial } from "./strategy.js";
export type { StrategyKind } from "./strategy-kind.js";
