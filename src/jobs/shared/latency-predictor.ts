/** Time for one image as a cost beside those that are counted. */
import { costsOfProfile } from "../../cost/index.js";
import { type Architecture, countArchitecture } from "../../networks/index.js";
import type { CostsAndLatency } from "../../scaling/index.js";

/** What a table of measured blocks says. Milliseconds for one image. */
export type LatencyPredictor = {
  readonly of: (architecture: Architecture) => number;
  /** The real time, as the table was measured; null where that was another machine. */
  readonly measure: ((architecture: Architecture, signal?: AbortSignal) => Promise<number>) | null;
  /** Machine, runtime and threads in words. */
  readonly on: string;
  /** Of the measurements: work goes on with the same. */
  readonly fingerprint: string;
};

/** Costs of an architecture, with a latency where there is something to predict it. */
export const costsBy =
  (latency: LatencyPredictor | undefined) =>
  (architecture: Architecture): CostsAndLatency => {
    const costs = costsOfProfile(countArchitecture(architecture));
    return latency === undefined ? costs : { ...costs, latencyMs: latency.of(architecture) };
  };
