import { describe, expect, test } from "vitest";
import { renderLatency, renderLatencyCheck } from "../index.js";

const plainly = { colour: false, width: 80 };
const row = {
  network: "mobilenet-v2",
  runtime: "onnxruntime-node 1.30.0, CPU, 2 threads",
  threads: 2,
  batch: 1,
  macs: 300_000_000,
  coldMs: 250,
  firstMs: 12.34,
  timing: { medianMs: 5, lowerMs: 4.5, upperMs: 6.25, runs: 100 },
};

describe("latencies", () => {
  test("are lines with units that follow from the median", () => {
    const [head, line] = renderLatency([row], plainly).split("\n");
    const word = (text: string) => text.split(/ {2,}/);
    expect(word(head!)).toEqual("network engine threads cold first median quartiles images/s GMAC/s".split(" "));
    expect(word(line!)).toEqual([
      "mobilenet-v2",
      "onnxruntime-node 1.30.0, CPU",
      "2",
      "250",
      "12.3",
      "5.00",
      "4.50 – 6.25",
      "200",
      "60.0",
    ]);
  });

  test("of a batch count every image of it", () => {
    const text = renderLatency([{ ...row, batch: 4 }], plainly);
    expect(text).toMatch(/ 800 +240\.0$/m);
    expect(text).toContain("milliseconds for 4 images");
  });

  test("are aligned, and a name cannot move the cursor", () => {
    const text = renderLatency(
      [row, { ...row, network: "a\u001b[2J", timing: { ...row.timing, medianMs: 1234.5 } }],
      plainly,
    );
    const [head, first, second] = text.split("\n");
    const end = (line: string, cell: string) => line.indexOf(cell) + cell.length;
    expect(end(first!, "5.00")).toBe(end(head!, "median"));
    expect(end(second!, "1235")).toBe(end(head!, "median"));
    expect(text).not.toContain("\u001b");
  });
});

describe("a check of predictions", () => {
  const configuration = { runtime: "onnxruntime-node 1.30.0, CPU", blocks: 28, networks: 2 };
  const rows = [
    { network: "one", measuredMs: 10, predictedMs: 9, error: -0.1, exact: 0.25 },
    { network: "two", measuredMs: 2, predictedMs: 2.4, error: 0.2, exact: 0 },
  ];

  test("prints both times, the error with its sign, and how much of the network was known", () => {
    const text = renderLatencyCheck({ configuration, rows, meanAbsoluteError: 0.15 }, plainly);
    expect(text).toContain("28 blocks of 2 networks measured");
    expect(text).toMatch(/^one +10\.0 +9\.00 +−10\.0 % +25 %$/m);
    expect(text).toMatch(/^two +2\.00 +2\.40 +\+20\.0 % +0 %$/m);
    expect(text).toMatch(/^mean absolute error 15\.0 %$/m);
  });

  test("says what to do where there is nothing to predict from", () => {
    const text = renderLatencyCheck({ configuration, rows: [], meanAbsoluteError: null }, plainly);
    expect(text).toContain("measure a second one into the table");
  });
});
