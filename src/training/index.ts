export type { EpochRecord } from "./epoch-record.js";
export { type Optimizer, quickRecipe, type Recipe } from "./recipe.js";
export { type RunOptions, type RunResult, runTraining } from "./run.js";
export { createTraining, type Normalization, type StepProgress, type Training } from "./training.js";
