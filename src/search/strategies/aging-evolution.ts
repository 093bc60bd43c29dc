import { z } from "zod";
import { bestTrial } from "../objective.js";
import type { Trial } from "../strategy.js";
import { defineStrategy } from "../strategy-kind.js";
import { createNovelty } from "./novelty.js";

/**
 * Regularized evolution: the best of a few members, drawn at random, has a child; the child enters the population and the oldest
 * leaves it, whatever its reward. What was lucky once does not stay for ever.
 */
export const agingEvolution = defineStrategy({
  name: "evolution",
  summary: "Aging evolution: the best of a few has a child, the oldest dies",
  source: "Real et al. 2019, arXiv:1802.01548, algorithm 1 (there 100 and 25, for 20,000 trials)",
  options: z.strictObject({
    population: z.int().min(1).default(6).describe("members alive at a time, the first of them random"),
    sample: z.int().min(1).default(3).describe("members drawn for a tournament, with replacement"),
  }),
  search: ({ population, sample }) =>
    async function* (context) {
      const { rng, objective } = context;
      const novelty = createNovelty(context);
      const alive: Trial[] = [];
      for (let born = 0; ; born++) {
        const draw = rng.fork(`child ${born}`);
        const contestants = born < population ? [] : Array.from({ length: sample }, () => draw.choice(alive));
        const parent = contestants.length === 0 ? null : bestTrial(contestants, objective.reward);
        const child = parent && novelty.near(parent.candidate, draw);
        // Also where everything near the parent is known.
        const candidate = child ?? novelty.random();
        if (candidate === null) return;
        alive.push(yield { candidate, parent: child && parent ? parent.id : null });
        if (alive.length > population) alive.shift();
      }
    },
});
