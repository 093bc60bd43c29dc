/**
 * The trials of a fit as people count them. Both arms ask for the candidates of the random start, and each is trained once: to
 * the search these are two trials, the second the same as the first; to a reader one that both arms share.
 */
import type { Trial } from "../../search/index.js";

export type Arm = "evolution" | "random";

export type NumberedTrial = Trial & { readonly strategy: Arm | "shared"; readonly number: number };

/** Those that were trained; the place of one among them, from 1, is its number. */
export const trainedTrials = (trials: readonly Trial[]): readonly Trial[] =>
  trials.filter(({ sameAs }) => sameAs === null);

/** `number` and `parent` count the trained trials from 1, as people do. */
export function numberedTrials(trials: readonly Trial[]): readonly NumberedTrial[] {
  const trained = trainedTrials(trials);
  const numbers = new Map(trained.map(({ id }, i) => [id, i + 1]));
  const askedAgain = new Set(trials.map(({ sameAs, arm }) => (sameAs === null ? "" : `${sameAs} by ${arm}`)));
  const other = { evolution: "random", random: "evolution" } as const;
  return trained.map((trial, i) => {
    const arm = trial.arm as Arm;
    // What evolution draws at random, the random arm draws too, if only later.
    const isShared = askedAgain.has(`${trial.id} by ${other[arm]}`) || (arm === "evolution" && trial.parent === null);
    // A parent whose outcome was known before is the trial that it was known from.
    const parent = trial.parent === null ? null : numbers.get(trials[trial.parent]!.sameAs ?? trial.parent)!;
    return { ...trial, number: i + 1, parent, strategy: isShared ? "shared" : arm };
  });
}

/** Training compute of one arm, multiply-accumulates, as if it had been alone. */
export const armCompute = (trials: readonly Trial[], arm: Arm): number =>
  trials.reduce((sum, trial) => sum + (trial.arm === arm ? trial.compute : 0), 0);
