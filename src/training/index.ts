export { assemble, type Batch, batchesOf } from "./batches/batch.js";
export { createBody, featureSet, squaredLengthOf } from "./batches/features.js";
export {
  defaultPlan,
  type FineTunePlan,
  normsOf,
  type Phase,
  parsePlan,
  recipeOfPhase,
} from "./recipe/fine-tune-plan.js";
export { rateFrom, risingRates } from "./recipe/range-test.js";
export { learningRateAt, type Optimizer, quickRecipe, type Recipe, warmingUpWithin } from "./recipe/recipe.js";
export { type FoundRecipe, parseRecipe, recipeNamed, recipeSchema } from "./recipe/recipe-file.js";
export { forBatch, type NamedRecipe, recipes } from "./recipe/recipes.js";
export { allFinite } from "./run/divergence.js";
export type { EpochRecord } from "./run/epoch-record.js";
export { createEvaluator } from "./run/evaluation.js";
export { type MeasuredEngine, measureEngines } from "./run/fastest.js";
export { placesIn } from "./run/inherit.js";
export { type RunOptions, type RunResult, runTraining, savedCourse } from "./run/run-training.js";
export { type CheckpointFolder, runsIn } from "./run/saved-run.js";
export { MOST_RETRIES, recipeAfter, type Setback, setbackLine } from "./run/setback.js";
export { stopAt } from "./run/stop.js";
export type { StepProgress } from "./run/train-epoch.js";
export { createTraining, type Training, type TrainingSetup } from "./run/training.js";
export { type FittingParts, partsWithin, planTrainingMemory, type TrainingMemory } from "./run/training-memory.js";
export { loadVectors, saveVectors } from "./run/vector-file.js";
export { partSize } from "./step/accumulation.js";
export type { Distillation } from "./step/distillation.js";
export { type FlatLayout, flatLayout, pack, vector } from "./step/flat.js";
export type { TrainedNetwork } from "./step/state.js";
export { names, type StateLayout, stateLayout } from "./step/state-layout.js";
export { buildGradientStep, buildStatistics } from "./step/step.js";
