/**
 * The cost gate: candidates are counted before anything is trained, and one that breaks a limit is made cheaper gene by gene
 * until it does not. It always ends, since every step lowers one gene and each gene has a lowest choice.
 *
 * That a lower choice is no dearer holds for what is counted; of a latency by a table of measured blocks only nearly.
 */
import { InfeasibleError, type Rng } from "../base/index.js";
import type { Architecture } from "../networks/index.js";
import { type Budget, brokenLimits, type CostsAndLatency, costOf, inWords, usedShare } from "../scaling/index.js";
import {
  type Candidate,
  candidateOf,
  cheaperNeighbours,
  decode,
  type Gene,
  genesOf,
  mutate,
  type SearchSpace,
  sampleCandidate,
  smallestCandidate,
  variantsOf,
} from "./space.js";

export type Counted = {
  readonly candidate: Candidate;
  readonly architecture: Architecture;
  readonly costs: CostsAndLatency;
};

export type CostGate = {
  readonly space: SearchSpace;
  readonly budget: Budget;
  readonly costsOf: (architecture: Architecture) => CostsAndLatency;
  /** Called for every candidate that was counted and turned away. */
  readonly onRejected?: (counted: Counted) => void;
};

/** Random candidates that use less of the budget than this are drawn again, as long as draws are left. */
const WORTHWHILE_SHARE = 0.5;
const DRAWS = 20;

export function count(gate: CostGate, candidate: Candidate): Counted {
  const architecture = decode(gate.space, candidate);
  return { candidate, architecture, costs: gate.costsOf(architecture) };
}

/** Whether any candidate keeps the budget. */
export const fitsSmallest = (gate: CostGate): boolean => keepsBudget(gate, smallest(gate));

/**
 * The first choice of every gene where that keeps the budget. Where it does not, another may: a classifier of many classes may be the
 * larger for want of a layer before it, and a block that was measured faster than a smaller one that was not. So each gene in turn
 * takes the choice that uses least of the fullest limit, pass after pass, until that keeps the budget or nothing changes.
 *
 * The networks counted are as many as the choices tried, a few times over, not as their products.
 */
function smallest(gate: CostGate): Counted {
  const known = smallestOf.get(gate);
  if (known !== undefined) return known;
  let least = count(gate, smallestCandidate(gate.space));
  for (let pass = 0; pass < PASSES && !keepsBudget(gate, least); pass++) {
    const before = least;
    for (const gene of worthTrying(gate)) {
      least = variantsOf(least.candidate, gene)
        .map((candidate) => count(gate, candidate))
        .reduce((a, b) => (usedShare(b.costs, gate.budget) < usedShare(a.costs, gate.budget) ? b : a), least);
    }
    if (least === before) break;
  }
  smallestOf.set(gate, least);
  return least;
}

/** Two find all that one leaves in the built-in spaces. */
const PASSES = 4;

/**
 * Genes with the choices of which one may be the least. What is counted grows along a list of numbers: there it is the first, or the
 * second after a null. Kinds of blocks have no such order, and measured times have none at all.
 */
function worthTrying({ space, budget }: CostGate): Gene[] {
  const genes = genesOf(space);
  if (budget.latencyMs !== undefined) return genes;
  return genes.map(({ path, options }) => ({ path, options: path.at(-1) === "block" ? options : options.slice(0, 2) }));
}

/** It is asked for whenever a candidate cannot be made cheap enough step by step. */
const smallestOf = new WeakMap<CostGate, Counted>();

/** @throws {InfeasibleError} when not even the smallest candidate keeps the budget; its costs are in the message. */
export function requireFeasible(gate: CostGate): Counted {
  const least = smallest(gate);
  const broken = brokenLimits(least.costs, gate.budget);
  if (broken.length === 0) return least;
  throw new InfeasibleError({
    at: "budget",
    expected: `at most ${inWords(broken, gate.budget)}`,
    received: `${inWords(broken, least.costs)} in the smallest network there is for these images (${least.architecture.resolution} px)`,
    hint: "raise the limit",
  });
}

/** A random candidate that keeps the budget and uses a fair part of it, where a few draws find one. */
export function sampleFeasible(gate: CostGate, rng: Rng): Counted {
  let best: Counted | undefined;
  const worthwhile = Object.keys(gate.budget).length === 0 ? 0 : WORTHWHILE_SHARE;
  for (let draw = 0; draw < DRAWS; draw++) {
    const counted = makeFeasible(gate, sampleCandidate(gate.space, rng), rng);
    if (usedShare(counted.costs, gate.budget) >= worthwhile) return counted;
    if (best === undefined || usedShare(counted.costs, gate.budget) > usedShare(best.costs, gate.budget))
      best = counted;
  }
  return best!;
}

/** A child of `parent` that keeps the budget and was not `seen` before, where a few draws find one. */
export function mutateFeasible(
  gate: CostGate,
  parent: Candidate,
  rng: Rng,
  seen: (candidate: Candidate) => boolean,
): Counted {
  let child = mutate(gate.space, parent, rng);
  for (let draw = 0; draw < DRAWS; draw++) {
    const counted = makeFeasible(gate, child, rng);
    if (!seen(counted.candidate)) return counted;
    child = mutate(gate.space, child, rng);
  }
  return makeFeasible(gate, child, rng);
}

/** The candidate itself where it keeps the budget; else made cheaper, a random useful step at a time. */
export function makeFeasible(gate: CostGate, candidate: Candidate, rng: Rng): Counted {
  let counted = count(gate, candidate);
  for (;;) {
    const broken = brokenLimits(counted.costs, gate.budget);
    if (broken.length === 0) return counted;
    gate.onRejected?.(counted);
    const { costs } = counted;
    const cheaper = cheaperNeighbours(gate.space, counted.candidate).map((neighbour) => count(gate, neighbour));
    // Only steps that lower a limit that is broken: fewer pixels do not save parameters.
    const useful = cheaper.filter((neighbour) =>
      broken.some((name) => costOf(neighbour.costs, name) < costOf(costs, name)),
    );
    // The smallest candidate was shown to fit; what is left here differs in what no step down changes.
    if (useful.length === 0) return requireFeasible(gate);
    counted = rng.choice(useful);
  }
}

export const keepsBudget = ({ budget }: CostGate, { costs }: Counted): boolean =>
  brokenLimits(costs, budget).length === 0;

/** The last option of every gene where that keeps the budget, else made cheaper. */
export function largestFeasible(gate: CostGate, rng: Rng): Counted {
  const choices = genesOf(gate.space).map(({ options }) => options.length - 1);
  return makeFeasible(gate, candidateOf(gate.space, choices), rng);
}
