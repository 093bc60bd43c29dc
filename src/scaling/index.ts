export {
  type Budget,
  brokenLimits,
  type CostsAndLatency,
  costOf,
  inWords,
  type LimitName,
  limitNames,
  shrinkBudget,
  usedShare,
} from "./budget.js";
export {
  type Multipliers,
  publishedCoefficients,
  type Scaled,
  type ScalingRule,
  scaleByPhi,
  scaleToBudget,
} from "./compound.js";
export {
  bestOf,
  type Difference,
  type Gain,
  gainsPerDoubling,
  leadAtEqualMacs,
  type Measured,
  type Noise,
  pooledNoise,
} from "./findings.js";
export { coefficientGrid, defaultGrid, type GridOptions } from "./grid.js";
export type { LatticeOptions, Range } from "./lattice.js";
export { publishedSeries, type ScaledByPhi, type SeriesRow, scaleNetworkByPhi } from "./phi.js";
export { growthOf, noScaling, pointKey, powersOf, type ScaledPoint, scaledPoints } from "./point.js";
export type { Prediction } from "./prediction.js";
export type { Share } from "./shares.js";
export { defaultStudy, planStudy, type StudyDimension, type StudyOptions, type StudyPlan } from "./study-plan.js";
export {
  type BudgetCompiler,
  compileBudgets,
  type Dimension,
  type NextNetwork,
  type Size,
  type WithinBudget,
} from "./within-budget.js";
