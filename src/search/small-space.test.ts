/** Strategies on the table that was really trained: `results/small-space`. */
import { expect, test } from "vitest";
import { isHopeless } from "./early-stopping.js";
import { frontOf, pointOf } from "./objective.js";
import { spaceSize } from "./space.js";
import { createStrategy, strategyNames } from "./strategies/registry.js";
import type { Trial } from "./strategy.js";
import { replay, yardstick } from "./tabular.js";
import { objective, readSmallTable, searchTable, smallSpace } from "./testing/small-space.js";

const EPOCHS = 3;
const SEEDS = 8;
const table = readSmallTable();
const truth = yardstick(table, objective, EPOCHS);

test("holds every candidate, trained for three epochs, and learning", () => {
  expect(table.size).toBe(spaceSize(smallSpace));
  const rows = [...table.values()];
  expect(rows.every(({ curve }) => curve.length === EPOCHS)).toBe(true);
  const mean = (epoch: number) => rows.reduce((sum, { curve }) => sum + curve[epoch]! / rows.length, 0);
  expect(mean(0)).toBeLessThan(mean(1));
  expect(mean(1)).toBeLessThan(mean(2));
});

/** Mean part of the true front's volume that is missing after the compute of so many average trials. */
async function meanRegret(name: string, trials: number): Promise<number> {
  const meanMacs = [...table.values()].reduce((sum, { costs }) => sum + costs.macs / table.size, 0);
  const spent = (sofar: readonly Trial[]) => sofar.reduce((sum, { compute }) => sum + compute, 0);
  const until = (sofar: readonly Trial[]) => spent(sofar) >= trials * meanMacs * EPOCHS;
  let sum = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const found = await searchTable({ arms: [createStrategy(name)], table, seed, until });
    sum += truth.regret(frontOf(found, objective).map((trial) => pointOf(objective, trial)));
  }
  return sum / SEEDS;
}

test("a quarter of the space is enough for most of the front's volume", async () => {
  const regret: Record<string, number> = {};
  for (const name of strategyNames.filter((each) => each !== "netadapt")) regret[name] = await meanRegret(name, 128);
  expect(regret.random).toBeLessThan(0.07);
  expect(regret.evolution).toBeLessThan(Math.min(0.05, regret.random!));
  expect(regret.nsga2).toBeLessThan(Math.min(0.06, regret.random!));
  // Three epochs are too short for halving to save much: half of its compute goes to first epochs.
  expect(regret["successive-halving"]).toBeLessThan(0.08);
});

test("stopping early saves a tenth of the epochs and hardly any of the front", async () => {
  const run = async (seed: number, stops: boolean) => {
    const trials: Trial[] = [];
    const train = replay(
      table,
      smallSpace,
      (assignment, curve) => stops && isHopeless({ ...assignment, curve }, trials, objective.costs),
    );
    const record = async (trial: Trial) => void trials.push(trial);
    const until = () => trials.length >= 160;
    await searchTable({ arms: [createStrategy("random")], table, seed, until, record, train });
    const epochs = trials.reduce((sum, { curve }) => sum + curve.length, 0);
    return { epochs, regret: truth.regret(frontOf(trials, objective).map((trial) => pointOf(objective, trial))) };
  };
  let [saved, lost] = [0, 0];
  for (let seed = 0; seed < SEEDS; seed++) {
    const [whole, cut] = [await run(seed, false), await run(seed, true)];
    saved += (1 - cut.epochs / whole.epochs) / SEEDS;
    lost += (cut.regret - whole.regret) / SEEDS;
  }
  expect(saved).toBeGreaterThan(0.1);
  expect(lost).toBeLessThan(0.01);
});

test("NetAdapt ends at its target with a network near the front", async () => {
  const target = 150_000;
  const adapt = createStrategy("netadapt", { cost: "macs", target, shortEpochs: 1 });
  const last = (await searchTable({ arms: [adapt], table, seed: 1, until: () => false })).at(-1)!;
  expect(last.costs.macs).toBeLessThanOrEqual(target);
  const within = truth.front.filter(({ costs }) => costs.macs <= target);
  const best = Math.max(...within.map(({ curve }) => curve[EPOCHS - 1]!));
  expect(best - last.accuracy).toBeLessThan(0.03);
});
