/**
 * Every published row against our own count. Exact figures are sums of the published tables, kept apart from the code that
 * they check; the printed ones are rounded, and within 7 % of ours but for those listed here with the reason.
 */
import { describe, expect, test } from "vitest";
import { buildArchitecture, profileArchitecture, publishedFor, publishedResults } from "./index.js";
import { printedFigure } from "./printed-figure.js";

/** Trainable, 1000 classes; the resolution does not matter. By network and width. */
const exactParams: Readonly<Record<string, number>> = {
  "mobilenet-v1 1": 4_231_976,
  "mobilenet-v1 0.75": 2_585_560,
  "mobilenet-v1 0.5": 1_331_592,
  "mobilenet-v1 0.25": 470_072,
  "mobilenet-v2 1.4": 6_108_776,
  "mobilenet-v2 1.3": 5_386_792,
  "mobilenet-v2 1": 3_504_872,
  "mobilenet-v2 0.75": 2_636_424,
  "mobilenet-v2 0.5": 1_968_680,
  "mobilenet-v2 0.35": 1_677_128,
  "mobilenet-v3-large 1.25": 7_551_976,
  "mobilenet-v3-large 1": 5_483_032,
  "mobilenet-v3-large 0.75": 3_993_528,
  "mobilenet-v3-large 0.5": 2_689_520,
  "mobilenet-v3-large 0.35": 2_131_832,
  "mobilenet-v3-small 1.25": 3_205_384,
  "mobilenet-v3-small 1": 2_542_856,
  "mobilenet-v3-small 0.75": 2_041_872,
  "mobilenet-v3-small 0.5": 1_592_704,
  "mobilenet-v3-small 0.35": 1_358_288,
  "mobilenet-v3-large-minimalistic 1": 3_924_288,
  "mobilenet-v3-small-minimalistic 1": 2_044_736,
  "mnasnet-a1 1.4": 6_105_992,
  "mnasnet-a1 1": 3_887_038,
  "mnasnet-a1 0.75": 2_912_278,
  "mnasnet-a1 0.5": 2_082_006,
  "mnasnet-a1 0.35": 1_747_018,
  "mnasnet-b1 1": 4_383_312,
  "mnasnet-small 1": 2_030_264,
  "efficientnet-b0 1": 5_288_548,
  "efficientnet-b1 1": 7_794_184,
  "efficientnet-b2 1": 9_109_994,
  "efficientnet-b3 1": 12_233_232,
  "efficientnet-b4 1": 19_341_616,
  "efficientnet-b5 1": 30_389_784,
  "efficientnet-b6 1": 43_040_704,
  "efficientnet-b7 1": 66_347_960,
  "efficientnet-lite0 1": 4_652_008,
  "efficientnet-lite1 1": 5_416_680,
  "efficientnet-lite2 1": 6_092_072,
  "efficientnet-lite3 1": 8_197_096,
  "efficientnet-lite4 1": 13_006_568,
  "efficientnet-v2-b0 1": 7_139_704,
  "efficientnet-v2-b1 1": 8_141_052,
  "efficientnet-v2-b2 1": 10_096_086,
  "efficientnet-v2-b3 1": 14_358_406,
  "efficientnet-v2-s 1": 21_458_488,
  "efficientnet-v2-m 1": 54_139_356,
  "efficientnet-v2-l 1": 118_515_272,
  "mobilenet-v4-conv-small 1": 3_774_024,
  "mobilenet-v4-conv-medium 1": 9_715_512,
  "mobilenet-v4-conv-large 1": 32_590_864,
};

