/** Limits, and which of them a network breaks. */
import type { Costs } from "../cost/index.js";

/** A limit per cost; an absent one is not limited. */
export type Budget = { readonly [K in keyof Costs]?: number };

/** A record, so that a cost more is asked for here. */
const limited: Readonly<Record<keyof Costs, true>> = {
  params: true,
  macs: true,
  weightBytes: true,
  peakActivationBytes: true,
};
const costNames = Object.keys(limited) as (keyof Costs)[];

export function brokenLimits(costs: Costs, budget: Budget): (keyof Costs)[] {
  return costNames.filter((name) => costs[name] > (budget[name] ?? Number.POSITIVE_INFINITY));
}

/** The largest share of a limit that is used; above 1 a limit is broken. Zero when nothing is limited. */
export function usedShare(costs: Costs, budget: Budget): number {
  return Math.max(0, ...costNames.map((name) => costs[name] / (budget[name] ?? Number.POSITIVE_INFINITY)));
}

/** Every limit times `share`. */
export function shrinkBudget(budget: Budget, share: number): Budget {
  return Object.fromEntries(Object.entries(budget).map(([name, limit]) => [name, Math.floor(limit * share)]));
}
