export {
  type Activation,
  type Architecture,
  parseArchitecture,
  type SqueezeExcite,
  type Stage,
} from "./architecture.js";
export type { Mode, Noise, Statistics } from "./blocks.js";
export { buildDeployment, buildNetwork, type Network, type NetworkPart } from "./build.js";
export {
  type BuildOptions,
  buildArchitecture,
  type NetworkInfo,
  networkNames,
  networks,
  parseNetwork,
} from "./catalog.js";
export { countArchitecture } from "./count.js";
export type { DialectName, Paper } from "./family.js";
export { foldBatchNorm } from "./fold.js";
export { initializeParameters } from "./initialize.js";
export { type ArchitectureProfile, profileArchitecture, type StageProfile } from "./profile.js";
export { type PublishedResult, publishedFor, publishedResults } from "./published.js";
export { makeDivisible, scaleRepeats } from "./rounding.js";
export { compoundRules, type Scaling, type ScalingRules, scaleArchitecture } from "./scale.js";
export { fitStrides, halvingsFor } from "./small-images.js";
