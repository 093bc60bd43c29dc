/** Strategies on the table that was really trained: `results/small-space`. */
import { beforeAll, expect, test } from "vitest";
import { frontOf, pointOf } from "./objective.js";
import { spaceSize } from "./space.js";
import { createStrategy } from "./strategies/registry.js";
import type { Trial } from "./strategy.js";
import { type Table, type Yardstick, yardstick } from "./tabular.js";
import { objective, readSmallTable, searchTable, smallSpace } from "./testing/small-space.js";

const EPOCHS = 3;
let table: Table;
let truth: Yardstick;

beforeAll(() => {
  table = readSmallTable();
  truth = yardstick(table, objective, EPOCHS);
});

test("holds every candidate, trained for three epochs, and learning", () => {
  expect(table.size).toBe(spaceSize(smallSpace));
  const rows = [...table.values()];
  expect(rows.every(({ curve }) => curve.length === EPOCHS)).toBe(true);
  const mean = (epoch: number) => rows.reduce((sum, { curve }) => sum + curve[epoch]! / rows.length, 0);
  expect(mean(0)).toBeLessThan(mean(1));
  expect(mean(1)).toBeLessThan(mean(2));
});

/** Mean part of the true front's volume that is missing after the compute of so many average trials, over 10 seeds. */
async function meanRegret(name: string, trials: number): Promise<number> {
  const meanMacs = [...table.values()].reduce((sum, { costs }) => sum + costs.macs / table.size, 0);
  const spent = (sofar: readonly Trial[]) => sofar.reduce((sum, { compute }) => sum + compute, 0);
  const until = (sofar: readonly Trial[]) => spent(sofar) >= trials * meanMacs * EPOCHS;
  const regrets = await Promise.all(
    Array.from({ length: 10 }, async (_, seed) => {
      const found = await searchTable({ arms: [createStrategy(name)], table, seed, until });
      return truth.regret(frontOf(found, objective).map((trial) => pointOf(objective, trial)));
    }),
  );
  return regrets.reduce((sum, regret) => sum + regret / regrets.length, 0);
}

test.each([
  ["random", 0.15],
  ["evolution", 0.15],
  ["nsga2", 0.1],
  ["successive-halving", 0.2],
])("a quarter of the space is enough for %s to miss less than %f of the front's volume", async (name, gap) => {
  expect(await meanRegret(name, 128)).toBeLessThan(gap);
});

test("NSGA-II misses less than random search", async () => {
  expect(await meanRegret("nsga2", 128)).toBeLessThan(await meanRegret("random", 128));
});

test("NetAdapt ends at its target with a network near the front", async () => {
  const target = 150_000;
  const adapt = createStrategy("netadapt", { cost: "macs", target, shortEpochs: 1 });
  const last = (await searchTable({ arms: [adapt], table, seed: 1, until: () => false })).at(-1)!;
  expect(last.costs.macs).toBeLessThanOrEqual(target);
  const best = Math.max(
    ...truth.front.filter(({ costs }) => costs.macs <= target).map(({ curve }) => curve[EPOCHS - 1]!),
  );
  expect(best - last.accuracy).toBeLessThan(0.03);
});
