/** What a paper's networks have in common, and where their releases part ways. */
import type { Architecture } from "./architecture.js";
import type { ScalingRules } from "./scale.js";

/** Whose release: the papers' own in TensorFlow (Keras follows it), torchvision's, or timm's. */
export type DialectName = "tf" | "torch" | "timm";

/**
 * What one release does in its own way. Weights belong to the dialect they were trained in: with another, all shapes fit and
 * the logits are wrong.
 */
export type Dialect = Pick<Architecture, "padding"> & {
  /** Of batch norm. */
  readonly epsilon: number;
  readonly rules: ScalingRules;
};

export type Paper = {
  readonly title: string;
  readonly authors: string;
  readonly year: number;
  /** e.g. `arXiv:1704.04861`. */
  readonly source: string;
};

/** A network with a name: a baseline, the multipliers it was published with, and the dialects that have it. */
export type Member = {
  readonly baseline: Architecture;
  readonly width: number;
  readonly depth: number;
  readonly resolution: number;
  readonly dialects: { readonly [Name in DialectName]?: Dialect };
};

export type Family = { readonly paper: Paper; readonly members: readonly Member[] };

/** A network that is its own baseline. */
export function alone(baseline: Architecture, dialects: Member["dialects"]): Member {
  return { baseline, width: 1, depth: 1, resolution: baseline.resolution, dialects };
}

/** TensorFlow's `SAME` padding and its default epsilon. */
export const tensorflow = (rules: ScalingRules): Dialect => ({ padding: "same", epsilon: 1e-3, rules });

/** PyTorch's habit: (kernel − 1) / 2 on each side, and an epsilon of 1e-5 where no one chose another. */
export const pytorch = (rules: ScalingRules, epsilon = 1e-5): Dialect => ({ padding: "symmetric", epsilon, rules });
