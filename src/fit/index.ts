export { type EvaluateOptions, type EvaluateResult, evaluateFile } from "./evaluate.js";
export { type FitResult, fit } from "./fit.js";
export type { FitOptions } from "./job.js";
export type { Progress } from "./progress.js";
export { type SearchOptions, searchNetworks } from "./search.js";
export { compareStudies, exportStudy } from "./study-facts.js";
export { type TrainOptions, type TrainResult, trainNetwork } from "./train.js";
export { VERSION } from "./version.js";
