import { expect, test } from "vitest";
import { textWidth } from "../kit/figure.js";
import { costsOf, sampleSearch } from "../testing/sample.js";
import { renderSearchPage } from "./search-page.js";

test.each([
  [1e5, 9e5],
  [3e6, 2.4e8],
  [1.11e7, 1.25e7],
])("the numbers below an axis from %d to %d lie within the drawing", (low, high) => {
  const trials = [low, high].map((macs, id) => {
    return { id, arm: "nsga2", accuracy: 0.5 + id / 10, costs: costsOf(macs), summary: "28 px" };
  });
  const page = renderSearchPage({ ...sampleSearch(), trials, next: [], createdAt: "2026-01-01", version: "1.0.0" });
  const drawings = [...page.matchAll(/<svg[^>]*viewBox="0 0 (\d+) .*?<\/svg>/gs)];
  const labels = drawings.flatMap(([drawing, width]) =>
    [...drawing.matchAll(/<text x="([\d.]+)"[^>]*text-anchor="middle">([\d.]+\W[kMG])</g)].map(([, x, text]) => ({
      text,
      room: Number(width) - Number(x) - textWidth(text!) / 2,
    })),
  );
  expect(labels.length).toBeGreaterThan(5);
  expect(labels.filter(({ room }) => room < 0)).toEqual([]);
});
