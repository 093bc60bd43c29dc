import { describe, expect, test } from "vitest";
import { textWidth } from "../kit/figure.js";
import type { ScalingStudyFacts, StudiedPoint } from "../scaling-facts.js";
import { sampleReport } from "../testing/sample.js";
import { compoundSvg, renderSingleSvg, settingsSvg, singleSvg } from "./scaling-figures.js";

const drawings = { singleSvg, settingsSvg, compoundSvg };

/** Accuracies with an axis of four digits, and spreads that meet those of the neighbours. */
function pointOf([depth, width, resolution]: readonly [number, number, number], seeds = 3): StudiedPoint {
  const mean = 0.893 + 0.001 * Math.log2(depth) + 0.003 * Math.log2(width) + 0.01 * Math.log2(resolution);
  const side = Math.round(14 * resolution);
  return {
    key: `d${depth} w${width} r${resolution}`,
    depth,
    width,
    resolution,
    side,
    isEnlarged: side > 28,
    params: 40_000 * depth * width ** 2,
    macs: 0.99e6 * depth * width ** 2 * resolution ** 2,
    accuracies: Array<number>(seeds).fill(mean),
    mean: seeds === 0 ? null : mean,
    interval: seeds < 2 ? null : [mean - 0.001, mean + 0.001],
    failures: seeds === 3 ? [] : ["out of memory"],
    seconds: 60,
  };
}

const alone = {
  depth: [1, 2, 4, 8].map((d) => [d, 1, 1] as const),
  width: [1, 1.4, 2, 2.8].map((w) => [1, w, 1] as const),
  resolution: [1, 1.4, 2, 2.8].map((r) => [1, 1, r] as const),
};
const settings = [
  [1, 1],
  [1, 1.3],
  [2, 1],
  [2, 1.3],
].map(([depth, resolution]) => ({
  depth: depth!,
  resolution: resolution!,
  line: [1, 1.4, 2].map((width) => [depth!, width, resolution!] as const),
}));
const compound = [0, 1, 2, 3].map((phi) => ({ phi, at: [1.2 ** phi, 1.1 ** phi, 1.15 ** phi] as const }));

/** @param seedsOf how many trainings ended of a network, by its key. */
function factsWith(seedsOf: (key: string) => number = () => 3): ScalingStudyFacts {
  const all = [
    ...Object.values(alone).flat(),
    ...settings.flatMap(({ line }) => line),
    ...compound.map(({ at }) => at),
  ];
  const points = new Map(
    all.map((at) => {
      const { key } = pointOf(at);
      return [key, pointOf(at, seedsOf(key))];
    }),
  );
  const keys = (line: readonly (readonly [number, number, number])[]) => line.map((at) => pointOf(at).key);
  return {
    command: "bantam scaling-study photos",
    createdAt: "2026-01-31T00:00:00Z",
    version: "1.0.0",
    engine: "test",
    data: { name: "photos", classes: 10, train: 45_000, validation: 15_000, side: 28, read: sampleReport().data },
    baseline: { name: "net", side: 14, params: 40_000, macs: 0.99e6 },
    epochs: 4,
    seeds: [0, 1, 2],
    points: [...points.values()],
    coefficients: { depth: 1.2, width: 1.1, resolution: 1.15 },
    alone: { depth: keys(alone.depth), width: keys(alone.width), resolution: keys(alone.resolution) },
    settings: settings.map(({ line, ...at }) => ({ ...at, line: keys(line) })),
    compound: compound.map(({ phi, at }) => ({ phi, key: pointOf(at).key })),
    gains: { depth: [], width: [], resolution: [] },
    settingLeads: [],
    compoundLeads: [],
  };
}

const isNumber = (text: string) => /^\d/.test(text);

type Text = { readonly left: number; readonly right: number; readonly y: number; readonly text: string };

