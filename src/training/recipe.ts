/** How a network is trained, as data. */
import type { Augmentation } from "../data/index.js";

export type Optimizer =
  /** v ← μ·v + g; w ← w − lr·v, or with Nesterov's look-ahead w ← w − lr·(g + μ·v). */
  | { readonly kind: "sgd"; readonly momentum: number; readonly nesterov: boolean }
  /** TensorFlow's form: s ← ρ·s + (1 − ρ)·g² from s = 1; v ← μ·v + lr·g/√(s + ε); w ← w − v. */
  | { readonly kind: "rmsprop"; readonly decay: number; readonly momentum: number; readonly epsilon: number };

export type Recipe = {
  readonly optimizer: Optimizer;
  /** At the top of the schedule, for this batch size. */
  readonly learningRate: number;
  readonly batchSize: number;
  /** Linear from zero; then a cosine to zero. May be a fraction of an epoch. */
  readonly warmupEpochs: number;
  /** λ in g ← g + λ·w, for convolution and classifier weights only. */
  readonly weightDecay: number;
  /** ε in target ← (1 − ε)·target + ε/K. @source Szegedy et al. 2016, arXiv:1512.00567, §7 */
  readonly labelSmoothing: number;
  readonly augmentation: Augmentation;
};

/**
 * Bantam's own recipe for small images and short budgets: small batches for many steps, a large learning rate that falls
 * to zero within the budget.
 */
export const quickRecipe: Recipe = {
  optimizer: { kind: "sgd", momentum: 0.9, nesterov: true },
  learningRate: 0.2,
  batchSize: 64,
  warmupEpochs: 1,
  weightDecay: 5e-4,
  labelSmoothing: 0.05,
  augmentation: { shift: 0.08, flip: true, erase: 0 },
};
