/**
 * Random search behind a filter: of a few random candidates, one that no other beats in both score and costs is trained.
 *
 * @source Abdelfattah et al. 2021, arXiv:2101.08134, §4: zero-cost proxies to warm a search up
 */
import { costOf } from "../../scaling/index.js";
import { type Counted, count } from "../feasible.js";
import { nonDominatedSort } from "../pareto.js";
import type { Candidate } from "../space.js";
import type { SearchContext, Strategy } from "../strategy.js";
import { createNovelty } from "./novelty.js";

export type Score = {
  /** More is better. */
  readonly score: number;
  /** Multiply-accumulates that scoring took, as a training counts them. */
  readonly compute: number;
};

export type PrefilterOptions = {
  /** Of the score, as it is called in reports. */
  readonly name: string;
  readonly score: (counted: Counted) => Promise<Score>;
  /** Candidates that are scored for each that is trained. */
  readonly draws: number;
};

/** What is scored and not trained is not drawn again. Ends when the space has nothing new. */
export function prefiltered({ name, score, draws }: PrefilterOptions): Strategy {
  return {
    name: `random, best of ${draws} by ${name}`,
    async *search(context) {
      const novelty = createNovelty(context);
      for (;;) {
        const drawn: (Counted & Score)[] = [];
        for (let candidate = novelty.random(); candidate !== null; candidate = novelty.random()) {
          const counted = count(context.gate, candidate);
          drawn.push({ ...counted, ...(await score(counted)) });
          if (drawn.length === draws) break;
        }
        if (drawn.length === 0) return;
        const preparation = drawn.reduce((sum, { compute }) => sum + compute, 0);
        yield { candidate: chosen(context, drawn), parent: null, preparation };
      }
    },
  };
}

/** Of those on the front of score and costs any: the best score alone would always be a large network's. */
function chosen({ objective, rng }: SearchContext, drawn: readonly (Counted & Score)[]): Candidate {
  const points = drawn.map(({ score, costs }) => [-score, ...objective.costs.map((name) => costOf(costs, name))]);
  const [front] = nonDominatedSort(points);
  const first = drawn[0]!.candidate;
  return drawn[rng.fork(`choice ${JSON.stringify(first)}`).choice(front!)]!.candidate;
}