/** Every text of a drawing outside the legend, with the room that it takes in the letters of most systems, an axis's number in those of any. */
function textsIn(svg: string): Text[] {
  const withoutLegend = svg.replaceAll(/<g transform="translate\([^"]*\)"><g .*?<\/g><\/g>/gs, "");
  return [
    ...withoutLegend.matchAll(/<text(?: class="[^"]*")? x="([^"]*)" y="([^"]*)"(?: text-anchor="(\w+)")?>([^<]*)</g),
  ].map(([, x, y, anchor, text]) => {
    const room = (isNumber(text!) ? 1 : 0.82) * textWidth(text!);
    const left = Number(x) - room * (anchor === "end" ? 1 : anchor === "middle" ? 0.5 : 0);
    return { left, right: left + room, y: Number(y), text: text! };
  });
}

describe.each(Object.entries(drawings))("%s", (name, draw) => {
  test.each([342, 720, 960])("at %i px no text leaves the drawing or meets another", (width) => {
    const texts = textsIn(draw(factsWith(), width).text);
    expect(texts.filter(({ text }) => /^\d\d\.\d/.test(text)).length, "numbers with a decimal").toBeGreaterThan(3);
    for (const [i, a] of texts.entries()) {
      expect(a.left, a.text).toBeGreaterThanOrEqual(0);
      // The last number of an axis may stand a little over its end.
      expect(a.right, a.text).toBeLessThanOrEqual(width + 1);
      for (const b of texts.slice(i + 1)) {
        const gap = isNumber(a.text) && isNumber(b.text) ? 6 : 0;
        const apart = a.right + gap <= b.left || b.right + gap <= a.left || Math.abs(a.y - b.y) >= 10;
        expect(apart, `${a.text} and ${b.text}`).toBe(true);
      }
    }
  });

  test("says of how many seeds the means are, and what the bars", () => {
    const note = (seedsOf: (key: string) => number) =>
      /(mean of|one seed)[^<]*/.exec(draw(factsWith(seedsOf), 720).text)?.[0].split("; hollow")[0];
    expect(note(() => 3)).toBe("mean of 3 seeds, bars: 95 % t-interval");
    expect(note((key) => (key === "d1 w1.4 r1" ? 2 : 3))).toBe("mean of 2 to 3 seeds, bars: 95 % t-interval");
    expect(note(() => 1)).toBe("one seed: the spread is not known");
  });

  test("a network without a training is left out, and its line goes on", () => {
    const marks = (svg: string) => svg.match(/<title>/g)!.length;
    const without = draw(
      factsWith((key) => (key === "d1 w1.4 r1" ? 0 : 3)),
      720,
    ).text;
    expect(marks(without)).toBe(marks(draw(factsWith(), 720).text) - 1);
    expect(without, name).not.toContain("NaN");
  });
});

test("on a page every network but the baseline is named", () => {
  const labels = (svg: string) => [...svg.matchAll(/class="halo"[^>]*>([^<]*)</g)].map(([, text]) => text!).sort();
  const settingWidths = settings.flatMap(({ line }) => line.map(([, width]) => `w ${width}`));
  expect(labels(settingsSvg(factsWith(), 720).text)).toEqual(settingWidths.sort());
  const single = Object.entries(alone).flatMap(([dimension, line]) =>
    line.slice(1).map((at) => `${dimension[0]} ${at.find((factor) => factor !== 1)}`),
  );
  expect(labels(compoundSvg(factsWith(), 720).text)).toEqual([...single, "φ 1", "φ 2", "φ 3"].sort());
});

test("bars end at the interval, on the scale of the axis", () => {
  const svg = renderSingleSvg(factsWith());
  const ticks = [...svg.matchAll(/y="([\d.]+)" text-anchor="end">([\d.]+)\u00a0?\s?%/g)].map(
    ([, y, text]) => [Number(y) - 4, Number(text) / 100] as const,
  );
  const [[y0, low], [y1, high]] = [ticks[0]!, ticks.at(-1)!];
  const accuracyAt = (y: number) => low + ((y - y0) * (high - low)) / (y1 - y0);
  const bars = [...svg.matchAll(/class="whisker[^"]*" d="M[\d.]+ ([\d.]+)V([\d.]+)/g)];
  expect(bars).toHaveLength(12);
  const widthOne = pointOf([1, 1, 1]).interval!;
  expect(accuracyAt(Number(bars[0]![1]))).toBeCloseTo(widthOne[0], 5);
  expect(accuracyAt(Number(bars[0]![2]))).toBeCloseTo(widthOne[1], 5);
});
