import { describe, expect, test } from "vitest";
import type { FitReport } from "../fit-report.js";
import { spread } from "../kit/figure.js";
import { greyPng } from "../testing/png.js";
import { hostile, sampleReport } from "../testing/sample.js";
import { confusedPairs } from "./confusion.js";
import { renderFitReport } from "./fit-page.js";
import { pngSize } from "./mistakes.js";

const report = sampleReport();
const page = renderFitReport(report);
const names = (n: number) => Array.from({ length: n }, (_, i) => `class ${i}`);

describe("structure", () => {
  test("sections in order, one h1, every section named by its heading", () => {
    const headings = [...page.matchAll(/<h2[^>]*>([^<]*)<\/h2>/g)].map((m) => m[1]);
    expect(headings).toEqual([
      "Budget",
      "Search",
      "Training",
      "Network",
      "Confusion",
      "Classes",
      "Most confident mistakes",
      "Conventions",
    ]);
    expect(page.match(/<h1>/g)).toHaveLength(1);
    for (const [, id] of page.matchAll(/aria-labelledby="([^"]+)"/g)) expect(page).toContain(`<h2 id="${id}">`);
  });

  test("every element that is opened is closed", () => expect(unbalanced(page)).toEqual([]));

  test("every drawing has a name, every figure a caption, every header cell a scope", () => {
    expect(page.match(/<svg role="img"/g)!.length).toBe(page.match(/<svg role="img" aria-label="[^"]{20,}"/g)!.length);
    expect(page.match(/<svg /g)!.length).toBe(page.match(/<svg role="img"|<svg [^>]*aria-hidden="true"/g)!.length);
    expect(page.match(/<figcaption>/g)!.length).toBe(page.match(/<figure>/g)!.length);
    expect(page.match(/<th[ >]/g)!.length).toBe(page.match(/<th scope="(row|col)"/g)!.length);
    expect(page.match(/<table/g)!.length).toBe(page.match(/<caption>/g)!.length);
  });

  test("nothing is fetched, nothing runs", () => {
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
    expect(page).not.toMatch(/<script|<link|@import|url\(|https?:|srcset|\son\w+=/i);
    for (const [, src] of page.matchAll(/src="([^"]*)"/g)) expect(src).toMatch(/^data:image\//);
  });

  test("a sentence on how to read each part", () => {
    const parts = page.split(/<section aria-labelledby|<footer/).slice(0, -1);
    expect(parts).toHaveLength(8);
    for (const part of parts) expect(part).toContain("How to read");
  });
});

test("the headline says accuracy, interval, seed and command", () => {
  const text = page.slice(0, page.indexOf("<main>")).replaceAll("\u00a0", " ");
  for (const words of [
    "90.7 %",
    "89.3 % to 91.9 %",
    "2 000 held-out images",
    "9 m 58 s",
    "2 threads",
    "--max-macs 5M",
    "Coat/0017.png",
    "2026-01-15 09:30 UTC",
  ])
    expect(text).toContain(words);
});

describe("the budget", () => {
  const budgetOf = (change: Partial<FitReport>) => {
    const text = renderFitReport({ ...report, ...change });
    return text.slice(text.indexOf('id="budget"'), text.indexOf('id="search"')).replaceAll("\u00a0", " ");
  };
  test("says what is kept, what binds and what is not limited", () => {
    const text = budgetOf({});
    expect(text).toContain("Every limit is kept.");
    expect(text).toMatch(/MACs <span class="tag">binds/);
    expect(text.match(/not limited/g)).toHaveLength(1);
    expect(text).toContain("96.2 %");
  });
  test("says what is broken", () =>
    expect(budgetOf({ budget: { macs: 4e6 } })).toMatch(/Not kept: MACs\.[\s\S]*120\.3 % <span class="tag over">over/));
  test("says that nothing was limited", () => expect(budgetOf({ budget: {} })).toContain("No cost was limited."));
});

describe("hostile names stay names", () => {
  const evil = hostile[0];
  const text = renderFitReport({
    ...sampleReport(hostile),
    title: evil,
    command: evil,
    engine: evil,
    version: evil,
    createdAt: `">${evil}`,
    data: { ...report.data, name: evil, classes: hostile, skipped: [{ source: evil, reason: evil }] },
    stoppedBy: evil,
    network: {
      resolution: 32,
      channels: 1,
      stages: report.network.stages.map((stage) => ({ ...stage, name: evil, block: evil, activation: evil })),
    },
    search: { ...report.search, trials: report.search.trials.map((trial) => ({ ...trial, summary: evil })) },
    mistakes: [
      { source: evil, truth: evil, predicted: hostile[1], probability: 0.9, image: `javascript:alert(1)"><script>` },
    ],
  });
  test("no element, no attribute, no link comes from them", () => {
    expect(text).not.toMatch(/<script|<svg onload|javascript:/i);
    expect(unbalanced(text)).toEqual([]);
    const attributes = new Set(
      [...text.matchAll(/<[a-z][^>]*>/gi)].flatMap(([tag]) =>
        [...tag.replace(/"[^"]*"/g, '""').matchAll(/\s([\w-]+)=/g)].map((m) => m[1]),
      ),
    );
    expect([...attributes].filter((name) => name!.startsWith("on"))).toEqual([]);
  });
  test("they can be read in full in the table of classes", () => {
    const classes = text.slice(text.indexOf('id="classes"'));
    for (const name of [
      "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;",
      "w".repeat(200),
      "日本語のクラス",
      "&quot;onload=&#39;x&#39;&amp;amp;",
    ])
      expect(classes).toContain(`<bdi>${name}</bdi>`);
  });
  test("right-to-left text is isolated", () => expect(text).toContain("<bdi>שלום \u202Eevil</bdi>"));
});

describe("confusion", () => {
  test("pairs come by count, then share, without the diagonal", () => {
    const pairs = confusedPairs([
      [5, 2, 0],
      [0, 9, 3],
      [2, 0, 1],
    ]);
    expect(pairs.map(({ truth, predicted, count }) => [truth, predicted, count])).toEqual([
      [1, 2, 3],
      [2, 0, 2],
      [0, 1, 2],
    ]);
    expect(pairs[1]!.share).toBeCloseTo(2 / 3);
  });
  test.each([1, 2, 10, 30])("%i classes: a number in each cell that has images", (n) => {
    const sample = sampleReport(names(n));
    const drawing = /id="confusion"[\s\S]*?<\/svg>/.exec(renderFitReport(sample))![0];
    expect(drawing.match(/<text class="(on|cell)"/g)).toHaveLength(sample.confusion.flat().filter((c) => c > 0).length);
  });
  test.each([31, 120, 1000])("%i classes: few paths, no cell numbers, pairs in the table", (n) => {
    const text = renderFitReport(sampleReport(names(n)));
    const drawing = /id="confusion"[\s\S]*?<\/svg>/.exec(text)![0];
    expect(drawing).not.toContain('class="cell"');
    expect(drawing.match(/<path class="(right|wrong)"/g)!.length).toBeLessThanOrEqual(16);
    expect(text).toContain("The most frequent mistakes, 12 of");
    expect(unbalanced(text)).toEqual([]);
  });
});

test("a grey picture goes in as one channel", () => {
  const withChannels = (channels: number) => renderFitReport({ ...report, network: { ...report.network, channels } });
  const above = (page: string) =>
    /<svg[\s\S]*?<text[^>]*>(\d+)<\/text>/.exec(page.slice(page.indexOf('id="network"')))![1];
  expect([1, 3].map((channels) => above(withChannels(channels)))).toEqual(["1", "3"]);
});

test("a run that taught nothing still has a report", () => {
  const nothing: FitReport = {
    ...report,
    data: { ...report.data, test: 0, skipped: [] },
    search: { ...report.search, trials: [] },
    curve: [],
    confusion: [],
    perClass: report.perClass.map((score) => ({ ...score, count: 0, precision: null, recall: null })),
    mistakes: [],
  };
  const text = renderFitReport(nothing);
  for (const words of [
    "No images were held out",
    "No trials were run",
    "No epoch was recorded",
    "no predictions to show",
    "no mistake to show",
  ])
    expect(text).toContain(words);
  expect(unbalanced(text)).toEqual([]);
});

test("a loss that left the finite numbers breaks its line, not the page", () => {
  const curve = report.curve.map((epoch) => (epoch.epoch === 3 ? { ...epoch, validationLoss: Number.NaN } : epoch));
  const text = renderFitReport({ ...report, curve });
  expect(text).not.toContain("NaN");
  expect(/class="curve validation" d="([^"]*)"/.exec(text)![1]!.match(/M/g)).toHaveLength(2);
});

test("one epoch is a dot in the middle", () => {
  expect(renderFitReport({ ...report, curve: report.curve.slice(0, 1) })).toContain('class="dot validation"');
});

test("labels that would meet are pushed apart, others stay", () => {
  expect(spread([10, 12, 60], 14)).toEqual([10, 24, 60]);
  expect(spread([12, 10], 14)).toEqual([24, 10]);
});

test("the size of a PNG is read from its header", () => {
  expect(pngSize(greyPng(28, () => 0))).toEqual([28, 28]);
  expect(pngSize("data:image/jpeg;base64,AAAA")).toBeNull();
  expect(page.match(/<img class="pixels"/g)).toHaveLength(12);
  const large = { ...report, mistakes: [{ ...report.mistakes[0]!, image: greyPng(224, () => 0) }] };
  expect(renderFitReport(large)).not.toContain('<img class="pixels"');
});

/** Elements that are closed out of turn or never. */
function unbalanced(text: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const withoutStyle = text.replace(/<style>[\s\S]*?<\/style>/, "");
  for (const [, slash, name, end] of withoutStyle.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s[^\s=>]+="[^"]*")*(\/?)>/g)) {
    if (end === "/" || /^(meta|br|img)$/.test(name!)) continue;
    if (slash === "") open.push(name!);
    else if (open.pop() !== name) wrong.push(name!);
  }
  return [...wrong, ...open];
}
