/** Everything the command line can do, for programs. */
export {
  BantamError,
  bootstrapInterval,
  createRng,
  type ExitCode,
  kendallTau,
  type Rng,
  spearman,
} from "./base/index.js";
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
  type RunSettings,
  resumableRun,
  type SearchOptions,
  searchNetworks,
  type TrainOptions,
  type TrainResult,
  trainNetwork,
  VERSION,
} from "./jobs/index.js";
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
export {
  type ScoringBatch,
  type ZeroCostName,
  type ZeroCostScores,
  zeroCostNames,
  zeroCostScores,
} from "./proxies/index.js";
export { type FitReport, renderFitReport, renderFitSummary, type SearchReport } from "./report/index.js";
export { availableEngines, chooseEngine, type DeviceChoice, type Engine } from "./runtime/index.js";
export {
  type Budget,
  type BudgetCompiler,
  compileBudgets,
  type Scaled,
  type ScaledByPhi,
  scaleByPhi,
  scaleNetworkByPhi,
  scaleToBudget,
  type WithinBudget,
} from "./scaling/index.js";
export {
  type Candidate,
  candidateKey,
  controller,
  createStrategy,
  crowdingDistance,
  dominates,
  enumerateCandidates,
  hardConstraint,
  hypervolume,
  imageSpace,
  kneeOf,
  mnasnetSpace,
  mobilenetV3Space,
  nonDominatedSort,
  type Point,
  paretoFront,
  parseSpaceConfig,
  reward,
  runSearch,
  type SearchSpace,
  type Strategy,
  softConstraint,
  spaceSize,
  strategyKinds,
  type Trial,
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
