import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type EarlyStopping, isHopeless } from "./early-stopping.js";
import { frontOf, pointOf } from "./objective.js";
import { dominates } from "./pareto.js";
import { createStrategy } from "./strategies/registry.js";
import type { Trial } from "./strategy.js";
import { replay, yardstick } from "./tabular.js";
import { objective, searchTable, smallSpace, syntheticTable } from "./testing/small-space.js";

type Finished = Parameters<typeof isHopeless>[1][number];

const costs = (macs: number, params = 1) => ({ macs, params, weightBytes: 4, peakActivationBytes: 4 });
const finished = (macs: number, ...curve: number[]): Finished => ({
  state: "finished",
  curve,
  epochs: curve.length,
  accuracy: curve.at(-1)!,
  costs: costs(macs),
});
const always: EarlyStopping = { quantile: 1, patience: 1 };

describe("by hand", () => {
  // From the first epoch to the third they gained 0.1, 0.2 and 0.3.
  const trials = [finished(10, 0.7, 0.75, 0.8), finished(20, 0.6, 0.7, 0.8), finished(30, 0.5, 0.7, 0.8)];
  const running = (macs: number, ...curve: number[]) => ({ costs: costs(macs), curve, epochs: 3 });

  test.each([
    ["cannot reach 0.8 with the largest gain", running(10, 0.49), always, true],
    ["can reach it", running(10, 0.51), always, false],
    ["would only draw level, for more", running(11, 0.5), always, true],
    ["would draw level, for as much", running(10, 0.5), always, false],
    ["is cheaper than any", running(9, 0.1), always, false],
    ["is promised the middle gain", running(10, 0.55), { quantile: 0.5, patience: 1 }, true],
    ["is promised a gain that was seen, not one between", running(10, 0.55), { quantile: 0.67, patience: 1 }, false],
    ["gains less from the second epoch on", running(10, 0.49, 0.6), always, true],
    ["is at its end", running(10, 0.1, 0.1, 0.1), always, false],
    ["has not begun", running(10), always, false],
    ["has too few before it", running(10, 0.1), { quantile: 1, patience: 4 }, false],
  ])("%s", (_, candidate, options, stopped) => {
    expect(isHopeless(candidate, trials, ["macs"], options)).toBe(stopped);
  });

  test("learns from trials of its own length, and is measured by all", () => {
    expect(isHopeless(running(10, 0.1), [finished(10, 0.7, 0.8)], ["macs"], always)).toBe(false);
    const longer = [...trials, finished(10, 0.5, 0.6, 0.7, 0.8, 0.95)];
    expect(isHopeless(running(10, 0.6), longer, ["macs"], always)).toBe(true);
  });

  test("needs a rival that is no dearer on any axis", () => {
    const dear = trials.map((trial) => ({ ...trial, costs: costs(trial.costs.macs, 9) }));
    expect(isHopeless(running(10, 0.1), dear, ["macs"], always)).toBe(true);
    expect(isHopeless(running(10, 0.1), dear, ["params", "macs"], always)).toBe(false);
  });

  test("neither failed nor stopped trials count", () => {
    const others = trials.flatMap((trial) => [
      { ...trial, state: "failed" as const },
      { ...trial, state: "stopped" as const },
    ]);
    expect(isHopeless(running(10, 0.1), others, ["macs"], always)).toBe(false);
  });
});

const accuracy = fc.double({ min: 0, max: 1, noNaN: true });
const curves = fc.record({
  curve: fc.array(accuracy, { minLength: 4, maxLength: 4 }),
  macs: fc.integer({ min: 1, max: 4 }),
  params: fc.integer({ min: 1, max: 4 }),
});

test("nothing is stopped that comes onto the front with gains like those seen", () => {
  let stopped = 0;
  fc.assert(
    fc.property(fc.array(curves, { minLength: 1, maxLength: 12 }), curves, (before, last) => {
      const trials = before.map(({ curve, macs, params }) => ({
        ...finished(macs, ...curve),
        costs: costs(macs, params),
      }));
      const candidate = { ...finished(last.macs, ...last.curve), costs: costs(last.macs, last.params) };
      const axes = ["macs", "params"] as const;
      const point = ({ accuracy, costs }: Finished) => [1 - accuracy, costs.macs, costs.params];
      for (let done = 1; done < 4; done++) {
        const gain = (curve: readonly number[]) => curve[3]! - curve[done - 1]!;
        if (gain(last.curve) > Math.max(...before.map(({ curve }) => gain(curve)))) continue;
        if (!isHopeless({ ...candidate, curve: last.curve.slice(0, done) }, trials, axes, always)) continue;
        stopped++;
        expect(trials.some((trial) => dominates(point(trial), point(candidate)))).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
  expect(stopped, "the test saw some").toBeGreaterThan(100);
});

test("on a table it saves epochs and costs little of the front", async () => {
  const table = syntheticTable(2);
  const { regret } = yardstick(table, objective, 3);
  const run = async (stops: boolean, seed: number) => {
    const trials: Trial[] = [];
    await searchTable({
      arms: [createStrategy("random")],
      table,
      seed,
      until: () => trials.length >= 150,
      record: async (trial) => void trials.push(trial),
      train: replay(
        table,
        smallSpace,
        (assignment, curve) => stops && isHopeless({ ...assignment, curve }, trials, objective.costs),
      ),
    });
    const epochs = trials.reduce((sum, { curve }) => sum + curve.length, 0);
    return { epochs, regret: regret(frontOf(trials, objective).map((trial) => pointOf(objective, trial))), trials };
  };
  const [saved, lost]: number[][] = [[], []];
  for (let seed = 0; seed < 5; seed++) {
    const [plain, early] = [await run(false, seed), await run(true, seed)];
    expect(early.trials.map(({ candidate }) => candidate)).toEqual(plain.trials.map(({ candidate }) => candidate));
    saved!.push(1 - early.epochs / plain.epochs);
    lost!.push(early.regret - plain.regret);
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value / values.length, 0);
  expect(mean(saved!)).toBeGreaterThan(0.07);
  // Here a late gain is as likely as an early one; what is lost where networks were trained: small-space.test.ts.
  expect(mean(lost!)).toBeLessThan(0.05);
});
