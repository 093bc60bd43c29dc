/** Limits, and which of them a network breaks. */
import type { Costs } from "../cost/index.js";

/** What a network costs that is counted, and what it takes by a table of measured blocks, where somebody asked for that. */
export type CostsAndLatency = Costs & {
  /** Milliseconds for one image, on the machine that the table is of. */
  readonly latencyMs?: number | null;
};

export type LimitName = keyof CostsAndLatency;

/** A limit per cost; an absent one is not limited. */
export type Budget = { readonly [L in LimitName]?: number };

/** A record, so that a cost more is asked for here. In the order in which they are listed. */
const units: Readonly<Record<LimitName, string>> = {
  params: "parameters",
  macs: "MACs",
  weightBytes: "bytes of weights",
  peakActivationBytes: "bytes of activations",
  latencyMs: "ms",
};

export const limitNames = Object.keys(units) as readonly LimitName[];

/** @throws {Error} `internal:` for a latency that nobody predicted. */
export function costOf(costs: CostsAndLatency, name: LimitName): number {
  const cost = costs[name];
  if (cost === undefined || cost === null) throw new Error(`internal: ${name} is asked for and was not predicted`);
  return cost;
}

const limitsOf = (budget: Budget) =>
  limitNames.flatMap((name) => (budget[name] === undefined ? [] : [{ name, limit: budget[name] }]));

export function brokenLimits(costs: CostsAndLatency, budget: Budget): LimitName[] {
  return limitsOf(budget).flatMap(({ name, limit }) => (costOf(costs, name) > limit ? [name] : []));
}

/** The largest share of a limit that is used; above 1 a limit is broken. Zero when nothing is limited. */
export function usedShare(costs: CostsAndLatency, budget: Budget): number {
  return Math.max(0, ...limitsOf(budget).map(({ name, limit }) => costOf(costs, name) / limit));
}

/** Every limit times `share`; what is counted stays whole. */
export function shrinkBudget(budget: Budget, share: number): Budget {
  const shrunk = limitsOf(budget).map(({ name, limit }) => [
    name,
    name === "latencyMs" ? limit * share : Math.floor(limit * share),
  ]);
  return Object.fromEntries(shrunk);
}

/**
 * Every digit, since it may be the last that breaks a limit.
 * @example inWords(["macs", "params"], { macs: 3_063_392, params: 9_000 }); // "3,063,392 MACs and 9,000 parameters"
 */
export function inWords(names: readonly LimitName[], values: { readonly [L in LimitName]?: number | null }): string {
  const parts = names.map((name) => `${(values[name] ?? 0).toLocaleString("en")} ${units[name]}`);
  return [parts.slice(0, -1).join(", "), ...parts.slice(-1)].filter((part) => part !== "").join(" and ");
}
