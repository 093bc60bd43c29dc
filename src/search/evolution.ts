/**
 * Regularized (aging) evolution, and random search at equal compute beside it.
 *
 * Both arms begin with the same random candidates. After that the arm that has spent less training compute goes next, so
 * that whenever the search ends the two can be compared.
 *
 * @source Real et al. 2019, arXiv:1802.01548, algorithm 1: the child enters the population, the oldest leaves it, whatever
 *   its score.
 */
import type { Rng } from "../base/index.js";
import { type CostGate, type Counted, mutateFeasible, sampleFeasible } from "./feasible.js";
import type { Candidate } from "./space.js";

export type Arm = "shared" | "evolution" | "random";

export type Proposal = Counted & { readonly id: number; readonly strategy: Arm; readonly parent: number | null };

/** A proposal that was trained. */
export type Trial = Proposal & {
  /** Top-1 on the validation images. */
  readonly accuracy: number;
  /** Multiply-accumulates spent on training it: costs · images · epochs. */
  readonly compute: number;
  readonly seconds: number;
  /** Speed of its training, validation left out. */
  readonly imagesPerSecond: number;
};

export type EvolutionOptions = {
  /** Members alive at a time; also the number of shared random candidates at the start. */
  readonly population: number;
  /** Members drawn for a tournament, with replacement. */
  readonly sample: number;
};

/** The next candidate to train, given all trials so far. Depends on nothing else, so a search can stop and go on. */
export function propose(gate: CostGate, trials: readonly Trial[], options: EvolutionOptions, rng: Rng): Proposal {
  const id = trials.length;
  const draw = rng.fork(`trial ${id}`);
  if (id < options.population) return { id, strategy: "shared", parent: null, ...sampleFeasible(gate, draw) };
  if (armCompute(trials, "random") < armCompute(trials, "evolution")) {
    return { id, strategy: "random", parent: null, ...sampleFeasible(gate, draw) };
  }
  const parent = tournament(trials, options, draw);
  const seen = new Set(trials.map(({ candidate }) => key(candidate)));
  return {
    id,
    strategy: "evolution",
    parent: parent.id,
    ...mutateFeasible(gate, parent.candidate, draw, (candidate) => seen.has(key(candidate))),
  };
}

/** Training compute of one arm; the shared start counts for both. */
export function armCompute(trials: readonly Trial[], arm: "evolution" | "random"): number {
  return trialsOf(trials, arm).reduce((sum, { compute }) => sum + compute, 0);
}

export const trialsOf = (trials: readonly Trial[], arm: "evolution" | "random"): readonly Trial[] =>
  trials.filter(({ strategy }) => strategy === "shared" || strategy === arm);

/** The most accurate trial; of equals the one with fewer MACs. */
export function bestTrial(trials: readonly Trial[]): Trial {
  return trials.reduce((best, trial) =>
    trial.accuracy > best.accuracy || (trial.accuracy === best.accuracy && trial.costs.macs < best.costs.macs)
      ? trial
      : best,
  );
}

function tournament(trials: readonly Trial[], { population, sample }: EvolutionOptions, rng: Rng): Trial {
  const alive = trialsOf(trials, "evolution").slice(-population);
  return bestTrial(Array.from({ length: sample }, () => rng.choice(alive)));
}

const key = (candidate: Candidate) => JSON.stringify(candidate);
