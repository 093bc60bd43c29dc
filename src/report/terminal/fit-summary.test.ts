import { describe, expect, test } from "vitest";
import type { FitReport } from "../fit-report.js";
import { sampleReport } from "../testing/sample.js";
import { renderFitSummary } from "./fit-summary.js";

const report = sampleReport();
// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with the escape character
const colourCode = /\u001b\[\d+m/g;

test("the closing table at 100 and at 56 characters", () => {
  expect(renderFitSummary(report, { colour: false, width: 100 })).toMatchSnapshot();
  expect(renderFitSummary(report, { colour: false, width: 56 })).toMatchSnapshot();
});

test("colour adds codes and nothing else", () => {
  const coloured = renderFitSummary(report, { colour: true, width: 100 });
  expect(coloured).toMatch(colourCode);
  expect(coloured.replace(colourCode, "")).toBe(renderFitSummary(report, { colour: false, width: 100 }));
});

test.each([48, 56, 72, 80, 120])("no line is longer than %i", (width) => {
  for (const line of renderFitSummary(report, { colour: false, width }).split("\n"))
    expect([...line].length).toBeLessThanOrEqual(width);
});

test("only the typographic characters a terminal surely has", () => {
  expect(renderFitSummary(report, { colour: false, width: 100 })).toMatch(/^[\x20-\x7e\n·×–]+$/);
});

test("a data set's name cannot drive the terminal", () => {
  const evil: FitReport = { ...report, data: { ...report.data, name: "a\u001b[2Jb\u202Ec\u0007" } };
  expect(renderFitSummary(evil, { colour: false, width: 80 })).toMatch(/^a\?\[2Jb\?c\? · 10 classes\n/);
});

describe("what the budget says", () => {
  test("a broken limit is told in words, not only in red", () => {
    const broken: FitReport = { ...report, budget: { params: 100_000 } };
    const text = renderFitSummary(broken, { colour: false, width: 100 });
    expect(text).toMatch(/params +100 k +161\.8 k +161\.8 % +#{20} over\n/);
    expect(text).toMatch(/MACs +not limited +4\.81 M +–\n/);
  });

  test("no held-out images, no trials", () => {
    const empty: FitReport = { ...report, data: { ...report.data, test: 0 }, search: { ...report.search, trials: [] } };
    const text = renderFitSummary(empty, { colour: false, width: 100 });
    expect(text).toContain("accuracy  –  no held-out images");
    expect(text).toMatch(/evolution +– +not run\nrandom +– +not run/);
  });
});
