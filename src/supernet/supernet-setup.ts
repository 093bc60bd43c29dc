/** What shared weights are trained and judged with, and what they are between two epochs. */
import { DivergenceError, type Rng } from "../base/index.js";
import type { ImageSet, Normalization } from "../data/index.js";
import type { Architecture } from "../networks/index.js";
import { lower } from "../onnx/index.js";
import type { Engine, Session } from "../runtime/index.js";
import { type CostGate, type Counted, largestFeasible, requireFeasible } from "../search/index.js";
import { type buildGradientStep, type Optimizer, type Recipe, stateLayout } from "../training/index.js";
import { createSessionCache, type SessionCache } from "./sessions.js";
import { type SharedWeights, sharedWeights } from "./shared-weights.js";

export type SupernetState = {
  readonly weights: Float32Array;
  readonly velocity: Float32Array;
  /** Epochs that are done. */
  readonly epoch: number;
  /** Multiply-accumulates of the training so far: MACs · images, as trials count theirs. */
  readonly compute: number;
};

export type SupernetSetup = {
  readonly engine: Engine;
  /** Candidates that break its budget are neither trained nor judged. */
  readonly gate: CostGate;
  /** Batch size, learning rate, momentum, decay, smoothing and augmentation; the optimizer has to be SGD. */
  readonly recipe: Recipe;
  readonly rule: { readonly kind: "sandwich"; readonly random: number } | { readonly kind: "single-path" };
  readonly epochs: number;
  readonly normalization: Normalization;
  /** Training images at a side, the same in the same order at every side. */
  readonly train: (side: number) => Promise<ImageSet>;
  readonly validation: (side: number) => Promise<ImageSet>;
  readonly rng: Rng;
  /** A saved state to go on from. */
  readonly state?: SupernetState | undefined;
};

/** What stays the same from epoch to epoch. Holds sessions until they are disposed. */
export type SupernetParts = Omit<SupernetSetup, "state"> & {
  readonly optimizer: Extract<Optimizer, { readonly kind: "sgd" }>;
  readonly shared: SharedWeights;
  readonly sessions: SessionCache;
  readonly largest: Counted;
  readonly smallest: Counted;
};

const SESSIONS = 24;

export function supernetParts(setup: SupernetSetup): SupernetParts {
  const { gate, recipe, rng } = setup;
  const { optimizer } = recipe;
  if (optimizer.kind !== "sgd") throw new Error(`internal: shared weights are trained by SGD, not ${optimizer.kind}`);
  return {
    ...setup,
    optimizer,
    shared: sharedWeights(gate.space),
    sessions: createSessionCache(SESSIONS),
    largest: largestFeasible(gate, rng.fork("largest")),
    smallest: requireFeasible(gate),
  };
}

/** A graph of one network, compiled. @param kind tells graphs of the same network apart. */
export const sessionOf = (
  { engine, recipe, sessions }: SupernetParts,
  architecture: Architecture,
  kind: "gradient" | "statistics",
  build: typeof buildGradientStep,
): Promise<Session> =>
  sessions.get(`${kind} ${JSON.stringify(architecture)}`, () => {
    const graph = build(quiet(architecture), recipe.batchSize, stateLayout(architecture));
    return engine.load(lower(graph, { name: kind, layout: "channel-major", kernels: engine.kernels }));
  });

/** Shared weights are noise enough. */
const quiet = (architecture: Architecture): Architecture => ({ ...architecture, dropout: 0, dropPath: 0 });

export const diverged = (epoch: number, received: string) =>
  new DivergenceError({ at: `shared weights, epoch ${epoch}`, expected: "a training that learns", received });
