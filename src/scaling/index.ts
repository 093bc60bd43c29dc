export { type Budget, brokenLimits, costNames, shrinkBudget, usedShare } from "./budget.js";
export {
  multipliersAt,
  publishedCoefficients,
  type Scaled,
  type ScalingRule,
  scaleByPhi,
  scaleToBudget,
} from "./compound.js";
