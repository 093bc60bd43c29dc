/** How the state of a training lies in vectors, and what the graphs call these and their other inputs and outputs. */
import { type Architecture, buildNetwork, isTrained, type Tuning } from "../../networks/index.js";
import { type FlatLayout, flatLayout } from "./flat.js";

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

/** With a tuning, of what moves: the rest stands in the graphs as constants. */
export function stateLayout(architecture: Architecture, tuning?: Tuning): StateLayout {
  const { parameters } = buildNetwork(architecture, { batch: 1, mode: "inference" }).graph;
  const moves = isTrained(architecture, tuning?.part ?? "all");
  const moving = parameters.filter(({ value }) => moves(value.name));
  const buffers = flatLayout(moving.filter(({ trainable }) => !trainable && tuning?.norms !== "running"));
  return {
    weights: flatLayout(moving.filter(({ trainable }) => trainable)),
    // Graphs have no empty vectors: one number that nobody reads stands for none.
    buffers: { ...buffers, size: Math.max(1, buffers.size) },
  };
}
