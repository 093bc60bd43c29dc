import { describe, expect, test } from "vitest";
import { hostile, sampleReport } from "../testing/sample.js";
import { renderFitReport } from "./fit-page.js";
import { renderTrainReport } from "./train-page.js";

const { command: _, seconds: __, budget: ___, search: ____, scaling: _____, ...facts } = sampleReport();
const settings = [
  ["recipe", "quick"],
  ["batch", "64 images"],
] as const;
const page = renderTrainReport({ ...facts, settings });

describe("a training's report", () => {
  test("sections in order, without those of a search", () => {
    const headings = [...page.matchAll(/<h2[^>]*>([^<]*)<\/h2>/g)].map((match) => match[1]);
    expect(headings).toEqual([
      ...["Training", "Settings", "Network", "Confusion", "Classes", "Most confident mistakes", "Conventions"],
    ]);
    expect(page).toContain("Bantam · training report");
    expect(page).not.toMatch(/<dt>(time|command)<\/dt>/);
  });

  test("the curves are those of a fit's", () => {
    const drawn = (text: string) =>
      /<div class="wide"><svg role="img" aria-label="Learning curves[\s\S]*?<\/svg>/.exec(text)?.[0];
    expect(drawn(page)).toBeDefined();
    expect(drawn(page)).toBe(drawn(renderFitReport(sampleReport())));
    expect(page).toContain("The network was trained for");
  });

  test("settings and costs are told", () => {
    expect(page).toContain("<dt>recipe</dt><dd>");
    expect(page).toMatch(/<dt>batch<\/dt><dd>[^/]*64 images/);
    for (const name of ["MACs", "parameters", "weight bytes"]) expect(page).toContain(`<dt>${name}</dt>`);
  });

  test("needs nothing from elsewhere, and class names stay text", () => {
    const { command: _, seconds: __, budget: ___, search: ____, scaling: _____, ...bad } = sampleReport(hostile);
    const text = renderTrainReport({ ...bad, settings: [["recipe", hostile[0]]] });
    expect(text).not.toContain("<script>");
    expect(/(src|href)="https?:/.test(text)).toBe(false);
  });
});
