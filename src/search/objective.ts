/** Trials as points, and the front among them. */
import { type CostsAndLatency, costOf, type LimitName } from "../scaling/index.js";
import { hypervolume, type Point, paretoFront, referenceOf } from "./pareto.js";
import type { Objective, Trial } from "./strategy.js";

/** The error, then the costs: all to be minimized. */
export const errorAndCosts = (
  accuracy: number,
  costs: CostsAndLatency,
  axes: readonly LimitName[],
): readonly [number, ...number[]] => [1 - accuracy, ...axes.map((name) => costOf(costs, name))];

/** A trial that failed is worse than any other. */
export function pointOf(
  { costs: axes }: Pick<Objective, "costs">,
  { state, accuracy, costs }: Pick<Trial, "state" | "accuracy" | "costs">,
): Point {
  const point = errorAndCosts(accuracy, costs, axes);
  return state === "failed" ? point.map(() => Number.POSITIVE_INFINITY) : point;
}

/** The trials that no other beats, in the order of the search; of those with the same outcome known from one, the first. */
export function frontOf(trials: readonly Trial[], objective: Objective): Trial[] {
  const origin = ({ id, sameAs }: Trial) => sameAs ?? id;
  const first = new Map(trials.toReversed().map((trial) => [origin(trial), trial]));
  const trained = trials.filter((trial) => trial.state !== "failed" && first.get(origin(trial)) === trial);
  return paretoFront(trained, (trial) => pointOf(objective, trial));
}

/**
 * Measures sets of trials that are compared: the share that they dominate of the box from perfection, no error at no cost, to a
 * little beyond the dearest of all, with no accuracy.
 *
 * @param all points of `pointOf`, none of a trial that failed.
 */
export function volumeShare(all: readonly Point[]): (points: readonly Point[]) => number {
  const reference = [1, ...referenceOf(all).slice(1)];
  const box = reference.reduce((product, side) => product * side, 1);
  return (points) => (box === 0 ? 0 : hypervolume(points, reference) / box);
}

/** The trial with the highest reward; of equals the one with fewer MACs, then the earlier. One that failed comes last. */
export function bestTrial(trials: readonly Trial[], reward: Objective["reward"]): Trial {
  const worth = (trial: Trial) => (trial.state === "failed" ? Number.NEGATIVE_INFINITY : reward(trial));
  return trials.reduce((best, trial) => {
    const [a, b] = [worth(trial), worth(best)];
    return a > b || (a === b && trial.costs.macs < best.costs.macs) ? trial : best;
  });
}
