import type { GraphProfile } from "./graph-profile.js";

/** The figures a budget can limit. Conventions: `GraphProfile`. */
export type Costs = Pick<GraphProfile, "params" | "macs" | "weightBytes" | "peakActivationBytes">;

export const costsOfProfile = ({ params, macs, weightBytes, peakActivationBytes }: Costs): Costs => ({
  params,
  macs,
  weightBytes,
  peakActivationBytes,
});
