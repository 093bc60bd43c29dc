/** A loaded model for the user's own classes. */
import { costsOfProfile, profileGraph } from "../cost/index.js";
import { buildNetwork } from "../networks/index.js";
import type { Model } from "../shipping/index.js";
import { newClassifier } from "./new-classifier.js";

export type Adapted = {
  readonly model: Model;
  /** Names of the tensors that are the source's. */
  readonly taken: readonly string[];
  /** Names of those that begin anew. */
  readonly fresh: readonly string[];
};

/**
 * The classifier stays where it was trained for these very classes in this order; else a new one takes its place, also where only
 * their number is the same.
 *
 * @param options.resolution in place of the model's; the strides stay.
 * @param options.seed of a new classifier.
 */
export function withClasses(
  model: Model,
  classes: readonly string[],
  {
    resolution = model.architecture.resolution,
    seed,
  }: { readonly resolution?: number | undefined; readonly seed: number },
): Adapted {
  const { pretrained } = model.history as { pretrained?: { classifier?: string } };
  const keeps = pretrained?.classifier !== "new" && JSON.stringify(model.classes) === JSON.stringify(classes);
  const architecture = { ...model.architecture, classes: classes.length, resolution };
  const classifier = keeps ? new Map<string, Float32Array>() : newClassifier(architecture, seed);
  const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });
  return {
    model: {
      ...model,
      architecture,
      classes,
      preprocessing: { ...model.preprocessing, size: resolution },
      costs: costsOfProfile(profileGraph(graph)),
      tensors: new Map([...model.tensors, ...classifier]),
    },
    taken: [...model.tensors.keys()].filter((name) => !classifier.has(name)),
    fresh: [...classifier.keys()],
  };
}
