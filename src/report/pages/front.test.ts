import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FitSearch, TrialPoint } from "../fit-report.js";
import { best, paretoFront } from "../front-facts.js";
import { percentTick } from "../kit/words.js";
import { sampleReport } from "../testing/sample.js";
import { front, verdict } from "./front.js";

const { search } = sampleReport();
const trial = (id: number, strategy: TrialPoint["strategy"], macs: number, accuracy: number): TrialPoint => ({
  id,
  strategy,
  macs,
  accuracy,
  parent: null,
  params: 1000,
  seconds: 1,
  summary: "28 px",
});
const withTrials = (...trials: TrialPoint[]): FitSearch => ({
  ...search,
  trials,
  evolutionMacs: 1e9,
  randomMacs: 1e9,
  chosen: 0,
});

test("the front of a set worked by hand", () => {
  const set = [
    trial(0, "random", 3e6, 0.8),
    trial(1, "random", 1e6, 0.7),
    trial(2, "random", 2e6, 0.7),
    trial(3, "random", 3e6, 0.85),
    trial(4, "random", 9e6, 0.85),
  ];
  expect(paretoFront(set).map((t) => t.id)).toEqual([1, 3]);
  expect(best(set)?.id).toBe(3);
  expect(best([])).toBeUndefined();
});

test("no member of a front is beaten, and every trial is beaten or equalled by a member", () => {
  const trials = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 10 })), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(trials, (pairs) => {
      const set = pairs.map(([macs, hits], id) => trial(id, "random", macs, hits / 10));
      const members = paretoFront(set);
      for (const t of set) expect(members.some((m) => m.macs <= t.macs && m.accuracy >= t.accuracy)).toBe(true);
      for (const m of members) expect(set.some((t) => t.macs <= m.macs && t.accuracy > m.accuracy)).toBe(false);
    }),
  );
});

describe("the verdict is honest", () => {
  const shared = trial(0, "shared", 1e6, 0.5);
  test.each([
    [
      0.9,
      0.8,
      "Evolution found the better network, 10.0 points ahead of random search (evolution ran at equal compute); that is more than",
    ],
    [
      0.8,
      0.9,
      "Random search found the better network, 10.0 points ahead of evolution (evolution ran at equal compute); that is more than",
    ],
    [
      0.81,
      0.8,
      "Evolution found the better network, 1.0 points ahead of random search (evolution ran at equal compute); that is less than",
    ],
    [0.8, 0.8, "Evolution and random search tied at 80.0\u00a0%"],
    [0.3, 0.4, "Evolution and random search tied at 50.0\u00a0%"], // neither bettered the start they share
  ])("evolution %f, random %f", (evolution, random, words) => {
    expect(
      verdict(withTrials(shared, trial(1, "evolution", 1e6, evolution), trial(2, "random", 1e6, random)), 1000),
    ).toContain(words);
  });

  test("an arm that did not run proves nothing", () => {
    expect(verdict(withTrials(shared, trial(1, "evolution", 1e6, 0.9)), 1000)).toContain("Random search did not run");
    expect(verdict(withTrials(shared, trial(1, "random", 1e6, 0.9)), 1000)).toContain("Evolution did not run");
  });

  test("unequal compute is named", () => {
    const unequal = {
      ...withTrials(trial(1, "evolution", 1e6, 0.9), trial(2, "random", 1e6, 0.8)),
      evolutionMacs: 3e9,
    };
    expect(verdict(unequal, 1000)).toContain("at 3.0 times the compute of random search");
    expect(front(unequal, 1000).text).not.toContain("at equal compute");
  });
});

test("one mark a trial in each of the two layouts, one ring, both fronts", () => {
  const text = front(search, 1000).text;
  const drawings = text.match(/<svg role="img"[\s\S]*?<\/svg>/g)!;
  expect(drawings).toHaveLength(2);
  for (const drawing of drawings) {
    expect(drawing.match(/class="mark /g)).toHaveLength(search.trials.length);
    expect(drawing.match(/class="ring"/g)).toHaveLength(1);
    expect(drawing.match(/class="front /g)).toHaveLength(2);
  }
});

test("marks of better trials stand higher, of cheaper ones further left", () => {
  const text = front(withTrials(trial(0, "evolution", 1e6, 0.5), trial(1, "evolution", 2e6, 0.9)), 100).text;
  const drawing = text.slice(text.indexOf('<div class="wide">'));
  const [first, second] = [...drawing.matchAll(/class="mark evolution" cx="([\d.]+)" cy="([\d.]+)"/g)].map(
    (m) => [Number(m[1]), Number(m[2])] as const,
  );
  expect(first![0]).toBeLessThan(second![0]);
  expect(first![1]).toBeGreaterThan(second![1]);
});

test("a search of one trial, of none", () => {
  expect(front(withTrials(trial(0, "shared", 1e6, 0.5)), 100).text).toContain("1 network was trained");
  expect(front(withTrials(trial(0, "shared", 1e6, 0.5)), 100).text).not.toContain("Arms of the search");
  expect(front(withTrials(), 100).text).toContain("No trials were run.");
});

test("tick labels have the places that tell them apart", () => {
  expect([0.8, 0.9].map(percentTick([0.8, 0.9]))).toEqual(["80\u00a0%", "90\u00a0%"]);
  expect([0.8, 0.805].map(percentTick([0.8, 0.805]))).toEqual(["80.0\u00a0%", "80.5\u00a0%"]);
});
