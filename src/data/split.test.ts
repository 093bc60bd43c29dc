import fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 } from "../base/index.js";
import type { GivenSplits, Sample } from "./sample.js";
import { completeSplits, fewestPerClass, type SplitOptions } from "./split.js";

const shares = { testFraction: 0.2, validationFraction: 0.1 };
const names = ["train", "validation", "test"] as const;

const sampleOf = (source: string, label: number): Sample => ({ source, label, content: sha256(source) });

/** Samples of classes 0, 1, … with the given counts. */
const samplesOf = (counts: readonly number[], prefix = ""): Sample[] =>
  counts.flatMap((count, label) => Array.from({ length: count }, (_, i) => sampleOf(`${prefix}${label}/${i}`, label)));

/** Each a picture of its own, or with those of the same key. */
function groupedBy(given: GivenSplits, key: (sample: Sample) => string = ({ content }) => content) {
  const numbers = new Map<string, number>();
  const all = [...given.train, ...(given.validation ?? []), ...(given.test ?? [])];
  return new Map(
    all.map((sample) => {
      if (!numbers.has(key(sample))) numbers.set(key(sample), numbers.size);
      return [sample, numbers.get(key(sample))!];
    }),
  );
}

function divided(pool: readonly Sample[], options: Partial<SplitOptions> = {}, key?: (sample: Sample) => string) {
  const given = { train: pool, validation: null, test: null };
  return completeSplits(given, groupedBy(given, key), { seed: 1, ...shares, ...options });
}

const partOf = (splits: ReturnType<typeof divided>, content: string) =>
  names.find((name) => splits[name].some((sample) => sample.content === content)) ?? null;

const counts = fc.array(fc.integer({ min: 3, max: 60 }), { minLength: 2, maxLength: 6 });
const fraction = fc.double({ min: 0.05, max: 0.6, noNaN: true });

test("splits of a pool are disjoint, complete, keep the order and hold every class", () => {
  fc.assert(
    fc.property(counts, fc.integer(), fraction, fraction, (counts, seed, testFraction, validationFraction) => {
      const pool = samplesOf(counts);
      const splits = divided(pool, { seed, testFraction, validationFraction });
      expect(new Set(names.flatMap((name) => splits[name])).size).toBe(pool.length);
      for (const name of names) {
        expect(splits[name]).toEqual(pool.filter((sample) => splits[name].includes(sample)));
        expect(new Set(splits[name].map(({ label }) => label)).size).toBe(counts.length);
      }
    }),
    { numRuns: 60 },
  );
});

test("of many pictures each part has its share, within what chance allows", () => {
  const splits = divided(samplesOf(new Array(10).fill(1000)));
  // Four standard deviations of a binomial.
  for (const [name, share] of [
    ["test", 0.2],
    ["validation", 0.08],
    ["train", 0.72],
  ] as const)
    expect(Math.abs(splits[name].length - 10_000 * share)).toBeLessThan(4 * Math.sqrt(10_000 * share * (1 - share)));
});

test("pictures that come and go, new names and new classes move no other picture of a class that is large enough", () => {
  const edit = fc.record({
    removed: fc.array(fc.integer({ min: 0, max: 119 }), { maxLength: 20 }),
    added: fc.integer({ min: 0, max: 20 }),
    another: fc.boolean(),
    prefix: fc.constantFrom("", "renamed/"),
  });
  const pool = samplesOf([120, 120]);
  const before = divided(pool);
  fc.assert(
    fc.property(edit, ({ removed, added, another, prefix }) => {
      const kept = pool.filter((_, i) => !removed.includes(i));
      const renamed = kept.map((sample) => ({ ...sample, source: `${prefix}${sample.source}` }));
      const more = Array.from({ length: added }, (_, i) => sampleOf(`more ${i}`, i % 2));
      const after = divided([...more, ...renamed, ...(another ? samplesOf([0, 0, 40], "c") : [])]);
      for (const { content } of kept) expect(partOf(after, content)).toBe(partOf(before, content));
    }),
    { numRuns: 40 },
  );
});

