export {
  type ScoringBatch,
  type ZeroCostName,
  type ZeroCostScores,
  zeroCostNames,
  zeroCostScores,
} from "./zero-cost.js";
