/** Which pictures of a dataset are the same: by their bytes, or by what they look like; and which of them stand in two parts. */
import { copiesAmong } from "./near-copies.js";
import type { GivenSplits, Sample } from "./sample.js";
import type { Thumbnails } from "./thumbnail.js";

/** @param thumbnails of the samples, in their order. @returns samples of one number are copies of each other. */
export function groupCopies(samples: readonly Sample[], thumbnails: Thumbnails): Map<Sample, number> {
  const firstOf = new Map<string, number>();
  for (const [i, { content }] of samples.entries()) if (!firstOf.has(content)) firstOf.set(content, i);
  // By their contents, so that the groups do not depend on names.
  const different = [...firstOf].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, i]) => i);
  const original = new Map(copiesAmong(thumbnails, different));
  return new Map(
    samples.map((sample) => {
      const first = firstOf.get(sample.content)!;
      return [sample, original.get(first) ?? first];
    }),
  );
}

const parts = [
  ["test", "train"],
  ["test", "validation"],
  ["validation", "train"],
] as const;

/**
 * As the owner of the pictures divided them, and as they stay: what is measured on them is what others measure, if too good.
 *
 * @returns a sentence for two parts that have pictures in common.
 */
export function copiesAcross(given: GivenSplits, copies: ReadonlyMap<Sample, number>): string[] {
  return parts.flatMap(([part, other]) => {
    const known = new Map((given[other] ?? []).map((sample) => [copies.get(sample)!, sample]));
    const standing = (given[part] ?? []).filter((sample) => known.has(copies.get(sample)!));
    const [first] = standing;
    if (first === undefined) return [];
    const many = standing.length === 1 ? "1 picture" : `${standing.length} pictures`;
    const example = `${first.source} is ${known.get(copies.get(first)!)!.source}`;
    return [
      `${many} of the ${part} part ${standing.length === 1 ? "stands" : "stand"} in ${other}, too, saved anew or not: ${example}`,
    ];
  });
}

/** @returns a sentence where the same picture has two labels. */
export function copiesUnderTwoLabels(given: GivenSplits, copies: ReadonlyMap<Sample, number>): string[] {
  const first = new Map<number, Sample>();
  const pairs: [Sample, Sample][] = [];
  for (const sample of Object.values(given).flatMap((samples) => samples ?? [])) {
    const number = copies.get(sample)!;
    const known = first.get(number);
    if (known === undefined) first.set(number, sample);
    else if (known.label !== sample.label) pairs.push([known, sample]);
  }
  const [pair] = pairs;
  if (pair === undefined) return [];
  const many = pairs.length === 1 ? "1 picture stands" : `${pairs.length} pictures stand`;
  const example = `${pair[0].source} is ${pair[1].source}`;
  return [`${many} in two classes, so that one label is wrong: ${example}; \`bantam check\` shows them all`];
}
