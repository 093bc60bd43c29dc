/**
 * What is wrong with a dataset, as facts. Nothing is changed and nothing decided: a dark picture of a dark thing is as it should be, and a
 * person looks.
 */
import type { Dataset, ImageSet, Sample, SplitName } from "../data/index.js";
import { factsOf, type PictureFacts } from "./picture-facts.js";

/** In the order in which they matter. */
export const kinds = {
  broken: "cannot be read",
  conflict: "the same picture in two classes: one label is wrong",
  leak: "the same picture in two parts: what is measured on it was learned",
  copy: "the same picture more than once in a class",
  plain: "of one colour",
  dark: "nearly black",
  bright: "nearly white",
  blurred: "far less sharp than the others",
  grey: "grey among colour",
} as const;
export type Kind = keyof typeof kinds;

/** Pictures that belong together, one or more. */
export type Finding = {
  readonly kind: Kind;
  readonly pictures: readonly { readonly source: string; readonly label: string; readonly part: SplitName | null }[];
  /** What of it may be left out; the first of copies stays. */
  readonly leaveOut: readonly string[];
  /** Measured, or why. */
  readonly detail: string;
};

export type ClassCount = { readonly label: string; readonly count: number; readonly different: number };

export type Diagnosis = {
  readonly count: number;
  readonly classes: readonly ClassCount[];
  readonly findings: readonly Finding[];
};

/** The one picture of the dataset and its facts. */
export type Inspected = { readonly sample: Sample; readonly part: SplitName; readonly facts: PictureFacts };

/** Facts of all pictures of a part, one after the other. */
export function* inspect(images: ImageSet, samples: readonly Sample[], part: SplitName): Generator<Inspected> {
  const { size, channels } = images;
  const pixels = new Uint8Array(size * size * channels);
  for (const [i, sample] of samples.entries()) {
    images.read(i, pixels, 0);
    yield { sample, part, facts: factsOf(pixels, size, channels) };
  }
}

export function diagnose(dataset: Dataset, inspected: readonly Inspected[]): Diagnosis {
  const { classes, skipped } = dataset;
  const broken = skipped.map(
    ({ source, reason }): Finding => ({
      kind: "broken",
      pictures: [{ source, label: "", part: null }],
      leaveOut: [source],
      detail: reason,
    }),
  );
  const findings = [...broken, ...copiesIn(dataset, inspected), ...oddIn(dataset, inspected)];
  const order = Object.keys(kinds);
  const different = classes.map(() => new Set<number>());
  const counts = classes.map(() => 0);
  for (const { sample } of inspected) {
    counts[sample.label]!++;
    different[sample.label]!.add(dataset.copies.get(sample)!);
  }
  return {
    count: inspected.length,
    classes: classes.map((label, i) => ({ label, count: counts[i]!, different: different[i]!.size })),
    findings: findings.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind)),
  };
}

function copiesIn({ classes, copies }: Dataset, inspected: readonly Inspected[]): Finding[] {
  const groups = new Map<number, Inspected[]>();
  for (const one of inspected) {
    const number = copies.get(one.sample)!;
    const group = groups.get(number);
    if (group === undefined) groups.set(number, [one]);
    else group.push(one);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group): Finding => {
      const labels = new Set(group.map(({ sample }) => sample.label));
      const parts = new Set(group.map(({ part }) => part));
      const kind = labels.size > 1 ? "conflict" : parts.size > 1 ? "leak" : "copy";
      const exact = new Set(group.map(({ sample }) => sample.content)).size === 1;
      // What is tested on stays, so that the figure stays comparable.
      const rank = { test: 0, validation: 1, train: 2 } as const;
      const sorted = group.toSorted((a, b) => rank[a.part] - rank[b.part]);
      return {
        kind,
        pictures: sorted.map((one) => placed(one, classes)),
        leaveOut: (kind === "conflict" ? sorted : sorted.slice(1)).map(({ sample }) => sample.source),
        detail: exact ? "the same bytes" : "the same look, saved anew",
      };
    });
}

const placed = ({ sample, part }: Inspected, classes: readonly string[]) => ({
  source: sample.source,
  label: classes[sample.label]!,
  part,
});

/** In levels. */
const NEARLY_BLACK = 40;
const NEARLY_WHITE = 215;
const ONE_COLOUR = 1;
const GREY = 6;
/** Of the median sharpness. */
const BLURRED = 0.2;
/** Smaller pictures are soft by nature, px. */
const SHARP_SIDE = 48;
/** Where more of them are grey, that is how they are. */
const MOST_GREY = 0.2;

function oddIn({ classes, channels, size }: Dataset, inspected: readonly Inspected[]): Finding[] {
  const sharpness = inspected.map(({ facts }) => facts.sharpness).sort((a, b) => a - b);
  const median = sharpness[sharpness.length >> 1] ?? 0;
  const isGrey = ({ facts }: Inspected) => channels === 3 && facts.colour <= GREY;
  const greyAmong = inspected.filter(isGrey).length <= MOST_GREY * inspected.length;
  const kindOf = (one: Inspected): readonly [Kind, string] | null => {
    const { dark, bright, contrast, sharpness } = one.facts;
    if (contrast < ONE_COLOUR) return ["plain", `contrast ${contrast.toFixed(1)} of 255`];
    if (bright < NEARLY_BLACK) return ["dark", `99 % of it darker than ${bright} of 255`];
    if (dark > NEARLY_WHITE) return ["bright", `99 % of it brighter than ${dark} of 255`];
    if (size >= SHARP_SIDE && sharpness < BLURRED * median)
      return ["blurred", `${Math.round((100 * sharpness) / median)} % of the usual sharpness`];
    return greyAmong && isGrey(one) ? ["grey", `channels differ by ${one.facts.colour} of 255 at most`] : null;
  };
  return inspected.flatMap((one): Finding[] => {
    const found = kindOf(one);
    if (found === null) return [];
    const [kind, detail] = found;
    // A person decides about grey ones: they may be all there is of something.
    return [{ kind, pictures: [placed(one, classes)], leaveOut: kind === "grey" ? [] : [one.sample.source], detail }];
  });
}
