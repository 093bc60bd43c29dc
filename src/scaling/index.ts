export { type Budget, brokenLimits, shrinkBudget, usedShare } from "./budget.js";
export {
  type Scaled,
  type ScalingRule,
  scaleByPhi,
  scaleToBudget,
} from "./compound.js";
