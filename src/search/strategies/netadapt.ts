import { z } from "zod";
import { UsageError } from "../../base/index.js";
import { brokenLimits, costOf, type LimitName, limitNames } from "../../scaling/index.js";
import { type CostGate, count, largestFeasible } from "../feasible.js";
import { type Candidate, candidateOf, choicesOf, genesOf, type SearchSpace } from "../space.js";
import type { SearchContext, Trial } from "../strategy.js";
import { defineStrategy } from "../strategy-kind.js";

/**
 * From a large network down to a cost, gene by gene. In each round every gene that can lower the cost by a step gives a proposal,
 * which is trained for a short time, from its parent's weights where the trainer can; the one that gives up least accuracy for
 * what it saves is where the next round begins. The last is trained whole.
 */
export const netadapt = defineStrategy({
  name: "netadapt",
  summary: "NetAdapt: shrinks a large network gene by gene to a cost",
  source:
    "Yang et al. 2018, arXiv:1804.03230, algorithm 1; step and choice of Howard et al. 2019, arXiv:1905.02244, §4",
  options: z.strictObject({
    seed: z
      .array(z.int().min(0))
      .nullable()
      .default(null)
      .describe("where it starts, as a choice for each gene; by default the largest candidate that keeps the budget"),
    cost: z
      .literal(limitNames)
      .nullable()
      .default(null)
      .describe("what is lowered; by default the first axis of the objective"),
    target: z.number().positive().nullable().default(null).describe("down to this; by default half of the seed's"),
    step: z.number().positive().max(1).default(0.01).describe("part of the seed's cost that a round saves at least"),
    shortEpochs: z.int().min(1).nullable().default(null).describe("of a proposal; by default a quarter of the whole"),
    keep: z
      .literal(["ratio", "drop"])
      .default("ratio")
      .describe("the least accuracy lost per cost saved, or the least accuracy lost"),
  }),
  search: (options) =>
    async function* (context) {
      const { gate, epochs } = context;
      const cost = options.cost ?? context.objective.costs[0] ?? "macs";
      const shortEpochs = Math.min(options.shortEpochs ?? Math.max(1, Math.round(epochs / 4)), epochs);
      const seed = yield { candidate: seedOf(context, options.seed), parent: null };
      const paid = ({ costs }: Pick<Trial, "costs">) => costOf(costs, cost);
      const target = options.target ?? paid(seed) / 2;
      const step = options.step * paid(seed);
      // Accuracy lost, per cost saved or not: the smaller the better.
      const loss = (from: Trial, to: Trial) =>
        (from.accuracy - to.accuracy) / (options.keep === "ratio" ? paid(from) - paid(to) : 1);

      let current = seed;
      while (current.state !== "failed" && paid(current) > target) {
        const from = current;
        const smaller = cheaperBy(gate, from, cost, step);
        if (smaller.length === 0) break;
        // A short training is compared with another, of the network that is cut: beside a longer one the largest cut would look best.
        const isAlike = from.epochs === shortEpochs;
        const uncut = isAlike ? from : yield { candidate: from.candidate, parent: from.id, epochs: shortEpochs };
        const base = uncut.state === "failed" ? from : uncut;
        const outcomes: Trial[] = [];
        for (const candidate of smaller) {
          outcomes.push(yield { candidate, parent: from.id, epochs: shortEpochs });
        }
        const survivors = outcomes.filter(({ state }) => state !== "failed");
        if (survivors.length === 0) break;
        current = survivors.reduce((best, other) => (loss(base, other) < loss(base, best) ? other : best));
      }
      if (current.epochs < epochs) yield { candidate: current.candidate, parent: current.id };
    },
});

function seedOf({ gate, rng }: SearchContext, choices: readonly number[] | null): Candidate {
  const genes = genesOf(gate.space);
  if (choices === null) return largestFeasible(gate, rng.fork("seed")).candidate;
  const isIn = choices.length === genes.length && genes.every(({ options }, i) => choices[i]! < options.length);
  const broken = isIn ? brokenLimits(count(gate, candidateOf(gate.space, choices)).costs, gate.budget) : [];
  if (isIn && broken.length === 0) return candidateOf(gate.space, choices);
  throw new UsageError({
    at: "strategy netadapt: seed",
    expected: isIn ? "a network that keeps the budget" : `${genes.length} choices within the genes of the space`,
    received: isIn ? `one that breaks ${broken.join(" and ")}` : JSON.stringify(choices),
  });
}

/** For each gene the smallest step down that saves enough, where there is one. */
function cheaperBy(gate: CostGate, { candidate, costs }: Trial, cost: LimitName, step: number): Candidate[] {
  const choices = choicesOf(gate.space, candidate);
  const lowered = (gene: number, choice: number) => replaceChoice(gate.space, choices, gene, choice);
  const savesEnough = (smaller: Candidate) => {
    const counted = count(gate, smaller).costs;
    return costOf(counted, cost) <= costOf(costs, cost) - step && brokenLimits(counted, gate.budget).length === 0;
  };
  return choices.flatMap((choice, gene) => {
    const below = Array.from({ length: choice }, (_, i) => lowered(gene, choice - 1 - i));
    return below.filter(savesEnough).slice(0, 1);
  });
}

const replaceChoice = (space: SearchSpace, choices: readonly number[], gene: number, choice: number): Candidate =>
  candidateOf(space, choices.with(gene, choice));
