/** What a report of one `fit` shows. Everything here is measured or counted elsewhere; the report only draws it. */
import type { DataFacts } from "./data-facts.js";
import type { Budget, Costs } from "./kit/cost-rows.js";

export type TrialPoint = {
  readonly id: number;
  /** `shared`: the random start that evolution and the random-search baseline have in common. */
  readonly strategy: "shared" | "evolution" | "random";
  readonly parent: number | null;
  readonly params: number;
  readonly macs: number;
  /** Top-1 on the validation images, a fraction. */
  readonly accuracy: number;
  readonly seconds: number;
  /** Genes in a line, e.g. `28 px · stem 16 · 3×(mb4 k3 c24 se)`. */
  readonly summary: string;
};

export type EpochRecord = {
  readonly epoch: number;
  readonly learningRate: number;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly imagesPerSecond: number;
};

/** One line of the architecture drawing: a stem, a stage or a head. */
export type StageRow = {
  readonly name: string;
  /** e.g. `inverted residual ×3`. */
  readonly block: string;
  readonly kernel: number;
  readonly stride: number;
  readonly expansion: number | null;
  readonly squeezeExcite: boolean;
  readonly activation: string;
  /** `[channels, height, width]` after the stage. */
  readonly output: readonly [number, number, number];
  readonly params: number;
  readonly macs: number;
};

export type ClassScore = {
  readonly label: string;
  readonly count: number;
  /** null where nothing was predicted (precision) or nothing was there (recall). */
  readonly precision: number | null;
  readonly recall: number | null;
};

export type Mistake = {
  readonly source: string;
  readonly truth: string;
  readonly predicted: string;
  readonly probability: number;
  /** The picture the network saw, as a `data:image/png;base64,` URL. */
  readonly image: string;
};

export type FitSearch = {
  readonly trials: readonly TrialPoint[];
  /** Training compute of each arm, in multiply-accumulates, shared trials counted in both. */
  readonly evolutionMacs: number;
  readonly randomMacs: number;
  readonly chosen: number;
  readonly epochs: number;
  readonly rejectedByCost: number;
};

/** From the chosen trial's network to the whole budget. */
export type FitScaling = {
  readonly phi: number;
  readonly depth: number;
  readonly width: number;
  readonly resolution: number;
  readonly baseline: Costs;
};

export type FitReport = {
  readonly title: string;
  /** The command that made it. */
  readonly command: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly version: string;
  readonly seed: number;
  readonly seconds: number;
  readonly threads: number;
  readonly engine: string;
  readonly data: DataFacts;
  readonly budget: Budget;
  readonly costs: Costs;
  /** What latencies are of, and what the shipped network really took; null where none was asked for. */
  readonly latency: { readonly on: string; readonly measuredMs: number | null } | null;
  /** Top-1 of the shipped file on the held-out test images. */
  readonly accuracy: number;
  /** null where nothing was searched. */
  readonly search: FitSearch | null;
  /** null where nothing was searched. */
  readonly scaling: FitScaling | null;
  /** Which limit the next larger network would break. */
  readonly stoppedBy: string;
  readonly network: { readonly resolution: number; readonly channels: number; readonly stages: readonly StageRow[] };
  readonly curve: readonly EpochRecord[];
  /** Which state ships, and what went wrong on the way: a sentence each. */
  readonly course: readonly string[];
  /** `confusion[truth][predicted]`, counts. */
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly ClassScore[];
  readonly mistakes: readonly Mistake[];
};
