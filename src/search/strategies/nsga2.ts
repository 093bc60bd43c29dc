import { z } from "zod";
import type { Rng } from "../../base/index.js";
import { pointOf } from "../objective.js";
import { type Candidate, candidateOf, choicesOf, genesOf, type SearchSpace } from "../space.js";
import type { Trial } from "../strategy.js";
import { defineStrategy } from "../strategy-kind.js";
import { createNovelty } from "./novelty.js";
import { rankByFront } from "./selection.js";

/** Evolution towards a whole front: of parents and children together, the first fronts live on, the crowded ones thinned. */
export const nsga2 = defineStrategy({
  name: "nsga2",
  summary: "NSGA-II: evolves the whole front of error and costs",
  source: "Deb et al. 2002, A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II, §III",
  options: z.strictObject({
    population: z.int().min(2).default(12).describe("members of a generation"),
    crossover: z.number().min(0).max(1).default(0.9).describe("how often a child has genes of two parents"),
  }),
  search: ({ population, crossover }) =>
    async function* (context) {
      const { rng, objective, gate } = context;
      const novelty = createNovelty(context);
      const ranked = (trials: readonly Trial[]) => rankByFront(trials, (trial) => pointOf(objective, trial));
      let members: Trial[] = [];
      for (let generation = 0; ; generation++) {
        const parents = members;
        const children: Trial[] = [];
        while (children.length < population) {
          const draw = rng.fork(`generation ${generation}`).fork(children.length);
          const [a, b] = generation === 0 ? [] : [tournament(parents, draw), tournament(parents, draw)];
          const bred = a && b && breed(gate.space, a.candidate, draw.uniform() < crossover ? b.candidate : null, draw);
          const child = bred ? novelty.atOrNear(bred, draw) : null;
          const candidate = child ?? novelty.random();
          if (candidate === null) return;
          children.push(yield { candidate, parent: child && a ? a.id : null });
        }
        members = ranked([...parents, ...children]).slice(0, population);
      }
    },
});

/** The better of two. @param ranked the best first. */
function tournament(ranked: readonly Trial[], rng: Rng): Trial {
  return ranked[Math.min(rng.integer(ranked.length), rng.integer(ranked.length))]!;
}

/** Each gene from either parent; then each of n free genes anew with probability 1/n. */
function breed(space: SearchSpace, mother: Candidate, father: Candidate | null, rng: Rng): Candidate {
  const genes = genesOf(space);
  const free = genes.filter(({ options }) => options.length > 1).length;
  const [a, b] = [choicesOf(space, mother), choicesOf(space, father ?? mother)];
  const choices = genes.map(({ options }, i) => {
    const inherited = rng.uniform() < 0.5 ? a[i]! : b[i]!;
    return rng.uniform() * free < 1 ? rng.integer(options.length) : inherited;
  });
  return candidateOf(space, choices);
}
