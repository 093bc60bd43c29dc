export {
  type Activation,
  type Architecture,
  architectureSchema,
  parseArchitecture,
  type SqueezeExcite,
  type Stage,
} from "./architecture.js";
export { blocksOf, buildBlock, buildNearlyNothing, type NetworkBlock } from "./block-graphs.js";
export { expandedWidth, type Mode, type Noise, type Statistics, squeezedWidth } from "./blocks.js";
export { buildDeployment, buildNetwork, type Network, type NetworkPart } from "./build.js";
export {
  type BuildOptions,
  buildArchitecture,
  type NetworkInfo,
  networkNames,
  networks,
  type Origin,
  originOf,
  parseNetwork,
} from "./catalog.js";
export {
  type AccuracyPoint,
  type ComparedNetwork,
  compareNetwork,
  type FamilyCurve,
  type Landscape,
  landscape,
  type Rival,
  type Rivals,
  rivalsOf,
} from "./compare.js";
export { countArchitecture } from "./count.js";
export { type CountRule, type ExplainedFigure, type Explanation, explainCounts, explainNetwork } from "./explain.js";
export type { DialectName, Paper } from "./family.js";
export { foldBatchNorm } from "./fold.js";
export { initializeParameters } from "./initialize.js";
export type { PrintedFigure } from "./printed-figure.js";
export { type ArchitectureProfile, profileArchitecture, type StageProfile } from "./profile.js";
export { type PublishedResult, publishedFor, publishedResults } from "./published.js";
export { divisibleSteps, makeDivisible, scaleRepeats } from "./rounding.js";
export { compoundRules, type Scaling, type ScalingRules, scaleArchitecture } from "./scale.js";
export { fitStrides, halvingsFor } from "./small-images.js";
export { isTrained, parseTrainedPart, type TrainedPart } from "./trained-part.js";
export { buildBody, buildTuned, firstTrained, type Tuning } from "./tuned.js";