test("the copies of a picture are in one part, in whatever class", () => {
  fc.assert(
    fc.property(counts, fc.integer({ min: 2, max: 5 }), fc.integer(), (counts, copies, seed) => {
      // `3/17` is copied to `3/17 copy 1` and so on, the last of them in the next class.
      const pool = samplesOf(counts).flatMap((sample) =>
        Array.from({ length: copies }, (_, i) => ({
          ...sampleOf(
            `${sample.source} copy ${i}`,
            i === copies - 1 ? (sample.label + 1) % counts.length : sample.label,
          ),
        })),
      );
      const pictureOf = ({ source }: Sample) => source.split(" ")[0]!;
      const splits = divided(pool, { seed }, pictureOf);
      const parts = new Map<string, Set<string>>();
      for (const name of names)
        for (const sample of splits[name])
          parts.set(pictureOf(sample), (parts.get(pictureOf(sample)) ?? new Set()).add(name));
      expect([...parts.values()].every((own) => own.size === 1)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test("the seed decides, and nothing else", () => {
  const pool = samplesOf([30, 40]);
  expect(divided(pool, { seed: 7 })).toEqual(divided(pool, { seed: 7 }));
  expect(divided(pool, { seed: 8 }).test).not.toEqual(divided(pool, { seed: 7 }).test);
});

test("three pictures of a class give one to each split, whatever the seed", () => {
  for (let seed = 0; seed < 50; seed++) {
    const splits = divided(samplesOf([3, 3]), { seed });
    for (const name of names) expect(splits[name].map(({ label }) => label).sort()).toEqual([0, 1]);
  }
});

test("what a model before has seen is not held out, and the rest is tested on first", () => {
  const pool = samplesOf([100, 100]);
  const before = divided(pool, { seed: 1 });
  const partBefore = ({ content }: Sample) => {
    const part = partOf(before, content);
    return part === "test" ? null : part;
  };
  // The same seed comes to the same parts.
  expect(divided(pool, { seed: 1, partBefore })).toEqual(before);
  for (let seed = 2; seed < 30; seed++) {
    const splits = divided(pool, { seed, partBefore });
    expect(splits.test.filter((sample) => partBefore(sample) !== null)).toEqual([]);
    expect(splits.validation.filter((sample) => partBefore(sample) === "train")).toEqual([]);
    // About 40 are unseen: most of them serve to test, and some to validate.
    expect(splits.test.length).toBeGreaterThan(15);
    for (const name of names) expect(new Set(splits[name].map(({ label }) => label)).size).toBe(2);
  }
});

test("a test split that is given stays as it is, without what was seen, and validation comes from train", () => {
  const given = { train: samplesOf([20, 20]), validation: null, test: samplesOf([5, 1], "held") };
  const groups = groupedBy(given);
  const splits = completeSplits(given, groups, { seed: 1, ...shares });
  expect(splits.test).toEqual(given.test);
  expect(splits.validation.length).toBeGreaterThanOrEqual(2);
  expect(new Set([...splits.train, ...splits.validation])).toEqual(new Set(given.train));
  const [first] = given.test;
  const partBefore = (sample: Sample) => (sample === first ? "train" : null);
  expect(completeSplits(given, groups, { seed: 1, ...shares, partBefore }).test).toEqual(given.test.slice(1));
});

test("three splits that are given stay as they are", () => {
  const given = { train: samplesOf([2, 2]), validation: samplesOf([1, 1], "v"), test: samplesOf([1, 1], "t") };
  expect(completeSplits(given, groupedBy(given), { seed: 1, ...shares })).toEqual(given);
});

test.each([
  [{ train: [], validation: null, test: null }, 3],
  [{ train: [], validation: null, test: [] }, 2],
  [{ train: [], validation: [], test: [] }, 1],
])("train needs one picture of a class for each split made from it", (given, fewest) => {
  expect(fewestPerClass(given)).toBe(fewest);
});