/** By network, width and resolution. */
const exactMacs: Readonly<Record<string, number>> = {
  "mobilenet-v1 1 224": 568_740_352,
  "mobilenet-v1 1 192": 418_121_728,
  "mobilenet-v1 1 160": 290_675_200,
  "mobilenet-v1 1 128": 186_400_768,
  "mobilenet-v1 0.75 224": 325_400_448,
  "mobilenet-v1 0.75 192": 239_273_472,
  "mobilenet-v1 0.75 160": 166_396_800,
  "mobilenet-v1 0.75 128": 106_770_432,
  "mobilenet-v1 0.5 224": 149_497_088,
  "mobilenet-v1 0.5 192": 109_970_432,
  "mobilenet-v1 0.5 160": 76_524_800,
  "mobilenet-v1 0.5 128": 49_160_192,
  "mobilenet-v1 0.25 224": 41_030_272,
  "mobilenet-v1 0.25 192": 30_212_608,
  "mobilenet-v1 0.25 160": 21_059_200,
  "mobilenet-v1 0.25 128": 13_570_048,
  "mobilenet-v2 1.4 224": 582_195_824,
  "mobilenet-v2 1.3 224": 509_374_560,
  "mobilenet-v2 1 224": 300_774_272,
  "mobilenet-v2 1 192": 221_316_608,
  "mobilenet-v2 1 160": 154_083_200,
  "mobilenet-v2 1 128": 99_074_048,
  "mobilenet-v2 1 96": 56_289_152,
  "mobilenet-v2 0.75 224": 209_069_792,
  "mobilenet-v2 0.75 192": 153_941_888,
  "mobilenet-v2 0.75 160": 107_295_200,
  "mobilenet-v2 0.75 128": 69_129_728,
  "mobilenet-v2 0.75 96": 39_445_472,
  "mobilenet-v2 0.5 224": 97_131_840,
  "mobilenet-v2 0.5 192": 71_701_760,
  "mobilenet-v2 0.5 160": 50_184_000,
  "mobilenet-v2 0.5 128": 32_578_560,
  "mobilenet-v2 0.5 96": 18_885_440,
  "mobilenet-v2 0.35 224": 59_285_808,
  "mobilenet-v2 0.35 192": 43_896_512,
  "mobilenet-v2 0.35 160": 30_874_800,
  "mobilenet-v2 0.35 128": 20_220_672,
  "mobilenet-v2 0.35 96": 11_934_128,
  "mobilenet-v3-large 1.25 224": 355_221_920,
  "mobilenet-v3-large 1 224": 216_589_760,
  "mobilenet-v3-large 0.75 224": 154_560_624,
  "mobilenet-v3-large 0.5 224": 69_247_600,
  "mobilenet-v3-large 0.35 224": 39_472_336,
  "mobilenet-v3-large 1 256": 281_663_360,
  "mobilenet-v3-large 1 192": 160_192_640,
  "mobilenet-v3-large 1 160": 112_472_000,
  "mobilenet-v3-large 1 128": 73_427_840,
  "mobilenet-v3-large 1 96": 43_060_160,
  "mobilenet-v3-small 1.25 224": 90_800_864,
  "mobilenet-v3-small 1 224": 56_510_400,
  "mobilenet-v3-small 0.75 224": 43_399_344,
  "mobilenet-v3-small 0.5 224": 21_052_560,
  "mobilenet-v3-small 0.35 224": 12_815_840,
  "mobilenet-v3-small 1 256": 73_175_040,
  "mobilenet-v3-small 1 192": 42_067_712,
  "mobilenet-v3-small 1 160": 29_846_976,
  "mobilenet-v3-small 1 128": 19_848_192,
  "mobilenet-v3-small 1 96": 12_071_360,
  "mobilenet-v3-large-minimalistic 1 224": 209_136_704,
  "mobilenet-v3-small-minimalistic 1 224": 52_288_448,
  "mnasnet-a1 1 224": 311_579_072,
  "mnasnet-a1 0.75 224": 223_448_480,
  "mnasnet-a1 0.5 224": 103_162_992,
  "mnasnet-a1 0.35 224": 61_681_920,
  "mnasnet-b1 1 224": 314_415_872,
  "mnasnet-small 1 224": 68_339_184,
  "efficientnet-b0 1 224": 385_814_752,
  "efficientnet-b1 1 240": 686_802_832,
  "efficientnet-b2 1 260": 993_561_872,
  "efficientnet-b3 1 300": 1_827_141_392,
  "efficientnet-b4 1 380": 4_393_771_024,
  "efficientnet-b5 1 456": 10_266_384_752,
  "efficientnet-b6 1 528": 19_067_593_536,
  "efficientnet-b7 1 600": 37_745_884_192,
  "efficientnet-lite0 1 224": 385_187_552,
  "efficientnet-lite1 1 240": 600_185_232,
  "efficientnet-lite2 1 260": 859_736_272,
  "efficientnet-lite3 1 280": 1_383_321_872,
  "efficientnet-lite4 1 300": 2_553_034_336,
  "efficientnet-v2-b0 1 224": 718_086_176,
  "efficientnet-v2-b1 1 240": 1_196_819_360,
  "efficientnet-v2-b2 1 260": 1_697_542_832,
  "efficientnet-v2-b3 1 300": 3_011_458_816,
  "efficientnet-v2-s 1 384": 8_365_617_152,
  "efficientnet-v2-m 1 480": 24_582_460_384,
  "efficientnet-v2-l 1 480": 56_079_699_008,
  "mobilenet-v4-conv-small 1 224": 186_005_568,
  "mobilenet-v4-conv-medium 1 256": 1_080_244_224,
  "mobilenet-v4-conv-large 1 384": 6_376_220_672,
  // timm's sizes of the last two, and torchvision's crop for B2.
  "efficientnet-lite3 1 300": 1_607_554_544,
  "efficientnet-lite4 1 380": 3_943_564_112,
  "torch-efficientnet-b2 1 288": 1_087_529_456,
};

