import { expect, test } from "vitest";
import { candidateKey } from "../space.js";
import { searchTable, smallSpace, syntheticTable } from "../testing/small-space.js";
import { prefiltered } from "./prefiltered.js";

const table = syntheticTable(1);
const accuracyOf = (key: string) => table.get(key)!.curve.at(-1)!;
const search = (sign: number, draws: number, length = 40) =>
  searchTable({
    arms: [
      prefiltered({
        name: "accuracy",
        draws,
        score: async ({ candidate }) => ({ score: sign * accuracyOf(candidateKey(smallSpace, candidate)), compute: 7 }),
      }),
    ],
    table,
    seed: 1,
    until: (trials) => trials.length >= length,
  });

test("trains what the score prefers, and counts the scoring", async () => {
  const [best, worst] = [await search(1, 6), await search(-1, 6)];
  const mean = (trials: typeof best) => trials.reduce((sum, { accuracy }) => sum + accuracy / trials.length, 0);
  expect(mean(best)).toBeGreaterThan(mean(worst) + 0.005);
  const [first] = best;
  expect(first!.compute).toBe(6 * 7 + first!.costs.macs * 3);
  expect(first!.arm).toBe("random, best of 6 by accuracy");
});

test("ends with the space, each candidate scored once", async () => {
  const trials = await search(1, 100, 1000);
  expect(trials).toHaveLength(6);
  const scored = trials.reduce((sum, { compute, costs }) => sum + (compute - costs.macs * 3) / 7, 0);
  // The last few of a space are left when no draw finds them.
  expect(scored).toBeGreaterThan(500);
  expect(scored).toBeLessThanOrEqual(512);
});
