import { z } from "zod";
import { pointOf } from "../objective.js";
import { spaceSize } from "../space.js";
import type { Trial } from "../strategy.js";
import { defineStrategy } from "../strategy-kind.js";
import { createNovelty } from "./novelty.js";
import { rankByFront } from "./selection.js";

/** Candidates trained for the same number of epochs. */
type Rung = { readonly epochs: number; readonly trials: Trial[]; readonly promoted: Set<number> };

/**
 * Asynchronous successive halving: many candidates are trained for a short time, the best of them for η times as long, and so
 * on. A promotion is due as soon as there is a trial among the best 1/η of its rung, without waiting for the rung to fill. Best
 * is by fronts, so cheap candidates are not thrown out by accurate ones.
 */
export const successiveHalving = defineStrategy({
  name: "successive-halving",
  summary: "ASHA: many short trainings, the best by fronts go on for longer",
  source:
    "Li et al. 2020, arXiv:1810.05934, algorithm 2; promotion by non-dominated rank and crowding: Schmucker et al. 2021, arXiv:2106.12639, §3",
  options: z.strictObject({
    eta: z.int().min(2).default(3).describe("one in so many goes on, for so many times the epochs"),
    minEpochs: z.int().min(1).default(1).describe("of the shortest training, at least"),
  }),
  search: ({ eta, minEpochs }) =>
    async function* (context) {
      const { objective, gate } = context;
      const novelty = createNovelty(context);
      const rungs = rungEpochs(context.epochs, eta, minEpochs, spaceSize(gate.space)).map(
        (epochs): Rung => ({ epochs, trials: [], promoted: new Set() }),
      );
      const best = ({ trials }: Rung) =>
        rankByFront(trials, (trial) => pointOf(objective, trial)).slice(0, Math.floor(trials.length / eta));
      const promotable = (rung: Rung) =>
        best(rung).find(({ id, state }) => state === "finished" && !rung.promoted.has(id));

      for (;;) {
        const [from, winner] = highestPromotion(rungs, promotable);
        if (winner !== undefined) {
          rungs[from]!.promoted.add(winner.id);
          const { epochs, trials } = rungs[from + 1]!;
          trials.push(yield { candidate: winner.candidate, parent: winner.id, epochs });
          continue;
        }
        const candidate = novelty.random();
        if (candidate === null) return;
        const { epochs, trials } = rungs[0]!;
        trials.push(yield { candidate, parent: null, epochs });
      }
    },
});

/** The last rung promotes nobody. */
function highestPromotion(rungs: readonly Rung[], promotable: (rung: Rung) => Trial | undefined) {
  for (let from = rungs.length - 2; from >= 0; from--) {
    const winner = promotable(rungs[from]!);
    if (winner !== undefined) return [from, winner] as const;
  }
  return [-1, undefined] as const;
}

/**
 * From short to whole, each η times the one before. A space with fewer than η^k candidates fills no more than k rungs above the
 * first, so there are no more.
 *
 * @example rungEpochs(27, 3, 2, 1e6); // [3, 9, 27]
 */
export function rungEpochs(whole: number, eta: number, minEpochs: number, candidates: number): number[] {
  const rungs = [whole];
  for (let share = eta; whole / share >= minEpochs && share <= candidates; share *= eta) {
    rungs.unshift(Math.round(whole / share));
  }
  return rungs;
}
