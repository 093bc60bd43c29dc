/**
 * Which part a picture belongs to follows from what it shows and from the seed, not from where it lies: pictures that come, go or change
 * their names move no other, and neither does another class. Copies of a picture are in one part.
 *
 * Each group of copies draws a number in [0, 1) from the seed and the least of its digests. The lowest fifth is tested on, the next part
 * validated on. A class that this leaves without a group in some part gives that part its group that is nearest to it, as long as it has
 * another one where that comes from; so a class of few pictures is in every part, and of a class of many none moves.
 *
 * Groups of which a model, from which this training sets out, has seen a picture are never tested on.
 */
import { createRng, type Rng } from "../base/index.js";
import type { GivenSplits, Sample, SplitName } from "./sample.js";

/** Part of what a dataset is: another rule divides it otherwise, and a model of before says nothing about its parts. */
export const DIVISION = "by content, 1";

export type SplitOptions = {
  readonly seed: number;
  /** Share of all groups that becomes the test split. */
  readonly testFraction: number;
  /** Share of what is then left that becomes the validation split. */
  readonly validationFraction: number;
  /** In which part a model that comes before this one had a picture; null where in none. */
  readonly partBefore?: ((sample: Sample) => "train" | "validation" | null) | undefined;
};

/** Fewest different pictures of each class that `train` must hold, so that every split carved from it, and `train`, gets one. */
export function fewestPerClass(given: GivenSplits): number {
  return 1 + Number(given.test === null) + Number(given.validation === null);
}

type Group = {
  readonly samples: readonly Sample[];
  readonly labels: readonly number[];
  /** In [0, 1). */
  readonly draw: number;
  readonly before: "train" | "validation" | null;
  part: SplitName;
};

/** The draws that belong to each part; nothing to one that is given. */
type Bounds = { readonly test: number; readonly validation: number };

/**
 * Carves what is missing from `train`. The order of the samples is kept.
 *
 * @param groups samples that are copies of each other have the same number.
 * @returns what is given stays as it is, without what was seen before.
 */
export function completeSplits(
  given: GivenSplits,
  groups: ReadonlyMap<Sample, number>,
  options: SplitOptions,
): Record<SplitName, readonly Sample[]> {
  const { seed, testFraction, validationFraction, partBefore = () => null } = options;
  const test = given.test === null ? testFraction : 0;
  const bounds = { test, validation: given.validation === null ? validationFraction * (1 - test) : 0 };
  const pool = groupsOf(given.train, groups, createRng(seed).fork("split"), partBefore);
  for (const group of pool) group.part = partOf(group, bounds);
  // Where most was seen before, what was not is tested on first.
  if (shareOf(pool, "test") < bounds.test / 2) {
    const unseen = pool.filter(({ before }) => before === null);
    const most = Math.max(shareOf(pool, null), bounds.test + bounds.validation);
    const wider = { test: bounds.test / most, validation: bounds.validation / most };
    for (const group of unseen) group.part = partOf(group, wider);
  }
  fillEveryClass(pool, bounds);
  const partAt = new Map(pool.flatMap(({ samples, part }) => samples.map((sample) => [sample, part] as const)));
  const carved = (part: SplitName) => given.train.filter((sample) => partAt.get(sample) === part);
  return {
    train: carved("train"),
    validation: given.validation?.filter((sample) => partBefore(sample) !== "train") ?? carved("validation"),
    test: given.test?.filter((sample) => partBefore(sample) === null) ?? carved("test"),
  };
}

function groupsOf(
  pool: readonly Sample[],
  numbers: ReadonlyMap<Sample, number>,
  rng: Rng,
  partBefore: NonNullable<SplitOptions["partBefore"]>,
): Group[] {
  const bySame = new Map<number, Sample[]>();
  for (const sample of pool) {
    const number = numbers.get(sample)!;
    const same = bySame.get(number);
    if (same === undefined) bySame.set(number, [sample]);
    else same.push(sample);
  }
  return [...bySame.values()].map((samples) => {
    const least = samples.reduce((least, { content }) => (content < least ? content : least), samples[0]!.content);
    const parts = samples.map(partBefore);
    return {
      samples,
      labels: [...new Set(samples.map(({ label }) => label))],
      draw: rng.fork(least).uniform(),
      before: parts.includes("train") ? "train" : parts.includes("validation") ? "validation" : null,
      part: "train",
    };
  });
}

function partOf({ draw, before }: Pick<Group, "draw" | "before">, { test, validation }: Bounds): SplitName {
  if (before === "train" || draw >= test + validation) return "train";
  if (draw >= test) return "validation";
  return before === null ? "test" : validation > 0 ? "validation" : "train";
}

/** Of all groups those of a part, or those that were not seen before. */
const shareOf = (groups: readonly Group[], part: SplitName | null): number =>
  groups.filter((group) => (part === null ? group.before === null : group.part === part)).length /
  Math.max(1, groups.length);

function fillEveryClass(pool: readonly Group[], bounds: Bounds): void {
  const classes = new Map<number, Group[]>();
  for (const group of pool) {
    for (const label of group.labels) {
      const own = classes.get(label);
      if (own === undefined) classes.set(label, [group]);
      else own.push(group);
    }
  }
  const parts = (["train", "test", "validation"] as const).filter((part) => part === "train" || bounds[part] > 0);
  const isAlone = (group: Group) =>
    group.labels.some((label) => classes.get(label)!.filter(({ part }) => part === group.part).length === 1);
  for (const [, groups] of [...classes].sort(([a], [b]) => a - b)) {
    for (const part of parts) {
      if (groups.some((group) => group.part === part)) continue;
      const free = groups.filter((group) => mayBe(group, part) && !isAlone(group));
      const [nearest] = free.sort((a, b) => farFrom(part, a.draw, bounds) - farFrom(part, b.draw, bounds));
      if (nearest !== undefined) nearest.part = part;
    }
  }
}

const mayBe = ({ before }: Group, part: SplitName): boolean =>
  before === null || part === "train" || (before === "validation" && part === "validation");

/** How far a draw is from those of a part. */
function farFrom(part: SplitName, draw: number, { test, validation }: Bounds): number {
  const [from, to] = { test: [0, test], validation: [test, test + validation], train: [test + validation, 1] }[part];
  return Math.max(0, from! - draw, draw - to!);
}
