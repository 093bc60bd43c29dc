export type { Activation, Architecture, SqueezeExcite, Stage } from "./architecture.js";
export { type ArchitectureProfile, profileArchitecture, type StageProfile } from "./architecture-profile.js";
export { architectureSchema, parseArchitecture } from "./architecture-schema.js";
export { blocksOf, buildBlock, buildNearlyNothing, type NetworkBlock } from "./block-graphs.js";
export {
  absent,
  type BlockRecord,
  type LayerName,
  type LayerReader,
  type OptionalField,
} from "./blocks/block-record.js";
export { blockNames, blocks } from "./blocks/blocks.js";
export { divisibleSteps, makeDivisible, scaleRepeats } from "./blocks/rounding.js";
export { addsInput, expandedWidth, squeezedWidth } from "./blocks/widths.js";
export { MOST_BLOCKS, requireFewWeights } from "./bounds.js";
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
export { countArchitecture } from "./count.js";
export { type CountRule, type ExplainedFigure, type Explanation, explainCounts, explainNetwork } from "./explain.js";
export type { DialectName, Paper } from "./family.js";
export { foldBatchNorm } from "./fold.js";
export { initializeParameters } from "./initialize.js";
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
} from "./landscape.js";
export type { Mode, Noise, Statistics } from "./layers.js";
export type { PrintedFigure } from "./printed-figure.js";
export { type PublishedResult, publishedFor, publishedResults } from "./published.js";
export { compoundRules, type Scaling, type ScalingRules, scaleArchitecture } from "./scale.js";
export { fitStrides, halvingsFor } from "./small-images.js";
export { isTrained, parseTrainedPart, type TrainedPart } from "./trained-part.js";
export { buildBody, buildTuned, firstTrained, type Tuning } from "./tuned.js";
