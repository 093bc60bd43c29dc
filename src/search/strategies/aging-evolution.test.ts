import { describe, expect, test } from "vitest";
import { createRng } from "../../base/index.js";
import type { Costs } from "../../cost/index.js";
import type { Architecture } from "../../networks/index.js";
import { bestTrial } from "../objective.js";
import { runSearch } from "../run-search.js";
import { type Candidate, choicesOf, genesOf } from "../space.js";
import { imageSpace } from "../spaces.js";
import type { Trial } from "../strategy.js";
import { trainBy } from "../testing/small-space.js";
import { createStrategy } from "./registry.js";

const space = imageSpace({ classes: 4, channels: 1, resolutions: [20, 24, 28] });
const options = { population: 8, sample: 4 };

/** Every network costs the same: the arms then take turns. */
const costs: Costs = { params: 1, macs: 1, weightBytes: 4, peakActivationBytes: 4 };
const gate = { space, budget: {}, costsOf: (_: Architecture) => costs };

/** In [0, 1], a sum over the genes: each has one best place, so that a good parent has good children. */
function quality(candidate: Candidate): number {
  const choices = choicesOf(space, candidate);
  const distances = genesOf(space).flatMap(({ options: { length } }, i) =>
    length === 1 ? [] : [Math.abs(choices[i]! / (length - 1) - (i % 3) / 2)],
  );
  return 1 - distances.reduce((sum, distance) => sum + distance ** 2, 0) / distances.length;
}

/** A whole search in which training is a formula with a little noise. */
function simulate(seed: number, length: number): Promise<readonly Trial[]> {
  const noise = createRng(seed).fork("noise");
  return runSearch({
    arms: [createStrategy("evolution", options), createStrategy("random")],
    gate,
    objective: { costs: ["macs"], reward: ({ accuracy }) => accuracy },
    epochs: 1,
    images: 1,
    rng: createRng(seed),
    recorded: [],
    train: trainBy(({ candidate }) => quality(candidate) + 0.01 * noise.normal()),
    record: async () => {},
    until: (trials) => trials.length >= length,
  });
}

const evolved = (trials: readonly Trial[]) => trials.filter(({ arm }) => arm === "evolution");
const differences = (a: Candidate, b: Candidate) => {
  const others = choicesOf(space, b);
  return choicesOf(space, a).filter((choice, i) => choice !== others[i]).length;
};

describe("aging evolution", () => {
  test("begins with a random population and then has children alone", async () => {
    const trials = evolved(await simulate(2, 60));
    expect(trials.map(({ parent }) => parent === null)).toEqual(trials.map((_, i) => i < options.population));
  });

  test("takes a parent out of the population last born, however good the older ones were", async () => {
    const trials = evolved(await simulate(4, 160));
    trials.slice(options.population).forEach(({ parent }, i) => {
      const alive = trials.slice(i, i + options.population).map(({ id }) => id);
      expect(alive, `parent of child ${i}`).toContain(parent);
    });
    expect(trials.length).toBeGreaterThan(70);
  });

  test("has children that differ from their parents and repeat nothing", async () => {
    const trials = await simulate(5, 120);
    const seen = new Set<string>();
    for (const { parent, candidate } of evolved(trials)) {
      expect(seen).not.toContain(JSON.stringify(candidate));
      seen.add(JSON.stringify(candidate));
      if (parent !== null) expect(differences(trials[parent]!.candidate, candidate)).toBeGreaterThan(0);
    }
  });

  test("prefers good parents", async () => {
    const trials = evolved(await simulate(6, 200));
    const ranks = trials.slice(options.population).map(({ parent }, i) => {
      const alive = trials.slice(i, i + options.population).sort((a, b) => b.accuracy - a.accuracy);
      return alive.findIndex(({ id }) => id === parent);
    });
    // The best of 4 out of 8: on average place 1.2 of 0 … 7; without a tournament, 3.5.
    expect(ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length).toBeLessThan(1.8);
  });

  test("finds better networks than random search in as many trials, where children resemble their parents", async () => {
    const gains = await Promise.all(
      Array.from({ length: 15 }, async (_, seed) => {
        const trials = await simulate(seed, 136);
        const random = trials.filter(({ arm }) => arm === "random");
        expect(Math.abs(evolved(trials).length - random.length)).toBeLessThanOrEqual(1);
        // By what the networks are worth, not by how lucky they were.
        const best = (of: readonly Trial[]) => quality(bestTrial(of, ({ accuracy }) => accuracy).candidate);
        return best(evolved(trials)) - best(random);
      }),
    );
    const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
    expect(mean, `gains ${gains.map((gain) => gain.toFixed(3))}`).toBeGreaterThan(0.02);
  });
});
