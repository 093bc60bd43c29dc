import { createRng, type Rng } from "../base/index.js";
import type { GivenSplits, Sample, SplitName } from "./sample.js";

export type SplitOptions = {
  readonly seed: number;
  /** Share of all samples that becomes the test split. */
  readonly testFraction: number;
  /** Share of what is then left that becomes the validation split. */
  readonly validationFraction: number;
};

/** Fewest samples of each class that `train` must hold, so that every split carved from it, and `train`, gets one. */
export function fewestPerClass(given: GivenSplits): number {
  return 1 + Number(given.test === null) + Number(given.validation === null);
}

/**
 * Carves what is missing from `train`, class by class: the share is kept to within half a sample in every class, each
 * part holds at least one sample of each, and the order of the samples is kept. The same samples and seed give the same split.
 *
 * Every class must have `fewestPerClass(given)` samples in `given.train`.
 */
export function completeSplits(given: GivenSplits, options: SplitOptions): Record<SplitName, readonly Sample[]> {
  const rng = createRng(options.seed).fork("split");
  const spare = given.validation === null ? 2 : 1;
  const outer = given.test === null ? carve(given.train, options.testFraction, spare, rng.fork("test")) : null;
  const rest = outer?.kept ?? given.train;
  const inner = given.validation === null ? carve(rest, options.validationFraction, 1, rng.fork("validation")) : null;
  return {
    train: inner?.kept ?? rest,
    validation: inner?.taken ?? given.validation ?? [],
    test: outer?.taken ?? given.test ?? [],
  };
}

/** Takes `fraction` of each class at random, at least one sample, and leaves at least `spare`. */
function carve(samples: readonly Sample[], fraction: number, spare: number, rng: Rng) {
  const byLabel = groupByLabel(samples);
  const chosen = new Set<Sample>();
  for (const [label, members] of byLabel) {
    const count = Math.max(1, Math.min(Math.round(fraction * members.length), members.length - spare));
    for (const sample of rng.fork(label).shuffle(members).slice(0, count)) chosen.add(sample);
  }
  return {
    taken: samples.filter((sample) => chosen.has(sample)),
    kept: samples.filter((sample) => !chosen.has(sample)),
  };
}

export function groupByLabel(samples: readonly Sample[]): Map<number, Sample[]> {
  const groups = new Map<number, Sample[]>();
  for (const sample of samples) {
    const group = groups.get(sample.label);
    if (group) group.push(sample);
    else groups.set(sample.label, [sample]);
  }
  return groups;
}
