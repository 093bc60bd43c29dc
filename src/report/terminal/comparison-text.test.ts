import { expect, test } from "vitest";
import { compareNetwork, landscape, rivalsOf } from "../../networks/index.js";
import { type Comparison, claimsOf, renderComparisonCsv } from "../comparison-facts.js";
import { renderComparisonSvg } from "../pages/accuracy-figure.js";
import { renderComparisonPage } from "../pages/compare-page.js";
import { renderComparison } from "./comparison-text.js";

function comparisonOf(...names: readonly string[]): Comparison {
  const published = landscape();
  const networks = names.map(compareNetwork);
  const chosen = networks.flatMap(({ published }) => published ?? []);
  const rivals = networks.flatMap((network) =>
    (["macs", "params"] as const).flatMap((quantity) => rivalsOf(network, published, quantity) ?? []),
  );
  return { ...published, networks, chosen, rivals };
}

const three = comparisonOf("efficientnet-b4", "mobilenet-v3-large", "mobilenet-v2-1.4");

test("a line a network, with ratios to the first, claims and sources", () => {
  expect(renderComparison(three, { colour: false, width: 120 })).toMatchSnapshot();
});

test.each([48, 60, 80, 100, 140])("no line is longer than %i; name, params, MACs and top-1 stay", (width) => {
  const text = renderComparison(three, { colour: false, width });
  for (const line of text.split("\n")) expect([...line].length, line).toBeLessThanOrEqual(width);
  expect(text).toMatch(/network +.*params.* +MACs.* +top-1/);
  expect(text).toMatch(/mobilenet-v2-1\.4 +.*6\.11 M.* +582\.2 M.* +75\.0 %/);
});

test("a network without a published accuracy stands in the table alone", () => {
  const text = renderComparison(comparisonOf("mobilenet-v2-0.4"), { colour: false, width: 100 });
  expect(text).toMatch(/mobilenet-v2-0\.4 .* – +–/);
  expect(text).not.toMatch(/published in|×/);
});

test("claims speak for the network and against it", () => {
  const rival = (label: string, factor: number) => ({ label, top1: 0.8, cost: 1e9, factor });
  const claims = (costliest: number | null, cheapest: number | null) =>
    claimsOf([
      { label: "N", quantity: "macs",
        costliest: costliest === null ? null : rival("A", costliest),
        cheapest: cheapest === null ? null : rival("B", cheapest),
      },
    ]).join().replaceAll("\u00a0", " "); // biome-ignore format: one sentence
  expect(claims(16.01, 5.23)).toBe(
    "N: takes 16× fewer multiply-adds than A (80.0 %), which is no more accurate; the cheapest of another family that is no less accurate, B (80.0 %), takes 5.2× as many.",
  );
  expect(claims(0.9, 0.5)).toBe("N: B (80.0 %) is no less accurate and takes 2.0× fewer multiply-adds.");
  expect(claims(null, null)).toBe("");
});

test("the CSV has every point once, the compared ones marked, with all costs", () => {
  const all = comparisonOf("efficientnet-b4", "mobilenet-v2-0.4", "torch-mobilenet-v2");
  const lines = renderComparisonCsv(all).split("\r\n");
  expect(lines.pop()).toBe("");
  expect(lines[0]).toBe(
    "network,family,top1,top5,params,macs,weight_bytes,peak_activation_bytes,counted,compared,source",
  );
  expect(new Set(lines).size).toBe(lines.length);
  const points = all.families.flatMap(({ points }) => points).length + all.others.length;
  expect(lines).toHaveLength(1 + points + 2);
  expect(lines).toContainEqual(
    expect.stringMatching(/^EfficientNet-B4,EfficientNet,0\.829,0\.964,19341616,4393771024,\d+,\d+,here,yes,"arXiv/),
  );
  expect(lines).toContainEqual(expect.stringMatching(/^mobilenet-v2-0\.4,,,,\d+,\d+,\d+,\d+,here,yes,$/));
  expect(lines).toContainEqual(expect.stringMatching(/^GPipe,,0\.843,0\.97,557000000,,,,printed,,/));
  for (const line of lines) expect(line.replace(/"[^"]*"/g, "").split(",")).toHaveLength(11);
});

test("the SVG stands alone: name space, style without variables, dark and light", () => {
  const svg = renderComparisonSvg(three);
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" role="img"/);
  expect(svg).not.toMatch(/var\(|undefined|NaN|<script/);
  expect(svg).toContain("@media (prefers-color-scheme: dark)");
  expect(svg.match(/<path|<circle|<rect/g)!.length).toBeGreaterThan(80);
});

test("the page has figures, data and the files to save, and fetches nothing", () => {
  const page = renderComparisonPage(three, "1.2.3");
  expect(page.match(/<figure>/g)).toHaveLength(2);
  expect(page).toContain("9.6× fewer multiply-adds than SENet");
  expect(page).not.toMatch(/<script|<link|@import|url\(|\shref="https?:/i);
  const files = [...page.matchAll(/<a download="([^"]+)" href="data:[^,]+,([^"]+)"/g)];
  expect(files.map(([, name]) => name)).toEqual(["accuracy.svg", "accuracy.csv"]);
  expect(decodeURIComponent(files[0]![2]!)).toBe(renderComparisonSvg(three));
  expect(decodeURIComponent(files[1]![2]!)).toBe(renderComparisonCsv(three));
});
