/** Everything the command line can do, for programs. */
export { BantamError, createRng, type ExitCode, type Rng } from "./base/index.js";
export { type Costs, costsOfProfile, type MemoryPlan, planMemory } from "./cost/index.js";
export { type Dataset, decodeImage, type ImageSet, openDataset, openImages, type Preprocessing } from "./data/index.js";
export {
  type EvaluateOptions,
  type EvaluateResult,
  evaluateFile,
  type FitOptions,
  type FitResult,
  fit,
  type Progress,
  type TrainOptions,
  type TrainResult,
  trainNetwork,
  VERSION,
} from "./fit/index.js";
export {
  type Architecture,
  buildArchitecture,
  buildNetwork,
  countArchitecture,
  networkNames,
  networks,
  originOf,
  type PublishedResult,
  parseNetwork,
  profileArchitecture,
  publishedResults,
  scaleArchitecture,
} from "./networks/index.js";
export { type LoadOptions, loadPretrained } from "./pretrained/index.js";
export { type FitReport, renderFitReport, renderFitSummary } from "./report/index.js";
export { chooseEngine, type Engine, type EngineChoice } from "./runtime/index.js";
export {
  type Budget,
  type BudgetCompiler,
  compileBudgets,
  type Limits,
  type Scaled,
  type ScaledByPhi,
  scaleByPhi,
  scaleNetworkByPhi,
  scaleToBudget,
  type WithinBudget,
} from "./scaling/index.js";
export {
  crowdingDistance,
  dominates,
  hardConstraint,
  hypervolume,
  imageSpace,
  kneeOf,
  mnasnetSpace,
  mobilenetV3Space,
  nonDominatedSort,
  type Point,
  paretoFront,
  reward,
  type SearchSpace,
  softConstraint,
} from "./search/index.js";
export {
  type Classifier,
  exportOnnx,
  type FilePrediction,
  loadModel,
  type Model,
  openClassifier,
  predictFiles,
  saveModel,
} from "./shipping/index.js";
