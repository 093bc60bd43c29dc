import { describe, expect, test } from "vitest";
import { compareNetwork, landscape, networkNames, rivalsOf } from "../../networks/index.js";
import type { AccuracyFigure, Quantity } from "../comparison-facts.js";
import { textWidth } from "../kit/figure.js";
import { alongLine, placeLabels } from "../kit/labels.js";
import { accuracySvg } from "./accuracy-figure.js";

const published = landscape();

function figureOf(...names: readonly string[]): AccuracyFigure {
  const networks = names.map(compareNetwork);
  const rivals = networks.flatMap((network) =>
    (["macs", "params"] as const).flatMap((quantity) => rivalsOf(network, published, quantity) ?? []),
  );
  return { ...published, rivals, chosen: networks.flatMap(({ published }) => published ?? []) };
}

type Label = { readonly kind: string; readonly x: number; readonly y: number; readonly text: string };

/** The names in the drawing, without those of the axes. */
const labelsIn = (svg: string): Label[] =>
  [...svg.matchAll(/<text class="([^"]*)halo" x="([\d.]+)" y="([\d.]+)" text-anchor="middle">([^<]*)</g)].map(
    ([, kind, x, y, text]) => ({ kind: kind!.trim(), x: Number(x), y: Number(y), text: text! }),
  );

/** Half of what a name takes in the letters of most systems. */
const halfWidth = ({ text, kind }: Label) => (textWidth(text) * (kind === "" ? 0.82 : 0.9)) / 2;

describe.each(["macs", "params"] as const)("against %s", (quantity: Quantity) => {
  test.each([342, 720, 1000])("at %i px no two names overlap and none leaves the drawing", (width) => {
    for (const names of [[], ...networkNames.map((name) => [name]), ["efficientnet-b4", "mobilenet-v2-1.4"]]) {
      const labels = labelsIn(accuracySvg(figureOf(...names), quantity, width).text);
      expect(labels.length).toBeGreaterThan(5);
      for (const [i, a] of labels.entries()) {
        expect(a.x - halfWidth(a), a.text).toBeGreaterThan(0);
        expect(a.x + halfWidth(a), a.text).toBeLessThan(width);
        for (const b of labels.slice(i + 1)) {
          const apart = Math.abs(a.x - b.x) >= halfWidth(a) + halfWidth(b) || Math.abs(a.y - b.y) >= 11;
          expect(apart, `${names.join()}: ${a.text} and ${b.text}`).toBe(true);
        }
      }
    }
  });

  test("every family is named on a page, and every compared network", () => {
    for (const names of [["mobilenet-v3-large"], ["efficientnet-b1", "mnasnet-a1"]]) {
      const figure = figureOf(...names);
      const svg = accuracySvg(figure, quantity, 1000).text;
      const shown = labelsIn(svg).map(({ text }) => text);
      for (const { label } of figure.chosen) expect(shown).toContain(label);
      for (const { name } of published.families) expect(shown, names.join()).toContain(name);
      expect(svg.match(/class="ring"/g)).toHaveLength(names.length);
    }
  });
});

test("every point can be hovered: its name, accuracy, cost and source", () => {
  const { text } = accuracySvg(figureOf(), "macs", 720);
  const titles = [...text.matchAll(/<title>([^<]*)</g)].map(([, title]) => title!.replaceAll("\u00a0", " "));
  expect(titles).toContain("EfficientNet-B1: 79.1 %, 686.8 M MACs\narXiv:1905.11946, table 2");
  const known = [...published.families.flatMap(({ points }) => points), ...published.others].filter(
    ({ macs }) => macs !== null,
  );
  expect(titles).toHaveLength(known.length);
});

test("lines and marks differ without colour", () => {
  const { text } = accuracySvg(figureOf(), "macs", 720);
  const dashes = [...text.matchAll(/<path class="family" stroke-dasharray="([^"]*)"/g)].map(([, dash]) => dash);
  expect(dashes).toHaveLength(7);
  expect(new Set(dashes).size).toBe(dashes.length);
  const marks = new Set([...text.matchAll(/<path class="(point[^"]*)" transform="[^"]*" d="([^"]*)"/g)].map(([, a, b]) => `${a} ${b}`)); // biome-ignore format: a pattern
  expect(marks.size).toBe(published.families.length);
});

describe("brackets", () => {
  const claims = (svg: string) => labelsIn(svg).flatMap(({ kind, text }) => (kind === "claim" ? [text] : []));

  test("say how many times fewer, to the costliest network that is no more accurate", () => {
    expect(claims(accuracySvg(figureOf("efficientnet-b1"), "macs", 720).text)).toEqual(["16× fewer"]);
    expect(claims(accuracySvg(figureOf("mobilenet-v3-large"), "macs", 720).text)).toEqual(["2.7× fewer"]);
  });

  test("are not drawn for what costs about the same, and are at most three", () => {
    expect(claims(accuracySvg(figureOf("efficientnet-b7"), "macs", 720).text)).toEqual([]);
    const all = accuracySvg(figureOf(...networkNames), "macs", 1000).text;
    expect(all.match(/class="span"/g)).toHaveLength(3);
  });

  test("without compared networks, the largest of all is shown", () => {
    const figure = { ...figureOf(...networkNames), chosen: [] };
    expect(claims(accuracySvg(figure, "macs", 1000).text)).toEqual(["19× fewer"]);
  });
});

describe("names beside points", () => {
  const frame = { left: 0, top: 0, right: 200, bottom: 100 };
  const wish = { text: "name", anchors: [[100, 50]] as const, clear: 6, reach: 0 };
  const mark = { at: [100, 50] as const, radius: 4, named: true };

  test("go to the right where there is room, else to another side, else nowhere", () => {
    const [first, second] = placeLabels([wish, wish], [mark], frame);
    expect(first!.x).toBeGreaterThan(100);
    expect(second!.x).toBeLessThan(100);
    expect(placeLabels([wish], [{ ...mark, radius: 60 }], frame)).toEqual([null]);
  });

  test("are led to by a line where they had to go far", () => {
    const crowd = { at: [100, 50] as const, radius: 20, named: false };
    const [label] = placeLabels([{ ...wish, reach: 60 }], [crowd], frame);
    expect(label!.leader?.[0]).toEqual([100, 50]);
    expect(placeLabels([wish], [mark], frame)[0]!.leader).toBeNull();
  });

  test("do not stand where they would name another point", () => {
    const other = { at: [143, 50] as const, radius: 4, named: true };
    const [label] = placeLabels([wish], [mark, other], frame);
    expect(label!.x).toBeLessThan(100);
  });

  test("a line is kept clear every few pixels", () => {
    const points = alongLine([[0, 0], [30, 0], [30, 10]]); // biome-ignore format: a list of corners
    expect(points.length).toBe(6 + 2);
    for (const [i, [x, y]] of points.slice(1).entries())
      expect(Math.hypot(x - points[i]![0], y - points[i]![1])).toBeLessThanOrEqual(5.01);
  });
});
