import { expect, test } from "vitest";
import { costsOf, sampleSearch } from "../testing/sample.js";
import { renderSearch, renderStudies, renderTrials } from "./search-text.js";

const report = sampleSearch();
const options = { colour: false, width: 100 };

test("a search in words: front, knee, intervals, both arms, and who was ahead", () => {
  const text = renderSearch(report, options);
  expect(text).toMatch(/1 \* +80\.0 % +77\.1–82\.6 +1 k +200 k/);
  expect(text).toContain("random search is ahead of nsga2 at equal compute, in this one search");
  expect(text).toContain("10 trained · 2 stopped early · 1 failed · 2 met before · 12 turned away by cost");
  const [first, second] = report.arms;
  const other = (volume: number) => ({ ...report, arms: [{ ...first!, volume }, second!] });
  expect(renderSearch(other(0.7), options)).toContain("nsga2 is ahead of random search");
  expect(renderSearch(other(0.62), options)).toContain("came out equal");
  expect(renderSearch({ ...report, arms: [second!] }, options)).not.toContain("equal compute");
  expect(renderSearch({ ...report, front: [] }, options)).toContain("no trial was trained to its end");
  expect(text).not.toContain("ended");
  expect(renderSearch({ ...report, exhaustedBefore: 30 }, options)).toMatch(
    /^trials {2}10 trained .*\nended {3}before 30 trials: nsga2 has nothing more to propose\neach {4}/m,
  );
});

test("a latency stands beside the costs, with what it is of", () => {
  const [first] = report.front;
  const timed = { ...first!, costs: { ...first!.costs, latencyMs: 3.456 } };
  const text = renderSearch({ ...report, front: [timed], latencyOn: "a processor, 1 thread" }, options);
  expect(text).toMatch(/activations +latency\n.* 3\.46 ms/);
  expect(text).toContain("latency predicted from blocks measured on a processor, 1 thread\n");
  expect(renderSearch(report, options)).not.toContain("latency");
});

test("inherited weights and shared ones are said", () => {
  expect(renderSearch(report, options)).not.toMatch(/began with|τ/);
  expect(renderSearch({ ...report, warmStart: true }, options)).toContain(
    "began with its weights; random search has no",
  );
  const ranking = { tau: 0.512, low: -0.1, high: 0.9, networks: 7 };
  expect(renderSearch({ ...report, ranking }, options)).toContain(
    "Kendall's τ between shared weights and training alone: 0.51 (95 % -0.10 to 0.90), 7 networks",
  );
});

test("studies and trials in columns; a failure with its reason, a repeat with its origin", () => {
  const study = { name: "a\u001b[2J", kind: "search", createdAt: "2026-01-02T03:04:05.000Z", trials: 2, failed: 1 };
  expect(renderStudies("here", [study], options)).toMatch(/a\?\[2J +search +2 +1 +2026-01-02 03:04/);
  expect(renderStudies("here", [], options)).toBe("no studies in here");
  const trial = {
    id: 1,
    arm: "random",
    state: "finished",
    sameAs: null,
    accuracy: 0.5,
    epochs: 3,
    curve: [0.4, 0.5],
    network: "28 px · stem 8 /2 · relu",
  };
  const text = renderTrials(
    [
      { ...trial, costs: costsOf(5), seconds: 2, error: null },
      { ...trial, id: 2, state: "failed", costs: costsOf(5), seconds: 0, error: "out of memory\nmore" },
      { ...trial, id: 3, sameAs: 1, costs: costsOf(5), seconds: 0, error: null },
    ],
    options,
  );
  expect(text).toMatch(/^trial +by .* time {2}network$/m);
  expect(text).toMatch(/1 +random +50\.0 % .* 2\/3 +2 s {2}28 px · stem 8 \/2 · relu$/m);
  expect(text).toMatch(/2 +random +failed .*out of memory$/m);
  expect(text).toMatch(/3 +random .*as 1 {2}28 px/m);
  expect(renderTrials([{ ...trial, costs: costsOf(5), seconds: 2, error: null }], { ...options, width: 70 })).toMatch(
    /2 s {2}28 px · st…\/2 · relu$/m,
  );
});
