/** What a search came to, for people and for `--json`: the front, and each arm's share of it at equal compute. */

import { bootstrapInterval, createRng, kendallTau } from "../../base/index.js";
import type { SearchReport } from "../../report/index.js";
import {
  candidateKey,
  describe,
  frontOf,
  kneeOf,
  type Objective,
  pointOf,
  type SearchSpace,
  type Trial,
  volumeShare,
} from "../../search/index.js";

export type SearchOutcome = Omit<
  SearchReport,
  "arms" | "front" | "trials" | "counts" | "compute" | "axes" | "ranking"
> & {
  readonly objective: Objective;
  readonly trials: readonly Trial[];
  /** What shared weights said of candidates, by their keys. */
  readonly shared?: { readonly space: SearchSpace; readonly accuracies: ReadonlyMap<string, number> } | undefined;
};

export function searchFacts({ objective, trials, shared, ...facts }: SearchOutcome): SearchReport {
  const pointsOf = (some: readonly Trial[]) =>
    some.filter(({ state }) => state !== "failed").map((trial) => pointOf(objective, trial));
  const volume = volumeShare(pointsOf(trials));
  const front = frontOf(trials, objective).sort((a, b) => a.costs.macs - b.costs.macs);
  const knee = kneeOf(front, (trial) => pointOf(objective, trial).slice(0, 2));
  const trained = trials.filter(({ sameAs }) => sameAs === null);
  const rowOf = ({ id, arm, accuracy, costs, architecture }: Trial) => ({
    id: id + 1,
    arm,
    accuracy,
    costs,
    summary: describe(architecture),
  });
  const names = [...new Set(trials.map(({ arm }) => arm))];
  return {
    ...facts,
    axes: objective.costs,
    ranking: shared === undefined ? null : rankingOf(trials, shared),
    front: front.map((trial) => ({ ...rowOf(trial), isKnee: trial === knee && front.length > 2 })),
    trials: trained.filter(({ state }) => state !== "failed").map(rowOf),
    arms: names.map((name) => {
      const own = trials.filter(({ arm }) => arm === name);
      return {
        name,
        trials: own.length,
        accuracy: Math.max(0, ...own.map(({ accuracy }) => accuracy)),
        volume: volume(pointsOf(own)),
        compute: own.reduce((sum, { compute }) => sum + compute, 0),
      };
    }),
    counts: {
      trained: trained.length,
      failed: trained.filter(({ state }) => state === "failed").length,
      stopped: trained.filter(({ state }) => state === "stopped").length,
      repeated: trials.length - trained.length,
    },
    compute: trained.reduce((sum, { compute }) => sum + compute, 0),
  };
}

/** How well shared weights order the networks that were then trained alone; null for fewer than three. */
function rankingOf(
  trials: readonly Trial[],
  { space, accuracies }: NonNullable<SearchOutcome["shared"]>,
): SearchReport["ranking"] {
  const pairs = trials.flatMap(({ candidate, accuracy, state, sameAs }) => {
    const shared = accuracies.get(candidateKey(space, candidate));
    return shared === undefined || state !== "finished" || sameAs !== null ? [] : [[shared, accuracy] as const];
  });
  if (pairs.length < 3) return null;
  const [shared, alone] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
  const { low, high } = bootstrapInterval(shared, alone, kendallTau, { rng: createRng(0), draws: 2000 });
  return { tau: kendallTau(shared, alone), low, high, networks: pairs.length };
}
