import type { Rng } from "../../base/index.js";
import { type Costs, costsOfProfile } from "../../cost/index.js";
import { buildArchitecture, countArchitecture } from "../../networks/index.js";
import type { Limits } from "../limits.js";

const names = ["params", "macs", "weightBytes", "peakActivationBytes"] as const satisfies readonly (keyof Costs)[];

/** A budget with one to four limits, each between a tenth and four times what the network itself has. */
export function randomLimits(costs: Costs, rng: Rng): Limits {
  const chosen = names.filter(() => rng.uniform() < 0.5);
  const limited = chosen.length === 0 ? [rng.choice(names)] : chosen;
  return Object.fromEntries(limited.map((name) => [name, Math.floor(costs[name] * 0.1 * 40 ** rng.uniform())]));
}

export const publishedCosts = (network: string): Costs => costsOfProfile(countArchitecture(buildArchitecture(network)));
