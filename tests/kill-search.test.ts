import { expect, test } from "vitest";
import { killSearch } from "./kill-search.js";

// `scripts/kill-search.ts` has fifty kills, and takes its time.
test("a search killed at random moments loses no finished trial, counts none twice, and proposes the same candidates", async () => {
  const { kills, found, broken, whole } = await killSearch({ strategy: "evolution", seed: 3, trials: 80 }, 3);
  expect(kills).toBe(3);
  // The last process was not killed before it had looked.
  expect(found.at(-1), "some kills met the search at work").toBeGreaterThan(0);
  expect(found.at(-1)).toBeLessThan(80);
  expect(whole).toHaveLength(80);
  expect(broken).toEqual(whole);
}, 240_000);
