export { type EvaluateOptions, type EvaluateResult, evaluateFile } from "./evaluate.js";
export { type FitResult, fit } from "./fit.js";
export type { FitOptions } from "./job.js";
export type { Progress } from "./progress.js";
export type { ScalingOptions } from "./scaling-experiment.js";
export { type ScalingSearchResult, scalingSearch } from "./scaling-search.js";
export { type ScalingStudyResult, scalingStudy } from "./scaling-study.js";
export { type TrainOptions, type TrainResult, trainNetwork } from "./train.js";
export { VERSION } from "./version.js";
