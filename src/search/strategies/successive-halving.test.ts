import { describe, expect, test } from "vitest";
import { pointOf } from "../objective.js";
import { nonDominatedSort } from "../pareto.js";
import { candidateKey } from "../space.js";
import { objective, searchTable, smallSpace, syntheticTable, trainBy } from "../testing/small-space.js";
import { createStrategy } from "./registry.js";
import { rankByFront } from "./selection.js";
import { rungEpochs } from "./successive-halving.js";

const table = syntheticTable(1, smallSpace, 9);
const halve = (options: object, count: number, run = {}) =>
  searchTable({
    arms: [createStrategy("successive-halving", options)],
    table,
    seed: 4,
    epochs: 9,
    until: (trials) => trials.length >= count,
    ...run,
  });

describe("successive halving", () => {
  test.each([
    [27, 3, 1, [1, 3, 9, 27]],
    [27, 3, 2, [3, 9, 27]],
    [3, 3, 1, [1, 3]],
    [1, 3, 1, [1]],
    [10, 4, 1, [3, 10]],
    [16, 2, 5, [8, 16]],
  ])("rungs up to %d epochs, η = %d, from %d", (whole, eta, least, rungs) => {
    expect(rungEpochs(whole, eta, least, 1e6)).toEqual(rungs);
  });

  test("has no more rungs than the space can fill", () => {
    expect(rungEpochs(27, 3, 1, 8)).toEqual([9, 27]);
    expect(rungEpochs(27, 3, 1, 1)).toEqual([27]);
  });

  test("promotes one in η of each rung, the same candidate for longer", async () => {
    const trials = await halve({}, 200);
    const rung = (epochs: number) => trials.filter((trial) => trial.epochs === epochs);
    expect(new Set(trials.map(({ epochs }) => epochs))).toEqual(new Set([1, 3, 9]));
    for (const [short, long] of [
      [1, 3],
      [3, 9],
    ] as const) {
      expect(rung(long).length).toBeGreaterThan(5);
      for (const { parent, candidate } of rung(long))
        expect(trials[parent!]).toMatchObject({ candidate, epochs: short });
      expect(new Set(rung(long).map(({ parent }) => parent)).size, "each once").toBe(rung(long).length);
      // Rank changes as a rung fills, so that some were promoted that are no longer among the best.
      expect(rung(long).length).toBeGreaterThanOrEqual(Math.floor(rung(short).length / 3));
      expect(rung(long).length).toBeLessThan(rung(short).length / 2);
    }
    expect(new Set(rung(1).map(({ candidate }) => candidateKey(smallSpace, candidate))).size).toBe(rung(1).length);
  });

  test("promotes by fronts: whoever goes up was among the best third then", async () => {
    const trials = await halve({}, 90);
    for (const { id, parent, epochs } of trials.filter((trial) => trial.parent !== null)) {
      const rung = trials.slice(0, id).filter((trial) => trial.epochs === epochs / 3);
      const fronts = nonDominatedSort(rung.map((trial) => pointOf(objective, trial)));
      const front = fronts.findIndex((members) => members.some((i) => rung[i]!.id === parent));
      const better = fronts.slice(0, front).reduce((sum, members) => sum + members.length, 0);
      expect(better).toBeLessThan(rung.length / 3);
    }
  });

  test("promotes from the highest rung that can", async () => {
    const trials = await halve({}, 200);
    let waited = 0;
    for (const { id, epochs } of trials.filter((trial) => trial.epochs < 9)) {
      const before = trials.slice(0, id);
      const promoted = new Set(before.filter((trial) => trial.epochs === 9).map(({ parent }) => parent));
      const rung = before.filter((trial) => trial.epochs === 3);
      const best = rankByFront(rung, (trial) => pointOf(objective, trial)).slice(0, Math.floor(rung.length / 3));
      expect(best.filter((trial) => !promoted.has(trial.id))).toEqual([]);
      if (epochs === 3) waited++;
    }
    expect(waited).toBeGreaterThan(20);
  });

  test("lets the cheap go on beside the accurate", async () => {
    const trials = await halve({}, 200);
    const whole = trials.filter(({ epochs }) => epochs === 9).map(({ costs }) => costs.macs);
    expect(Math.max(...whole) / Math.min(...whole)).toBeGreaterThan(2);
  });

  test("promotes before the rung is full, the highest first", async () => {
    const trials = await halve({}, 13, { train: trainBy(() => 0.5) });
    expect(trials.map(({ epochs }) => epochs)).toEqual([1, 1, 1, 3, 1, 1, 1, 3, 1, 1, 1, 3, 9]);
  });

  test("does not promote what failed or was stopped", async () => {
    const train = () =>
      Promise.resolve({ state: "stopped", curve: [0.4], seconds: 0, imagesPerSecond: 0, error: null });
    const trials = await halve({}, 40, { train });
    expect(new Set(trials.map(({ epochs }) => epochs))).toEqual(new Set([1]));
  });
});
