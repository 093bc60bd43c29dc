import { describe, expect, test } from "vitest";
import { pointOf } from "../objective.js";
import { choicesOf } from "../space.js";
import type { Trial } from "../strategy.js";
import { objective, searchTable, smallSpace, syntheticTable } from "../testing/small-space.js";
import { createStrategy } from "./registry.js";
import { rankByFront } from "./selection.js";

const population = 10;
const evolve = (options: object, seed = 2) =>
  searchTable({
    arms: [createStrategy("nsga2", { population, ...options })],
    table: syntheticTable(1),
    seed,
    until: (trials) => trials.length >= 80,
  });

/** The members that survive generation after generation, worked out from the trials alone. */
function survivors(trials: readonly Trial[]): readonly Trial[][] {
  const generations: Trial[][] = [];
  for (let start = 0; start + population <= trials.length; start += population) {
    const both = [...(generations.at(-1) ?? []), ...trials.slice(start, start + population)];
    generations.push(rankByFront(both, (trial) => pointOf(objective, trial)).slice(0, population));
  }
  return generations;
}

describe("NSGA-II", () => {
  test("takes parents out of the best of parents and children before", async () => {
    const trials = await evolve({});
    const generations = survivors(trials);
    for (const { id, parent } of trials.slice(population)) {
      const members = generations[Math.floor(id / population) - 1]!.map((member) => member.id);
      if (parent !== null) expect(members, `parent of ${id}`).toContain(parent);
    }
    expect(trials.filter(({ parent }) => parent === null).length).toBeLessThan(2 * population);
  });

  test("prefers the better half as parents", async () => {
    const trials = await evolve({});
    const generations = survivors(trials);
    const places = trials.slice(population).flatMap(({ id, parent }) => {
      const place = generations[Math.floor(id / population) - 1]!.findIndex((member) => member.id === parent);
      return parent === null ? [] : [place];
    });
    // The smaller of two draws out of 0 … 9 is 2.85 on average; one draw is 4.5.
    const mean = places.reduce((sum, place) => sum + place, 0) / places.length;
    expect(mean).toBeGreaterThan(2);
    expect(mean).toBeLessThan(3.7);
  });

  test("crosses genes over: a child is farther from its parent than by mutation alone", async () => {
    const distance = (trials: readonly Trial[]) => {
      const children = trials.filter(({ parent }) => parent !== null);
      const changed = children.map(({ parent, candidate }) => {
        const before = choicesOf(smallSpace, trials[parent!]!.candidate);
        return choicesOf(smallSpace, candidate).filter((choice, i) => choice !== before[i]).length;
      });
      return changed.reduce((sum, count) => sum + count, 0) / changed.length;
    };
    expect(distance(await evolve({ crossover: 1 }))).toBeGreaterThan(distance(await evolve({ crossover: 0 })) + 0.3);
  });
});
