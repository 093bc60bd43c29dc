/**
 * Search by shared weights: many candidates are judged by them, and the fronts of those are proposed for a training of their own.
 */
import {
  type Candidate,
  type CostGate,
  type Counted,
  count,
  enumerateCandidates,
  errorAndCosts,
  keepsBudget,
  mutateFeasible,
  networkKey,
  type Point,
  rankByFront,
  type SearchContext,
  type Strategy,
  sampleFeasible,
  spaceSize,
} from "../search/index.js";
import type { SharedAccuracy } from "./shared-accuracy.js";

/** Trained shared weights, and what their training took. */
export type Ranker = {
  readonly compute: number;
  readonly judge: (candidate: Candidate) => Promise<SharedAccuracy>;
};

export type SupernetStrategyOptions = {
  /** Called once, before the first proposal. */
  readonly prepare: (context: SearchContext) => Promise<Ranker>;
  /** Candidates that are judged: all where there are no more, else half at random and half by mutation of their front. */
  readonly judged: number;
  /** Told of every judgement. */
  readonly onJudged?: (candidate: Candidate, accuracy: number, done: number) => void;
};

type Judged = Counted & { readonly accuracy: number };

/** The cost of training and judging is added to the first proposal's. Ends when all that were judged are proposed. */
export function supernetStrategy({ prepare, judged: most, onJudged }: SupernetStrategyOptions): Strategy {
  return {
    name: "supernet",
    async *search(context) {
      const ranker = await prepare(context);
      const { gate, objective } = context;
      const judged: Judged[] = [];
      let preparation = ranker.compute;
      const pointOf = ({ accuracy, costs }: Judged) => errorAndCosts(accuracy, costs, objective.costs);
      for (const next of wanted(gate, most)) {
        const counted = next ?? draw(context, judged, most, pointOf);
        if (counted === null) break;
        const { accuracy, compute } = await ranker.judge(counted.candidate);
        preparation += compute;
        judged.push({ ...counted, accuracy });
        onJudged?.(counted.candidate, accuracy, judged.length);
      }
      for (const { candidate } of rankByFront(judged, pointOf)) {
        yield { candidate, parent: null, preparation };
        preparation = 0;
      }
    },
  };
}

/** Every candidate of a small space; of a large one as many blanks as are to be drawn. */
function* wanted(gate: CostGate, most: number): Generator<Counted | null, void> {
  if (spaceSize(gate.space) > most) {
    for (let i = 0; i < most; i++) yield null;
    return;
  }
  for (const candidate of enumerateCandidates(gate.space)) {
    const counted = count(gate, candidate);
    if (keepsBudget(gate, counted)) yield counted;
  }
}

/** A few draws may all have been judged before; then the next is as good. */
const DRAWS = 50;

/** @returns null when nothing new was found. */
function draw(
  { gate, rng }: SearchContext,
  judged: readonly Judged[],
  most: number,
  pointOf: (judged: Judged) => Point,
): Counted | null {
  const { space } = gate;
  const seen = new Set(judged.map(({ candidate }) => networkKey(space, candidate)));
  const isSeen = (candidate: Candidate) => seen.has(networkKey(space, candidate));
  const best = rankByFront(judged, pointOf).slice(0, Math.max(1, Math.floor(judged.length / 4)));
  for (let i = 0; i < DRAWS; i++) {
    const own = rng.fork(`${judged.length}.${i}`);
    const counted =
      judged.length < most / 2
        ? sampleFeasible(gate, own)
        : mutateFeasible(gate, own.choice(best).candidate, own, isSeen);
    if (!isSeen(counted.candidate)) return counted;
  }
  return null;
}
