/** What a network costs, and the words and order in which every table lists it. */
import { bytes, count, milliseconds } from "./words.js";

export type Costs = {
  /** Trainable numbers; batch-norm statistics are buffers and not counted. */
  readonly params: number;
  /** Multiply-accumulates of convolutions, squeeze-excite and classifier, per image. */
  readonly macs: number;
  readonly weightBytes: number;
  readonly peakActivationBytes: number;
  /** Milliseconds for one image, predicted; absent where nobody asked. */
  readonly latencyMs?: number | null;
};

/** A limit per cost; an absent one is not limited. */
export type Budget = { readonly [K in keyof Costs]?: number };

export type CostRow<Key extends keyof Costs = keyof Costs> = {
  readonly key: Key;
  readonly name: string;
  /** For a terminal. */
  readonly short: string;
  readonly format: (n: number) => string;
};

/** The costs that are counted, in the order in which every table lists them. */
export const costRows: readonly CostRow<"macs" | "params" | "weightBytes" | "peakActivationBytes">[] = [
  { key: "macs", name: "MACs", short: "MACs", format: count },
  { key: "params", name: "parameters", short: "params", format: count },
  { key: "weightBytes", name: "weight bytes", short: "weights", format: bytes },
  { key: "peakActivationBytes", name: "peak activation bytes", short: "activations", format: bytes },
];

const latencyRow: CostRow = { key: "latencyMs", name: "latency, predicted", short: "latency", format: milliseconds };

/** Every cost that a network is known to have, with how much. */
export function costsInRows(costs: Costs): readonly (CostRow & { readonly cost: number })[] {
  return [...costRows, latencyRow].flatMap((row) => {
    const cost = costs[row.key];
    return cost === undefined || cost === null ? [] : [{ ...row, cost }];
  });
}

/** What a limit is called in a sentence; a limit that is no cost (a time, a range of the search) keeps its own name. */
export function limitName(binding: string): string {
  return [...costRows, latencyRow].find((row) => row.key === binding)?.name ?? binding;
}
