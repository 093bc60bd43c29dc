import { describe, expect, test } from "vitest";
import { createRng } from "../base/index.js";
import type { Assignment } from "./run-search.js";
import { candidateKey, candidateOf, choicesOf, genesOf, sampleCandidate, spaceSize } from "./space.js";
import { imageSpace } from "./spaces.js";
import { candidateOfKey, parseTable, replay, rowPoint, type Table, yardstick } from "./tabular.js";
import { everyCandidate, objective, smallSpace, syntheticTable } from "./testing/small-space.js";

const table = syntheticTable(1);
const rows = [...table].map(([key, { costs, curve }]) =>
  [key, costs.params, costs.macs, costs.peakActivationBytes, ...curve].join(","),
);
const names = "choices,params,macs,peak_activation_bytes,epoch_1,epoch_2,epoch_3";
const csvOf = (...lines: readonly string[]) => `${[names, ...lines].join("\n")}\n`;

describe("keys", () => {
  test("are the choices where there is one, a digit each", () => {
    const genes = genesOf(smallSpace);
    const [first, second] = genes.flatMap(({ options }, i) => (options.length > 1 ? [i] : []));
    const choices = genes.map((_, i) => (i === first || i === second ? 1 : 0));
    expect(candidateKey(smallSpace, candidateOf(smallSpace, choices))).toBe("110000000");
    expect(spaceSize(smallSpace)).toBe(2 ** 9);
  });

  test("lead back to the candidate", () => {
    for (const candidate of everyCandidate(smallSpace)) {
      expect(candidateOfKey(smallSpace, candidateKey(smallSpace, candidate))).toEqual(candidate);
    }
    for (const key of ["", "11000000", "1100000000", "210000000", "11000000x", "-11000000"]) {
      expect(candidateOfKey(smallSpace, key), key).toBeNull();
    }
  });

  test("take as many digits as a list needs", () => {
    const space = {
      ...imageSpace({ classes: 2, channels: 1, resolutions: [28] }),
      widths: Array.from({ length: 12 }, (_, i) => i + 1),
    };
    const candidate = { ...sampleCandidate(space, createRng(1)), width: 3 };
    expect(candidateKey(space, candidate)).toMatch(/^02/);
    expect(candidateOfKey(space, candidateKey(space, candidate))).toEqual(candidate);
  });

  test("of another space's candidate are nobody's here", () => {
    const other = { ...everyCandidate(smallSpace)[0]!, width: 2 };
    expect(choicesOf(smallSpace, other)).toContain(-1);
    expect(everyCandidate(smallSpace).map((each) => candidateKey(smallSpace, each))).not.toContain(
      candidateKey(smallSpace, other),
    );
  });
});

describe("a table out of a file", () => {
  test("holds what was written", () => {
    expect(parseTable(csvOf(...rows), smallSpace, "t.csv")).toEqual(table);
    expect(parseTable(csvOf(...rows).replaceAll("\n", "\r\n"), smallSpace, "t.csv")).toEqual(table);
    expect(parseTable(csvOf(), smallSpace, "t.csv").size).toBe(0);
  });

  test.each([
    [
      "a key of another space",
      (row: string) => `2${row.slice(1)}`,
      't.csv:3: expected the key of a candidate of the space, received "2',
    ],
    [
      "other costs",
      (row: string) => row.replace(/^(\d+),\d+/, "$1,77"),
      /t\.csv:3: expected the costs of \d{9}: \d+,\d+,\d+, received 77,/,
    ],
    ["no accuracies", (row: string) => row.split(",").slice(0, 4).join(","), "expected accuracies from 0 to 1"],
    ["a cut line", (row: string) => row.slice(0, 12), "expected the costs of"],
    ["percent", (row: string) => row.replace(/[^,]+$/, "84"), "expected accuracies from 0 to 1"],
  ])("is refused with %s", (_, spoil, message) => {
    expect(() => parseTable(csvOf(rows[0]!, spoil(rows[1]!)), smallSpace, "t.csv")).toThrow(message);
  });
});

describe("replay", () => {
  const [candidate] = everyCandidate(smallSpace);
  const { curve, costs } = table.get(candidateKey(smallSpace, candidate!))!;
  const assignment = { candidate, costs, epochs: 2, id: 0, arm: "a", parent: null } as unknown as Assignment;

  test("gives as much of the curve as was asked for", async () => {
    expect(await replay(table, smallSpace)(assignment)).toMatchObject({ state: "finished", curve: curve.slice(0, 2) });
  });

  test("stops where it is told to, but for the last epoch", async () => {
    const stopsAt = (length: number) => replay(table, smallSpace, (_, sofar) => sofar.length === length);
    expect(await stopsAt(1)(assignment)).toMatchObject({ state: "stopped", curve: curve.slice(0, 1) });
    expect(await stopsAt(2)(assignment)).toMatchObject({ state: "finished", curve: curve.slice(0, 2) });
  });

  test("says what the table has not", async () => {
    const key = candidateKey(smallSpace, candidate!);
    const longer = { ...assignment, epochs: 4 };
    await expect(replay(table, smallSpace)(longer)).rejects.toThrow(`table: ${key}: expected 4 epochs, received 3`);
    await expect(replay(new Map(), smallSpace)(assignment)).rejects.toThrow("expected 2 epochs, received no such row");
  });
});

describe("the yardstick", () => {
  const row = (macs: number, accuracy: number) => ({
    candidate: everyCandidate(smallSpace)[0]!,
    costs: { macs, params: 1, weightBytes: 4, peakActivationBytes: 4 },
    curve: [0, accuracy],
  });
  const four: Table = new Map([
    ["a", row(10, 0.5)],
    ["b", row(20, 0.75)],
    ["c", row(30, 0.5)],
    ["d", row(30, 1)],
  ]);
  const { front, regret } = yardstick(four, { costs: ["macs"] }, 2);
  const point = (name: string) => rowPoint(four.get(name)!, { costs: ["macs"] }, 2);

  test("by hand: volumes below a tenth beyond the worst", () => {
    expect(front).toEqual(["a", "b", "d"].map((name) => four.get(name)));
    // Reference: error 0.5 + 0.05, 30 + 2 MACs. a: 0.05 × 22, b adds 0.25 × 12, d adds 0.25 × 2.
    const whole = 0.05 * 22 + 0.25 * 12 + 0.25 * 2;
    expect(regret([point("b")])).toBeCloseTo(1 - (0.3 * 12) / whole, 12);
    expect(regret([point("a"), point("c")])).toBeCloseTo(1 - (0.05 * 22) / whole, 12);
    expect(regret(["a", "b", "d"].map(point))).toBe(0);
    expect(regret([])).toBe(1);
  });

  test("judges by the epochs asked for", () => {
    expect(yardstick(four, { costs: ["macs"] }, 1).front).toEqual([four.get("a")]);
    expect(yardstick(table, objective, 3).front.length).toBeGreaterThan(5);
  });
});
