/** What the graphs of a training call their inputs and outputs. */
import type { FlatLayout } from "./flat.js";

/** An output that replaces an input is called `next.` and the input's name. */
export const names = {
  image: "image",
  targets: "targets",
  weights: "weights",
  buffers: "buffers",
  learningRate: "learningRate",
  statisticsMomentum: "statisticsMomentum",
  averageDecay: "averageDecay",
  average: (name: string) => `average.${name}`,
  moment: (i: number) => `moments.${i}`,
  correction: (i: number) => `correction.${i}`,
  next: (name: string) => `next.${name}`,
  loss: "loss",
  finite: "finite",
  gradient: "gradient",
  statistics: "statistics",
  logits: "logits",
} as const;

/** How the numbers of a network lie in the two vectors of its state. */
export type StateLayout = { readonly weights: FlatLayout; readonly buffers: FlatLayout };
