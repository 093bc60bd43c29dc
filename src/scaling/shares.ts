/** How much of each limit a network uses. */
import { type Budget, type CostsAndLatency, type LimitName, limitNames } from "./budget.js";

/** How much of one limit is used; above 1 it is broken. */
export type Share = {
  readonly limit: LimitName;
  readonly allowed: number;
  readonly used: number;
  readonly share: number;
};

/** Of every limit that there is, the fullest first. */
export function sharesOf(costs: CostsAndLatency, limits: Budget): Share[] {
  return limitNames
    .flatMap((limit): Share[] => {
      const [allowed, used] = [limits[limit], costs[limit]];
      return allowed === undefined || used === undefined || used === null
        ? []
        : [{ limit, allowed, used, share: used / allowed }];
    })
    .sort((a, b) => b.share - a.share);
}

export const brokenIn = (shares: readonly Share[]) => shares.filter(({ allowed, used }) => used > allowed);
