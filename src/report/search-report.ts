/** What a report of one `search` shows. */
import type { DataFacts } from "./data-facts.js";
import type { Costs } from "./kit/cost-rows.js";

export type FrontRow = {
  /** From 1. */
  readonly id: number;
  readonly arm: string;
  readonly accuracy: number;
  readonly costs: Costs;
  /** The network in a line. */
  readonly summary: string;
  /** Where the front bends most. */
  readonly isKnee: boolean;
};

export type ArmRow = {
  readonly name: string;
  /** Those whose outcome was known from another arm included. */
  readonly trials: number;
  /** Of its best. */
  readonly accuracy: number;
  /** Share of the box from perfection to a little beyond the dearest trial that its front dominates. */
  readonly volume: number;
  /** Multiply-accumulates, as if it had been alone. */
  readonly compute: number;
};

export type SearchReport = {
  readonly title: string;
  /** Of the study, and where it lies. */
  readonly name: string;
  readonly place: string;
  readonly strategy: string;
  readonly axes: readonly (keyof Costs)[];
  readonly front: readonly FrontRow[];
  /** All that were trained, but for those that failed. */
  readonly trials: readonly Omit<FrontRow, "isKnee">[];
  readonly arms: readonly ArmRow[];
  readonly counts: {
    readonly trained: number;
    readonly failed: number;
    readonly stopped: number;
    /** Met before, and not trained again. */
    readonly repeated: number;
  };
  /** Multiply-accumulates that were really spent on training. */
  readonly compute: number;
  readonly seed: number;
  readonly epochs: number;
  /** Training images of a trial. */
  readonly images: number;
  readonly data: DataFacts;
  /** Images that accuracies were measured on. */
  readonly validation: number;
  /** Turned away by cost before any training. */
  readonly rejected: number;
  /** Trainings that were asked for, where the strategy had nothing more to propose before so many; else null. */
  readonly exhaustedBefore: number | null;
  /** Trials that come from another began with its weights. */
  readonly warmStart: boolean;
  /** Kendall's τ between accuracy by shared weights and alone, with its 95 % interval; null where there are none to compare. */
  readonly ranking: {
    readonly tau: number;
    readonly low: number;
    readonly high: number;
    readonly networks: number;
  } | null;
  /** What latencies are of: `AMD EPYC, onnxruntime-node 1.30.0, CPU, 1 thread`; null where none was predicted. */
  readonly latencyOn: string | null;
  readonly engine: string;
  readonly threads: number;
  readonly seconds: number;
};

/** One search with one seed proves little, and the line says so. Empty where there is nothing to compare. */
export function verdict(arms: readonly ArmRow[]): string {
  const [asked, random] = [arms[0], arms.find(({ name }) => name === "random")];
  if (asked === undefined || random === undefined || asked === random) return "";
  const lead = asked.volume - random.volume;
  const who =
    Math.abs(lead) < 5e-5
      ? `${asked.name} and random search came out equal`
      : lead > 0
        ? `${asked.name} is ahead of random search`
        : `random search is ahead of ${asked.name}`;
  return `${who} at equal compute, in this one search; results/small-space has many`;
}
