/**
 * When to give a training up: as soon as even a lucky end of its learning curve would lie behind a trial that costs no more.
 *
 * How much accuracy there is to gain from an epoch to the end is read off the trials that were trained to their end. A
 * candidate is promised nearly the most that any of them gained, so that slow starters get their time, and it is measured by
 * those alone that are no dearer than it is, so that a cheap network need not be as accurate as a large one.
 *
 * @source Golovin et al. 2017, Google Vizier, §3.2 (stopping by learning curves); the bound is by the gains seen, not by a fitted model
 */
import type { CostsAndLatency } from "../scaling/index.js";
import { errorAndCosts } from "./objective.js";
import { dominates } from "./pareto.js";
import type { Objective, Trial } from "./strategy.js";

export type EarlyStopping = {
  /** Of the gains seen, the one that a candidate is promised: 1 is the largest. */
  readonly quantile: number;
  /** Trials of the same length that have to be finished before any is stopped. */
  readonly patience: number;
};

/**
 * On the small space of `results/small-space`, three epochs long, these save an eighth of the epochs of 160 random trials and
 * lose 0.2 % of the front's volume; the largest gain in place of the quantile saves a twentieth and loses 0.1 %.
 */
const defaultEarlyStopping: EarlyStopping = { quantile: 0.95, patience: 8 };

export type RunningTrial = {
  readonly costs: CostsAndLatency;
  /** Validation accuracy after each epoch so far. */
  readonly curve: readonly number[];
  /** Of the whole trial. */
  readonly epochs: number;
};

/** @param trials those of the search so far. @param axes the costs beside the error. */
export function isHopeless(
  { costs, curve, epochs }: RunningTrial,
  trials: readonly Pick<Trial, "state" | "curve" | "epochs" | "accuracy" | "costs">[],
  axes: Objective["costs"],
  { quantile, patience }: EarlyStopping = defaultEarlyStopping,
): boolean {
  const [done, current] = [curve.length, curve.at(-1)];
  if (current === undefined || done >= epochs) return false;
  const finished = trials.filter(({ state }) => state === "finished");
  const gains = finished
    .filter((trial) => trial.epochs === epochs)
    .map((trial) => trial.accuracy - trial.curve[done - 1]!)
    .sort((a, b) => a - b);
  if (gains.length < Math.max(patience, 1)) return false;
  // Rounded up to a gain that was seen, never between two.
  const gain = gains[Math.ceil(quantile * gains.length) - 1] ?? gains[0]!;
  const hoped = errorAndCosts(current + Math.max(gain, 0), costs, axes);
  return finished.some((trial) => dominates(errorAndCosts(trial.accuracy, trial.costs, axes), hoped));
}
