export { type Budget, brokenLimits, shrinkBudget, usedShare } from "./budget.js";
export {
  type Multipliers,
  publishedCoefficients,
  type Scaled,
  type ScalingRule,
  scaleByPhi,
  scaleToBudget,
} from "./compound.js";
export type { LatticeOptions, Range } from "./lattice.js";
export type { CostsAndLatency, LimitName, Limits, Share } from "./limits.js";
export { publishedSeries, type ScaledByPhi, type SeriesRow, scaleNetworkByPhi } from "./phi.js";
export type { Prediction } from "./prediction.js";
export {
  type BudgetCompiler,
  compileBudgets,
  type Dimension,
  type NextNetwork,
  type Size,
  type WithinBudget,
} from "./within-budget.js";
