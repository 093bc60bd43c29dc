/** The limits that a network can be asked to keep, time among them. */
import type { Costs } from "../cost/index.js";
import type { Budget } from "./budget.js";

export type Limits = Budget & {
  /** Milliseconds for one image, on the machine that the prediction is for. */
  readonly latencyMs?: number;
};

export type LimitName = keyof Limits;

/** `latencyMs` is null where nobody asked for it. */
export type CostsAndLatency = Costs & { readonly latencyMs: number | null };

const limitNames = [
  "params",
  "macs",
  "weightBytes",
  "peakActivationBytes",
  "latencyMs",
] as const satisfies readonly LimitName[];

/** How much of one limit is used; above 1 it is broken. */
export type Share = {
  readonly limit: LimitName;
  readonly allowed: number;
  readonly used: number;
  readonly share: number;
};

/** Of every limit that there is, the fullest first. */
export function sharesOf(costs: CostsAndLatency, limits: Limits): Share[] {
  return limitNames
    .flatMap((limit): Share[] => {
      const [allowed, used] = [limits[limit], costs[limit]];
      return allowed === undefined || used === null ? [] : [{ limit, allowed, used, share: used / allowed }];
    })
    .sort((a, b) => b.share - a.share);
}

export const brokenIn = (shares: readonly Share[]) => shares.filter(({ allowed, used }) => used > allowed);

const units: { readonly [L in LimitName]: string } = {
  params: "parameters",
  macs: "MACs",
  weightBytes: "bytes of weights",
  peakActivationBytes: "bytes of activations",
  latencyMs: "ms",
};

/**
 * Every digit, since it may be the last that breaks a limit.
 * @example inWords(["macs", "params"], { macs: 3_063_392, params: 9_000 }); // "3,063,392 MACs and 9,000 parameters"
 */
export function inWords(names: readonly LimitName[], values: { readonly [L in LimitName]?: number | null }): string {
  const parts = names.map((name) => `${(values[name] ?? 0).toLocaleString("en")} ${units[name]}`);
  return [parts.slice(0, -1).join(", "), ...parts.slice(-1)].filter((part) => part !== "").join(" and ");
}
