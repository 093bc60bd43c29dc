import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  type Parsed,
  parseBytes,
  parseCount,
  parseDuration,
} from "./units.js";

const numberIn = (parsed: Parsed) => (parsed.ok ? parsed.value : parsed);

describe("what is printed", () => {
  test.each([
    [0, "0"],
    [950, "950"],
    [999.96, "1 k"],
    [1000, "1 k"],
    [100_000, "100 k"],
    [999_949, "999.9 k"],
    [999_960, "1 M"],
    [4_231_976, "4.23 M"],
    [300_774_272, "300.8 M"],
    [1_000_000_000, "1 G"],
    [2.5e12, "2.5 T"],
    [9_007_199_254_740_991, "9007.2 T"],
    [0.012345, "0.0123"],
    [-1500, "-1.5 k"],
    [Number.NaN, "–"],
    [Number.POSITIVE_INFINITY, "∞"],
  ])("formatCount(%d)", (n, text) => expect(formatCount(n)).toBe(text));

  test.each([
    [0, "0 B"],
    [512, "512 B"],
    [256_000, "256 kB"],
    [1_048_576, "1.05 MB"],
  ])("formatBytes(%d)", (n, text) => expect(formatBytes(n)).toBe(text));

  test.each([
    [0, "0 s"],
    [0.000_85, "0.85 ms"],
    [0.85, "850 ms"],
    [0.9996, "1 s"],
    [12.34, "12.3 s"],
    [59.96, "1 m 00 s"],
    [125, "2 m 05 s"],
    [3599.6, "1 h 00 m"],
    [3720, "1 h 02 m"],
    [93_600, "26 h 00 m"],
    [-5, "-5 s"],
  ])("formatDuration(%d)", (n, text) => expect(formatDuration(n)).toBe(text));

  test("formatPercent", () => {
    expect([formatPercent(0.8841), formatPercent(1, 0), formatPercent(0.12345, 2)]).toEqual([
      "88.4 %",
      "100 %",
      "12.35 %",
    ]);
    expect(formatPercent(Number.NaN)).toBe("–");
  });
});

describe("what is read", () => {
  test.each([
    ["5M", 5_000_000],
    ["100k", 100_000],
    ["100K", 100_000],
    ["1.5G", 1_500_000_000],
    ["300000", 300_000],
    [" 4.23 M ", 4_230_000],
    ["1e6", 1_000_000],
    ["1.1k", 1100],
    ["0", 0],
  ])("parseCount(%j)", (text, value) => expect(numberIn(parseCount(text))).toBe(value));

  test.each([
    ["512", 512],
    ["512B", 512],
    ["256kB", 256_000],
    ["256k", 256_000],
    ["1MB", 1_000_000],
    ["1MiB", 1_048_576],
    ["1.5 KiB", 1536],
    ["2G", 2_000_000_000],
  ])("parseBytes(%j)", (text, value) => expect(numberIn(parseBytes(text))).toBe(value));

  test.each([
    ["10m", 600],
    ["90s", 90],
    ["1h30m", 5400],
    ["250ms", 0.25],
    ["2 m 05 s", 125],
    ["1d 2h", 93_600],
    ["1.5h", 5400],
    ["0s", 0],
  ])("parseDuration(%j)", (text, value) => expect(numberIn(parseDuration(text))).toBe(value));

  const nonsense = [
    "",
    "  ",
    "-5",
    "-1s",
    "NaN",
    "Infinity",
    "1e999",
    "abc",
    "5Q",
    "1.2.3",
    "0x10",
    "1_000",
    "1,000",
    "5 5",
    "99999999T",
    "M",
    ".",
    "5%",
  ];
  test.each(nonsense)("nothing reads %j", (text) => {
    for (const parse of [parseCount, parseBytes, parseDuration]) {
      expect(parse(text)).toMatchObject({ ok: false, expected: expect.stringContaining("such as") });
    }
  });

  test.each([
    [parseCount, "5m", /"M" is a million/],
    [parseCount, "1.5", /whole/],
    [parseCount, "-5", /negative/],
    [parseCount, "1,5M", /comma/],
    [parseCount, "10000T", /9007 T/],
    [parseBytes, "256kb", /kB/],
    [parseDuration, "90", /"90s" is seconds/],
    [parseDuration, "30m1h", /largest first/],
    [parseDuration, "1m1m", /once/],
    [parseDuration, "5M", /minutes/],
    [parseDuration, "9999d", /366 days/],
  ] as const)("%o says what is wrong with %j", (parse, text, hint) => {
    expect(parse(text)).toMatchObject({ ok: false, received: `"${text}"`, hint: expect.stringMatching(hint) });
  });
});

describe("what was printed can be read back", () => {
  // Three significant digits: half a unit of the third is 0.5 % at most.
  const near = (x: number) => ({ low: x * 0.995 - 1e-12, high: x * 1.005 + 1e-12 });
  const reads = (parsed: Parsed, x: number) => {
    const value = numberIn(parsed) as number;
    expect(value).toBeGreaterThanOrEqual(near(x).low);
    expect(value).toBeLessThanOrEqual(near(x).high);
  };
  // The logarithm is uniform, so that every prefix is met.
  const size = (most: number) =>
    fc.double({ min: 0, max: Math.log10(most), noNaN: true }).map((e) => Math.floor(10 ** e));

  test("counts and bytes", () => {
    fc.assert(
      fc.property(size(9e15), (n) => {
        reads(parseCount(formatCount(n)), n);
        reads(parseBytes(formatBytes(n)), n);
      }),
    );
  });

  test("durations", () => {
    fc.assert(
      fc.property(fc.double({ min: -5, max: 7.4, noNaN: true }), (e) => {
        const seconds = 10 ** e;
        // From an hour up minutes are shown, from a minute up seconds.
        const slack = seconds >= 3599.5 ? 30 : seconds >= 59.95 ? 0.5 : 0.005 * seconds;
        expect(Math.abs((numberIn(parseDuration(formatDuration(seconds))) as number) - seconds)).toBeLessThanOrEqual(
          slack * (1 + 1e-9),
        );
      }),
    );
  });

  test("the parsers end in a result whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.eE+\-kMGTBims hd]{0,10}$/)), (text) => {
        for (const parse of [parseCount, parseBytes, parseDuration]) {
          const parsed = parse(text);
          if (parsed.ok) expect(parsed.value >= 0 && Number.isFinite(parsed.value)).toBe(true);
          else expect(parsed.expected).not.toBe("");
        }
      }),
      { numRuns: 500 },
    );
  });
});
