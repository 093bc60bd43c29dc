/** How a network is trained, as data. */
import type { Augmentation } from "../../data/index.js";
import { learningRateShare, type Schedule } from "./schedule.js";

export type Optimizer =
  /** v ← μ·v + g; w ← w − lr·v, or with Nesterov's look-ahead w ← w − lr·(g + μ·v). */
  | { readonly kind: "sgd"; readonly momentum: number; readonly nesterov: boolean }
  /** TensorFlow's form: s ← ρ·s + (1 − ρ)·g² from s = 1; v ← μ·v + lr·g/√(s + ε); w ← w − v. */
  | { readonly kind: "rmsprop"; readonly decay: number; readonly momentum: number; readonly epsilon: number }
  /** m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²; w ← w − lr·(m̂/(√v̂ + ε) + λ·w), m̂ and v̂ without their bias. */
  | AdaptiveMoments<"adamw">
  /** AdamW's direction u, of each tensor as long as the tensor itself: w ← w − lr·(‖w‖/‖u‖)·u. */
  | AdaptiveMoments<"lamb">;

type AdaptiveMoments<Kind> = {
  readonly kind: Kind;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
};

export type Mixing = {
  /** α of Beta(α, α), from which the share of the first picture is drawn; 0 switches it off. Both on: each batch has one, evenly drawn. */
  readonly mixup: number;
  readonly cutmix: number;
};

export type Recipe = {
  readonly optimizer: Optimizer;
  /** At the top of the schedule, for this batch size. */
  readonly learningRate: number;
  /** Images of an update. */
  readonly batchSize: number;
  /**
   * In how many parts a batch goes through the network, for one update: a step needs the memory of a part. Batch norm sees
   * one part at a time.
   */
  readonly accumulate: number;
  readonly schedule: Schedule;
  /** Linear from zero; then the schedule. May be a fraction of an epoch. */
  readonly warmupEpochs: number;
  /**
   * λ, for convolution and classifier weights only. SGD and RMSProp: in g ← g + λ·w, through the moments as in the papers' code.
   * AdamW and LAMB: beside the moments.
   */
  readonly weightDecay: number;
  /** The gradient of all weights together is made no longer than this; null leaves it. */
  readonly clipNorm: number | null;
  /**
   * d in average ← d·average + (1 − d)·weights after each update, at most (1 + t)/(10 + t) after t of them; the averages, those of the
   * batch-norm statistics too, are what is evaluated and shipped. null: no averages.
   * @source Polyak and Juditsky 1992; the early d as in TensorFlow's `ExponentialMovingAverage`
   */
  readonly ema: number | null;
  /** ε in target ← (1 − ε)·target + ε/K. @source Szegedy et al. 2016, arXiv:1512.00567, §7 */
  readonly labelSmoothing: number;
  /** Whether small classes are drawn more often, as in `balancedBatches`, and accuracies are means over the classes; left out: no. */
  readonly balance?: boolean;
  readonly augmentation: Augmentation;
  readonly mixing: Mixing;
  /** Rates in place of the network's own; null leaves those. */
  readonly dropout: number | null;
  readonly dropPath: number | null;
};

/**
 * Bantam's own recipe for small images and short budgets: small batches for many steps, a large learning rate that falls
 * to zero within the budget.
 */
export const quickRecipe: Recipe = {
  optimizer: { kind: "sgd", momentum: 0.9, nesterov: true },
  learningRate: 0.2,
  batchSize: 64,
  accumulate: 1,
  schedule: { kind: "cosine" },
  warmupEpochs: 1,
  weightDecay: 5e-4,
  clipNorm: null,
  ema: null,
  labelSmoothing: 0.05,
  augmentation: { shift: 0.08, flip: true, erase: 0 },
  mixing: { mixup: 0, cutmix: 0 },
  dropout: null,
  dropPath: null,
};

/** @param progress epochs done, fractional, of `epochs` in all. */
export const learningRateAt = ({ learningRate, schedule, warmupEpochs }: Recipe, progress: number, epochs: number) =>
  learningRate * learningRateShare(schedule, progress, warmupEpochs, epochs);

/** The recipe for a training of few epochs: no more than a quarter of them go by before the rate is at its top. */
export const warmingUpWithin = (recipe: Recipe, epochs: number): Recipe => ({
  ...recipe,
  warmupEpochs: Math.min(recipe.warmupEpochs, epochs / 4),
});
