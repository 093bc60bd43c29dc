import type { Rng } from "../../base/index.js";
import type { Costs } from "../../cost/index.js";
import { buildArchitecture, countArchitecture } from "../../networks/index.js";
import { relativeError } from "../accuracy.js";
import type { Budget } from "../budget.js";
import { type LatticeOptions, latticeOf } from "../lattice.js";
import { shapeOf } from "../network-shape.js";

const names = ["params", "macs", "weightBytes", "peakActivationBytes"] as const satisfies readonly (keyof Costs)[];

/** A budget with one to four limits, each between a tenth and four times what the network itself has. */
export function randomLimits(costs: Costs, rng: Rng): Budget {
  const chosen = names.filter(() => rng.uniform() < 0.5);
  const limited = chosen.length === 0 ? [rng.choice(names)] : chosen;
  return Object.fromEntries(limited.map((name) => [name, Math.floor(costs[name] * 0.1 * 40 ** rng.uniform())]));
}

export const publishedCosts = (network: string): Costs => countArchitecture(buildArchitecture(network));

/** Costs and predicted error of every network of a lattice, one by one from its table. */
export function everyNetwork(name: string, options: LatticeOptions): { costs: Costs; error: number }[] {
  const { depths, widths, sides } = latticeOf(name, options);
  return depths.flatMap(({ multiplier: depth }) =>
    widths.flatMap(({ multiplier: width }) =>
      sides.map((resolution) => {
        const size = { depth, width, resolution };
        return { costs: countArchitecture(buildArchitecture(name, size)), error: relativeError(shapeOf(name, size)) };
      }),
    ),
  );
}
