/** What a report on a scaling experiment is told. */
import type { DataFacts } from "./data-facts.js";

/** How an experiment was run. */
export type ScalingConditions = {
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly version: string;
  readonly engine: string;
  readonly data: {
    readonly name: string;
    readonly classes: number;
    /** Images. */
    readonly train: number;
    readonly validation: number;
    /** Median shorter side of the images, px. */
    readonly side: number;
    /** All that there is to say of them. */
    readonly read: DataFacts;
  };
  readonly baseline: { readonly name: string; readonly side: number; readonly params: number; readonly macs: number };
  /** Of each training. */
  readonly epochs: number;
  readonly seeds: readonly number[];
};

/** One network and what its trainings came to. */
export type StudiedPoint = {
  readonly key: string;
  /** Multipliers as asked for. */
  readonly depth: number;
  readonly width: number;
  readonly resolution: number;
  /** Of the input, px. */
  readonly side: number;
  /** Whether that is more than the images have themselves. */
  readonly isEnlarged: boolean;
  readonly params: number;
  readonly macs: number;
  /** Top-1 on the validation images after the last epoch, of each seed that was trained to the end; a fraction. */
  readonly accuracies: readonly number[];
  /** null where no training ended. */
  readonly mean: number | null;
  /** 95 % t-interval over the seeds; null for fewer than two. */
  readonly interval: readonly [low: number, high: number] | null;
  /** Why trainings failed. */
  readonly failures: readonly string[];
  /** Of a training, on average. */
  readonly seconds: number;
};

/** `margin`: half of its 95 % interval; null where one seed tells no spread. */
export type Estimate = { readonly difference: number; readonly margin: number | null };

export type ScaledDimension = "depth" | "width" | "resolution";

/** In the order of the paper's figure 3. */
export const dimensions = ["width", "depth", "resolution"] as const satisfies readonly ScaledDimension[];

export type ScalingStudyFacts = ScalingConditions & {
  readonly points: readonly StudiedPoint[];
  readonly coefficients: Readonly<Record<ScaledDimension, number>>;
  /** Lines are keys of points. */
  readonly alone: Readonly<Record<ScaledDimension, readonly string[]>>;
  readonly settings: readonly {
    readonly depth: number;
    readonly resolution: number;
    readonly line: readonly string[];
  }[];
  readonly compound: readonly { readonly phi: number; readonly key: string }[];
  /** Accuracy gained for each doubling of the multiply-adds, from point to point. */
  readonly gains: Readonly<
    Record<ScaledDimension, readonly (Estimate & { readonly from: string; readonly to: string })[]>
  >;
  /** How far the last point of each setting that the width alone reaches is above it at equal multiply-adds. */
  readonly settingLeads: readonly (Estimate & {
    readonly depth: number;
    readonly resolution: number;
    readonly key: string;
  })[];
  /** The same for the last compound point that each dimension alone reaches. */
  readonly compoundLeads: readonly (Estimate & { readonly over: ScaledDimension; readonly phi: number })[];
};

export type ScalingSearchFacts = ScalingConditions & {
  readonly grid: readonly (StudiedPoint & {
    /** α·β²·γ², before rounding. */
    readonly growth: number;
    /** `tie`: it may be as good as the best, for all that chance explains. */
    readonly rank: "best" | "tie" | "worse" | "failed";
  })[];
  readonly coefficients: Readonly<Record<ScaledDimension, number>>;
  /** Standard deviation of a training, pooled over the grid; null with one seed. */
  readonly deviation: number | null;
  /** The baseline along φ with the coefficients found. */
  readonly scaled: readonly {
    readonly phi: number;
    readonly depth: number;
    readonly width: number;
    readonly resolution: number;
    readonly side: number;
    readonly params: number;
    readonly macs: number;
    /** Where the network was written. */
    readonly file: string;
  }[];
  /** Commands that go on from here. */
  readonly next: readonly string[];
};
