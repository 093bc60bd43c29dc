/**
 * Accuracy and one cost in a single number.
 *
 * @source Tan et al. 2018, arXiv:1807.11626, §3, eq. 2 and 3; EfficientNet-B0 was found with it, for FLOPs (arXiv:1905.11946, §4)
 */
export type RewardExponents = {
  /** w where the cost keeps the target. */
  readonly within: number;
  /** w where it does not. */
  readonly beyond: number;
};

/** Twice the cost is worth 5 % more accuracy, relatively: 1.05 · 2^w = 1 gives w = −0.07. */
export const softConstraint: RewardExponents = { within: -0.07, beyond: -0.07 };

/** Nothing is gained below the target, and nearly everything lost above it. */
export const hardConstraint: RewardExponents = { within: 0, beyond: -1 };

/** accuracy · (cost ÷ target)^w. @param accuracy a fraction. @param cost above 0, in the target's unit. */
export function reward(accuracy: number, cost: number, target: number, exponents: RewardExponents): number {
  return accuracy * (cost / target) ** (cost <= target ? exponents.within : exponents.beyond);
}
