/** The small space of `results/small-space`, and a made-up table of it for tests that must not depend on a training. */
import { readFileSync } from "node:fs";
import { createRng } from "../../base/index.js";
import type { Costs } from "../../cost/index.js";
import { type Architecture, countArchitecture } from "../../networks/index.js";
import type { Budget } from "../../scaling/index.js";
import type { CostGate } from "../feasible.js";
import { reward, softConstraint } from "../reward.js";
import { type Assignment, runSearch, type SearchRun } from "../run-search.js";
import { candidateKey, candidateOf, choicesOf, decode, genesOf, type SearchSpace, spaceSize } from "../space.js";
import type { Objective, Outcome, Strategy, Trial } from "../strategy.js";
import { parseTable, replay, type Table } from "../tabular.js";

const results = new URL("../../../results/small-space/", import.meta.url);

export const smallSpace = JSON.parse(readFileSync(new URL("space.json", results), "utf8")) as SearchSpace;

/** Every candidate trained once, 3 epochs each: see `scripts/small-space.ts`. */
export const readSmallTable = (): Table =>
  parseTable(readFileSync(new URL("trials-0.csv", results), "utf8"), smallSpace, "trials-0.csv");

const known = new Map<string, Costs>();
export const costsOf = (architecture: Architecture): Costs => {
  const key = JSON.stringify(architecture);
  const costs = known.get(key) ?? countArchitecture(architecture);
  known.set(key, costs);
  return costs;
};

export const gateOf = (space: SearchSpace, budget: Budget = {}): CostGate => ({ space, budget, costsOf });

/** Every candidate of a space of few. */
export function everyCandidate(space: SearchSpace) {
  const genes = genesOf(space);
  return Array.from({ length: spaceSize(space) }, (_, index) => {
    let rest = index;
    const choices = genes.map(({ options: { length } }) => {
      const choice = rest % length;
      rest = Math.floor(rest / length);
      return choice;
    });
    return candidateOf(space, choices);
  });
}

/**
 * Accuracies that behave as trained ones do: each gene is worth something of its own, two that follow each other a little more,
 * and every training has luck. Networks gain less from epoch to epoch.
 */
export function syntheticTable(seed: number, space = smallSpace, epochs = 3): Table {
  const rng = createRng(`table ${seed}`);
  const genes = genesOf(space);
  const worth = genes.map(() => 0.4 + rng.uniform());
  const total = worth.reduce((sum, each) => sum + each, 0);
  return new Map(
    everyCandidate(space).map((candidate) => {
      const costs = countArchitecture(decode(space, candidate));
      const share = choicesOf(space, candidate).map((choice, i) => choice / Math.max(1, genes[i]!.options.length - 1));
      const single = share.reduce((sum, each, i) => sum + each * worth[i]!, 0) / total;
      const pairs = share.reduce((sum, each, i) => sum + Math.abs(each - (share[i + 1] ?? each)), 0) / share.length;
      const draw = rng.fork(candidateKey(space, candidate));
      const final = 0.8 + 0.08 * Math.sqrt(single) - 0.02 * pairs + 0.003 * draw.normal();
      const slow = 0.06 * (1 + draw.uniform());
      const curve = Array.from({ length: epochs }, (_, epoch) => final - slow * (epochs - 1 - epoch) ** 1.5);
      return [candidateKey(space, candidate), { candidate, costs, curve }];
    }),
  );
}

/** Error beside parameters and MACs; as one number, MnasNet's reward. */
export const objective: Objective = {
  costs: ["params", "macs"],
  reward: ({ accuracy, costs }) => reward(accuracy, costs.macs, 250_000, softConstraint),
};

export type TableSearch = {
  readonly arms: readonly Strategy[];
  readonly table: Table;
  readonly seed: number;
  readonly until: SearchRun["until"];
} & Partial<Pick<SearchRun, "gate" | "epochs" | "recorded" | "record" | "train" | "onProposal">>;

/** A search on a table of the small space, of one image a training. */
export function searchTable({ table, seed, ...run }: TableSearch): Promise<readonly Trial[]> {
  return runSearch({
    gate: gateOf(smallSpace),
    objective,
    epochs: 3,
    images: 1,
    rng: createRng(seed),
    recorded: [],
    train: replay(table, smallSpace),
    record: async () => {},
    ...run,
  });
}

/** A training that is a formula. */
export const trainBy =
  (accuracyOf: (assignment: Assignment) => number) =>
  async (assignment: Assignment): Promise<Outcome> => ({
    state: "finished",
    curve: Array<number>(assignment.epochs).fill(accuracyOf(assignment)),
    seconds: 1,
    imagesPerSecond: 1,
    error: null,
  });
