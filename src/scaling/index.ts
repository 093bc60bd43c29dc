export { type Budget, brokenLimits, shrinkBudget, usedShare } from "./budget.js";
export {
  type Multipliers,
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
export { growthOf, noScaling, pointKey, powersOf, type ScaledPoint, scaledPoints } from "./point.js";
export { defaultStudy, planStudy, type StudyDimension, type StudyOptions, type StudyPlan } from "./study-plan.js";
