export { type FitOptions, type FitResult, fit } from "./fit.js";
export { noProgress, type Progress } from "./progress.js";
export { VERSION } from "./version.js";
