/** Which networks a fit may take: what is counted, and against which limits. */
import type { Dataset } from "../../data/index.js";
import { type CostGate, imageSpace } from "../../search/index.js";
import { memoized, sidesUpTo } from "../shared/choices.js";
import { costsBy } from "../shared/latency-predictor.js";
import type { FitOptions } from "./job.js";

/** Sides of the images, px. */
export const resolutionsOf = ({ resolutions }: FitOptions, { size }: Dataset) => resolutions ?? sidesUpTo(size);

export function gateFor(options: FitOptions, dataset: Dataset): CostGate {
  const { classes, channels } = dataset;
  const space = imageSpace({ classes: classes.length, channels, resolutions: resolutionsOf(options, dataset) });
  return { space, budget: options.budget, costsOf: memoized(costsBy(options.latency)) };
}