const built = publishedResults.flatMap(({ network, width, resolution, ...row }) =>
  network === null || resolution === null ? [] : [{ ...row, network, width, resolution }],
);

const counts = new Map<string, { readonly params: number; readonly macs: number }>();
function sizeOf(network: string, width: number, resolution: number) {
  const key = `${network} ${width} ${resolution}`;
  const known = counts.get(key) ?? profileArchitecture(buildArchitecture(network, { width, resolution }));
  counts.set(key, known);
  return known;
}

describe("our counts, to the last digit", () => {
  test.each(Object.entries(exactMacs))("%s: %i MACs", (key, macs) => {
    const [network, width, resolution] = key.split(" ") as [string, string, string];
    expect(sizeOf(network, Number(width), Number(resolution)).macs).toBe(macs);
  });

  test.each(Object.entries(exactParams))("%s: %i parameters", (key, params) => {
    const [network, width] = key.split(" ") as [string, string];
    const { resolution } = buildArchitecture(network);
    expect(sizeOf(network, Number(width), resolution).params).toBe(params);
  });

  test("every published row of the papers' releases has its exact parameters above", () => {
    for (const { network, width } of built.filter((row) => !/^(torch|timm)-/.test(row.network)))
      expect(exactParams).toHaveProperty([`${network} ${width}`]);
  });

  // The release's table of A1 has no exact counterpart below 224 px and at width 1.4.
  test("and its exact MACs", () => {
    const rows = built.filter(({ network }) => !/^(torch|timm)-/.test(network) && network !== "mnasnet-a1");
    for (const { network, width, resolution } of rows)
      expect(exactMacs).toHaveProperty([`${network} ${width} ${resolution}`]);
  });
});

