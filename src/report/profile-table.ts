import type { StageRow } from "./fit-report.js";
import type { Costs } from "./kit/cost-rows.js";

/** A network's costs, layer by layer, counted as `cost` counts them. */
export type ProfileTable = Costs & {
  readonly network: string;
  readonly resolution: number;
  readonly classes: number;
  /** The parts that the drawing shows; without them there is none. */
  readonly stages?: readonly StageRow[];
  readonly layers: readonly {
    readonly name: string;
    readonly kind: string;
    /** Shape without the batch, `[channels, height, width]` or `[features]`. */
    readonly output: readonly number[];
    readonly params: number;
    readonly macs: number;
    readonly activationBytes: number;
  }[];
};
