/**
 * Searches replayed on a space whose every candidate was trained once: a strategy is then judged in a second, as often as one
 * likes, and the true front is known.
 *
 * @source Ying et al. 2019, NAS-Bench-101, arXiv:1902.09635
 */
import { DataError } from "../base/index.js";
import type { Costs } from "../cost/index.js";
import { countArchitecture } from "../networks/index.js";
import { errorAndCosts } from "./objective.js";
import { hypervolume, type Point, paretoFront, referenceOf } from "./pareto.js";
import type { Assignment } from "./run-search.js";
import { type Candidate, candidateKey, candidateOf, decode, genesOf, type SearchSpace } from "./space.js";
import type { Objective, Outcome } from "./strategy.js";

export type TableRow = {
  readonly candidate: Candidate;
  readonly costs: Costs;
  /** Top-1 on the validation images after each epoch. */
  readonly curve: readonly number[];
};

/** By `candidateKey`. */
export type Table = ReadonlyMap<string, TableRow>;

/**
 * What `scripts/small-space.ts` writes: a line per candidate with its key, parameters, MACs, bytes of activations and the
 * accuracy after each epoch, below a line of names.
 *
 * @param at where it came from, for the message.
 * @throws {DataError} for a line that is no candidate of the space, or whose costs are not that candidate's.
 */
export function parseTable(csv: string, space: SearchSpace, at: string): Table {
  const lines = csv.trim().split(/\r?\n/).slice(1);
  return new Map(lines.map((line, i) => [line.slice(0, line.indexOf(",")), parseRow(line, space, `${at}:${i + 2}`)]));
}

function parseRow(line: string, space: SearchSpace, at: string): TableRow {
  const [key = "", params, macs, peakActivationBytes, ...accuracies] = line.split(",");
  const candidate = candidateOfKey(space, key);
  if (candidate === null) {
    throw new DataError({ at, expected: "the key of a candidate of the space", received: JSON.stringify(key) });
  }
  const costs = countArchitecture(decode(space, candidate));
  const counted = `${costs.params},${costs.macs},${costs.peakActivationBytes}`;
  const written = `${params},${macs},${peakActivationBytes}`;
  if (counted !== written) {
    const hint = "the table is of another space, or networks are counted otherwise than when it was made";
    throw new DataError({ at, expected: `the costs of ${key}: ${counted}`, received: written, hint });
  }
  const curve = accuracies.map(Number);
  if (curve.length === 0 || !curve.every((accuracy) => accuracy >= 0 && accuracy <= 1)) {
    throw new DataError({ at, expected: "accuracies from 0 to 1", received: JSON.stringify(accuracies.join(",")) });
  }
  return { candidate, costs, curve };
}

/** The inverse of `candidateKey`; null for what is none. */
export function candidateOfKey(space: SearchSpace, key: string): Candidate | null {
  let rest = key;
  const choices = genesOf(space).map(({ options: { length } }) => {
    const digits = length === 1 ? 0 : String(length - 1).length;
    const choice = Number(rest.slice(0, digits));
    rest = rest.slice(digits);
    return choice;
  });
  const candidate = candidateOf(space, choices);
  return candidateKey(space, candidate) === key ? candidate : null;
}

/** A training that looks the outcome up. @param stops asked after each epoch but the last whether to give up. */
export function replay(
  table: Table,
  space: SearchSpace,
  stops: (assignment: Assignment, curve: readonly number[]) => boolean = () => false,
): (assignment: Assignment) => Promise<Outcome> {
  return async (assignment) => {
    const key = candidateKey(space, assignment.candidate);
    const whole = table.get(key)?.curve.slice(0, assignment.epochs);
    if (whole === undefined || whole.length < assignment.epochs) {
      const received = whole === undefined ? "no such row" : `${whole.length}`;
      throw new DataError({ at: `table: ${key}`, expected: `${assignment.epochs} epochs`, received });
    }
    const end = whole.findIndex((_, i) => i + 1 < whole.length && stops(assignment, whole.slice(0, i + 1)));
    const [state, curve] = end < 0 ? (["finished", whole] as const) : (["stopped", whole.slice(0, end + 1)] as const);
    return { state, curve, seconds: 0, imagesPerSecond: 0, error: null };
  };
}

/** Error after `epochs`, then the costs. */
export const rowPoint = (
  { costs, curve }: TableRow,
  { costs: axes }: Pick<Objective, "costs">,
  epochs: number,
): Point => errorAndCosts(curve[epochs - 1]!, costs, axes);

/** How much of what can be reached a set of points reaches. */
export type Yardstick = {
  /** The Pareto front of the whole table. */
  readonly front: readonly TableRow[];
  /** 1 − the volume the points dominate ÷ the volume the true front dominates: 0 when nothing is missing. */
  readonly regret: (points: readonly Point[]) => number;
};

/** Volumes are taken below `referenceOf` the whole table. */
export function yardstick(table: Table, objective: Pick<Objective, "costs">, epochs: number): Yardstick {
  const rows = [...table.values()];
  const pointOf = (row: TableRow) => rowPoint(row, objective, epochs);
  const reference = referenceOf(rows.map(pointOf));
  const front = paretoFront(rows, pointOf);
  const best = hypervolume(front.map(pointOf), reference);
  return { front, regret: (points) => 1 - hypervolume(points, reference) / best };
}