describe("printed figures", () => {
  /** Farther than 7 % from our count, and why. */
  const exceptions: Readonly<Record<string, string>> = {
    "mobilenet-v1 0.25@192 macs 34 M": "misprint of the release: its table of the network gives 30 M",
    "mobilenet-v2 0.35@96 macs 11 M": "11.93 M, cut off to whole millions",
    "mobilenet-v2 1.4@224 params 6.9 M": "misprint of the paper: the release has 6.06 M",
    "mobilenet-v3-small 1.25@224 params 3.6 M": "with 1280 hidden channels, unlike the other rows",
    "mobilenet-v3-small 1@224 params 2.9 M": "stale: with 1280 hidden channels",
    "mobilenet-v3-small 1@224 macs 66 M": "stale",
    "mobilenet-v3-small 0.75@224 params 2.4 M": "stale: with 1280 hidden channels",
    "mobilenet-v3-small-minimalistic 1@224 macs 65 M": "stale",
  };

  const figures = built.flatMap(({ network, width, resolution, source, ...row }) =>
    (["params", "macs"] as const).flatMap((quantity) => {
      const figure = row[quantity];
      if (figure === null) return [];
      const name = `${network} ${width}@${resolution} ${quantity} ${figure.text}`;
      const deviation = figure.value / sizeOf(network, width, resolution)[quantity] - 1;
      return [{ name, source, deviation, note: row.notes[quantity] }];
    }),
  );

  test.each(figures)("$name ($source)", ({ name, deviation }) => {
    if (name in exceptions) expect(Math.abs(deviation)).toBeGreaterThan(0.07);
    else expect(Math.abs(deviation)).toBeLessThan(0.07);
  });

  test("the exceptions are rows that there are, and all but the cut-off one carry a note", () => {
    for (const name of Object.keys(exceptions)) {
      const rows = figures.filter((figure) => figure.name === name);
      expect(rows, name).toHaveLength(1);
      if (!name.endsWith(" 11 M")) expect(rows[0]!.note, name).toBeDefined();
    }
  });

  test("torchvision's parameters are ours to the last digit, its GMACs to the last of theirs", () => {
    const rows = built.filter(({ network }) => network.startsWith("torch-"));
    expect(rows.length).toBeGreaterThan(15);
    for (const { network, width, resolution, params, macs } of rows) {
      const ours = sizeOf(network, width, resolution);
      expect(params!.value, network).toBe(ours.params);
      expect(Math.round(ours.macs / macs!.step), network).toBe(Math.round(macs!.value / macs!.step));
    }
  });

  test.each([
    ["3.4 M", 3_400_000, 100_000],
    ["0.39 B", 390_000_000, 10_000_000],
    ["1.0 B", 1_000_000_000, 100_000_000],
    ["0.301 G", 301_000_000, 1_000_000],
    ["569 M", 569_000_000, 1_000_000],
    ["3,504,872", 3_504_872, 1],
  ])("%s is %i in steps of %i", (text, value, step) => {
    expect(printedFigure(text)).toEqual({ text, value, step });
  });

  test.each(["", "3.4", "3.4M", "3,50,872", "M"])("%j is no printed figure", (text) => {
    expect(() => printedFigure(text)).toThrow(/^internal: /);
  });
});

describe("accuracies", () => {
  test("are fractions of two to five places, top-5 above top-1, or a note says why there is none", () => {
    for (const { label, top1, top5, notes } of publishedResults) {
      if (top1 === null) expect(notes.top1, label).toBeDefined();
      for (const accuracy of [top1, top5]) {
        if (accuracy === null) continue;
        expect(accuracy, label).toBeGreaterThan(0.4);
        expect(accuracy, label).toBeLessThan(1);
        expect(Number(accuracy.toFixed(5)), label).toBe(accuracy);
      }
      if (top1 !== null && top5 !== null) expect(top5, label).toBeGreaterThan(top1);
    }
  });

  test("a wider or finer member of a grid is never less accurate", () => {
    for (const { network, source } of built) {
      const grid = built.filter((row) => row.network === network && row.source === source && row.top1 !== null);
      for (const a of grid)
        for (const b of grid)
          if (a.width >= b.width && a.resolution >= b.resolution)
            expect(a.top1, a.label).toBeGreaterThanOrEqual(b.top1!);
    }
  });

  test("the grids are complete", () => {
    const sizes = (network: string, source: RegExp) =>
      built.filter((row) => row.network === network && source.test(row.source)).length;
    expect(sizes("mobilenet-v1", /mobilenet_v1\.md/)).toBe(4 * 4);
    expect(sizes("mobilenet-v2", /README/)).toBe(2 + 4 * 5);
    expect(sizes("mobilenet-v3-large", /table 9/)).toBe(10);
    expect(sizes("mobilenet-v3-small", /table 9/)).toBe(10);
    expect(sizes("mnasnet-a1", /README/)).toBe(5 * 5);
    expect(publishedResults.filter(({ network, source }) => network === null && /11946/.test(source))).toHaveLength(16);
  });

  test("the row to quote comes first, and tf- is the papers' own release", () => {
    expect(publishedFor("mobilenet-v2", 1, 224)[0]).toMatchObject({ top1: 0.718, top5: 0.91 });
    expect(publishedFor("tf-mobilenet-v2", 1, 224)).toEqual(publishedFor("mobilenet-v2", 1, 224));
    expect(publishedFor("torch-mobilenet-v2", 1, 224).map(({ top1 }) => top1)).toEqual([0.71878, 0.72154]);
    expect(publishedFor("mobilenet-v2", 1, 200)).toEqual([]);
  });
});
