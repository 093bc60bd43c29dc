export { quickRecipe, type Optimizer, type Recipe } from "./recipe.js";
export type { TrainingState } from "./state.js";
export { argmax, createTraining, type EpochResult, type Evaluation, type Normalization, type Training } from "./training.js";
