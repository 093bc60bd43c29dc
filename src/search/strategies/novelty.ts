/** What a strategy has asked for so far, and how it comes by something else. Every way gives up after a number of draws. */
import type { Rng } from "../../base/index.js";
import { makeFeasible, mutateFeasible, sampleFeasible } from "../feasible.js";
import { type Candidate, networkKey, spaceSize } from "../space.js";
import type { SearchContext } from "../strategy.js";

/** Enough to find the last candidate of a few dozen; in spaces worth searching the first draw is new. */
const DRAWS = 200;

/** Each gives a candidate that keeps the budget and whose network was not given before; null where none was found. */
export interface Novelty {
  /** A random one. The n-th draw of every strategy of a search is the same. */
  random(): Candidate | null;
  /** A mutation, or a mutation of that, and so on. */
  near(parent: Candidate, rng: Rng): Candidate | null;
  /** This one, made to keep the budget, or one near it. */
  atOrNear(candidate: Candidate, rng: Rng): Candidate | null;
}

export function createNovelty({ gate, rng }: SearchContext): Novelty {
  const size = spaceSize(gate.space);
  const given = new Set<string>();
  const key = (candidate: Candidate) => networkKey(gate.space, candidate);
  const isKnown = (candidate: Candidate) => given.has(key(candidate));
  const give = (candidate: Candidate) => {
    if (isKnown(candidate)) return null;
    given.add(key(candidate));
    return candidate;
  };
  const near = (parent: Candidate, rng: Rng) => give(mutateFeasible(gate, parent, rng, isKnown).candidate);
  let drawn = 0;
  return {
    random() {
      for (let draw = 0; draw < DRAWS && given.size < size; draw++) {
        const { candidate } = sampleFeasible(gate, rng.fork(`random ${drawn++}`));
        if (!isKnown(candidate)) return give(candidate);
      }
      return null;
    },
    near,
    atOrNear: (candidate, rng) => give(makeFeasible(gate, candidate, rng).candidate) ?? near(candidate, rng),
  };
}
