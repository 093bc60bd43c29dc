/**
 * Weights that all candidates of a space share, trained together and then asked which candidate is best.
 *
 * A step of the sandwich rule trains the largest candidate, the smallest and a few random ones on the same batch; the largest
 * learns from the labels, the others from what it says of them. A step of a single path trains one random candidate. Batch norm
 * keeps no running statistics here: they would be those of no network. They are measured for each candidate that is judged.
 *
 * Nothing is drawn from a running generator: order, candidates and augmentation of a step come from the seed, the epoch and the
 * step's number, so a training that goes on from a saved state ends as one that was never stopped.
 *
 * @source Yu and Huang 2019, arXiv:1903.05134: sandwich rule and in-place distillation (§3), statistics after training (§4.1). Guo
 *   et al. 2020, arXiv:1904.00420, §3.2: uniform single paths
 */
import { DivergenceError, InterruptedError, type Rng } from "../base/index.js";
import type { ImageSet, Normalization } from "../data/index.js";
import type { Architecture } from "../networks/index.js";
import { lower } from "../onnx/index.js";
import type { Engine, Session } from "../runtime/index.js";
import {
  type Candidate,
  type CostGate,
  type Counted,
  count,
  largestFeasible,
  requireFeasible,
  sampleFeasible,
} from "../search/index.js";
import {
  allFinite,
  assemble,
  batchesOf,
  buildGradientStep,
  buildStatistics,
  createEvaluator,
  learningRateShare,
  names,
  type Recipe,
  stateLayout,
} from "../training/index.js";
import { createSessionCache } from "./sessions.js";
import { gather, scatterAdd, sharedWeights } from "./shared-weights.js";

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

export type SupernetProgress = {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
};

/** What shared weights say of a candidate, and the multiply-accumulates that asking took, a third of training's per image. */
export type SharedAccuracy = { readonly accuracy: number; readonly compute: number };

export interface Supernet {
  readonly state: SupernetState;
  /**
   * @throws {DivergenceError} when loss or weights are not finite, or the loss is far above that of guessing. @throws {InterruptedError}
   * within a step of the signal. The epoch is lost.
   */
  trainEpoch(options?: {
    readonly signal?: AbortSignal | undefined;
    readonly onStep?: (progress: SupernetProgress) => void;
  }): Promise<void>;
  /** Top-1 on the validation images with shared weights and statistics of its own. */
  evaluate(candidate: Candidate): Promise<SharedAccuracy>;
  dispose(): Promise<void>;
}

/** Batches that the statistics of a candidate are averaged over. */
const CALIBRATION_BATCHES = 8;
const SESSIONS = 24;
/** A loss of so many times what guessing has will not come back. */
const LOST = 10;

export function createSupernet(setup: SupernetSetup): Supernet {
  const { engine, gate, recipe, rule, normalization, rng } = setup;
  const { optimizer, batchSize } = recipe;
  if (optimizer.kind !== "sgd") throw new Error(`internal: shared weights are trained by SGD, not ${optimizer.kind}`);
  const shared = sharedWeights(gate.space);
  const sessions = createSessionCache(SESSIONS);
  const places = new Map<string, Int32Array>();
  const [largest, smallest] = [largestFeasible(gate, rng.fork("largest")), requireFeasible(gate)];
  let state: SupernetState = setup.state ?? {
    weights: shared.initial(rng),
    velocity: new Float32Array(shared.layout.size),
    epoch: 0,
    compute: 0,
  };

  const placesOf = (architecture: Architecture): Int32Array => {
    const key = JSON.stringify(architecture);
    const known = places.get(key) ?? shared.placesOf(architecture);
    places.set(key, known);
    return known;
  };
  const load = (kind: string, architecture: Architecture, build: typeof buildGradientStep): Promise<Session> =>
    sessions.get(`${kind} ${JSON.stringify(architecture)}`, () => {
      const graph = build(quiet(architecture), batchSize, stateLayout(architecture));
      return engine.load(lower(graph, { name: kind, layout: "channel-major", kernels: engine.kernels }));
    });
  const feedsOf = (architecture: Architecture) => {
    const data = gather(state.weights, placesOf(architecture));
    return { data, dims: [data.length] };
  };

  /** Loss, logits and the gradient of one candidate on one batch, images and labels alike for all. */
  const learn = async (
    { architecture }: Counted,
    indices: readonly number[],
    targetsFor: (labels: readonly number[]) => Float32Array,
    draw: Rng,
  ) => {
    const images = await setup.train(architecture.resolution);
    const batch = assemble(
      architecture,
      images,
      indices,
      { ...normalization, augmentation: recipe.augmentation },
      draw,
    );
    const session = await load("gradient", architecture, buildGradientStep);
    const outputs = await session.run({
      [names.image]: batch.image,
      [names.targets]: { data: targetsFor(batch.labels), dims: batch.targets.dims },
      [names.weights]: feedsOf(architecture),
    });
    const floats = (name: string) => outputs[name]!.data as Float32Array;
    return { loss: floats(names.loss)[0]!, logits: floats(names.logits), gradient: floats(names.gradient) };
  };

  const candidatesFor = (draw: Rng): readonly Counted[] => {
    const random = (i: number) => sampleFeasible(gate, draw.fork(`candidate ${i}`));
    if (rule.kind === "single-path") return [random(0)];
    return [largest, smallest, ...Array.from({ length: rule.random }, (_, i) => random(i))];
  };

  const diverged = (received: string) =>
    new DivergenceError({
      at: `shared weights, epoch ${state.epoch + 1}`,
      expected: "a training that learns",
      received,
    });

  const step = async (indices: readonly number[], learningRate: number, draw: Rng): Promise<number> => {
    const { classes } = gate.space;
    const sum = new Float32Array(shared.layout.size);
    const candidates = candidatesFor(draw);
    let [firstLoss, taught, compute] = [0, null as Float32Array | null, 0];
    for (const candidate of candidates) {
      const soft = taught;
      const targetsFor = (labels: readonly number[]) => soft ?? smoothed(labels, classes, recipe.labelSmoothing);
      const { loss, logits, gradient } = await learn(candidate, indices, targetsFor, draw.fork("images"));
      if (taught === null) {
        firstLoss = loss;
        taught = softmax(logits, classes);
      }
      scatterAdd(sum, placesOf(candidate.architecture), gradient, 1 / candidates.length);
      compute += candidate.costs.macs * indices.length;
    }
    const next = descend(state, sum, {
      ...optimizer,
      learningRate,
      decay: recipe.weightDecay,
      decayed: shared.layout.decayed,
    });
    if (!Number.isFinite(firstLoss)) throw diverged(`a loss of ${firstLoss}`);
    if (!allFinite(next.weights)) throw diverged("weights that are no longer finite");
    state = { ...next, epoch: state.epoch, compute: state.compute + compute };
    return firstLoss;
  };

  return {
    get state() {
      return state;
    },

    async trainEpoch({ signal, onStep } = {}) {
      const { epoch } = state;
      const before = state;
      const draw = rng.fork(`epoch ${epoch}`);
      const { count: images } = await setup.train(largest.architecture.resolution);
      const batches = batchesOf(images, batchSize, draw.fork("order"));
      let sum = 0;
      try {
        for (const [i, indices] of batches.entries()) {
          if (signal?.aborted) {
            const received = `a request to stop in epoch ${epoch + 1}`;
            throw new InterruptedError({ at: "supernet", expected: "to train on", received });
          }
          const at = epoch + (i + 0.5) / batches.length;
          const rate = recipe.learningRate * learningRateShare(recipe.schedule, at, recipe.warmupEpochs, setup.epochs);
          const loss = await step(indices, rate, draw.fork(i));
          sum += loss;
          onStep?.({ epoch: epoch + 1, step: i + 1, steps: batches.length, loss });
        }
        const loss = sum / batches.length;
        // The first epoch of a good training may be wild, but where no other follows, it has to tell.
        if ((epoch > 0 || setup.epochs === 1) && loss > LOST * Math.log(gate.space.classes))
          throw diverged(`a mean loss of ${Number(loss.toPrecision(3))}`);
      } catch (error) {
        state = before;
        throw error;
      }
      state = { ...state, epoch: epoch + 1 };
    },

    async evaluate(candidate) {
      const { architecture, costs } = count(gate, candidate);
      const layout = stateLayout(architecture);
      const weights = gather(state.weights, placesOf(architecture));
      const train = await setup.train(architecture.resolution);
      const session = await load("statistics", architecture, buildStatistics);
      const batches = batchesOf(train.count, batchSize, rng.fork("calibration")).slice(0, CALIBRATION_BATCHES);
      const buffers = new Float32Array(layout.buffers.size);
      for (const indices of batches) {
        const { image } = assemble(architecture, train, indices, { ...normalization, augmentation: null }, null);
        const outputs = await session.run({
          [names.image]: image,
          [names.weights]: { data: weights, dims: [weights.length] },
        });
        const measured = outputs[names.buffers]!.data as Float32Array;
        for (let i = 0; i < buffers.length; i++) buffers[i]! += measured[i]! / batches.length;
      }
      const validation = await setup.validation(architecture.resolution);
      const evaluator = createEvaluator({ engine, architecture, layout, normalization });
      try {
        const { accuracy: share, loss } = await evaluator.evaluate(validation, { weights, buffers });
        // Logits that are no numbers have the first class as their largest.
        const accuracy = Number.isFinite(loss) ? share : 0;
        const images = batches.length * batchSize + validation.count;
        return { accuracy, compute: (costs.macs * images) / 3 };
      } finally {
        await evaluator.dispose();
      }
    },

    dispose: () => sessions.dispose(),
  };
}

/** Shared weights are noise enough. */
const quiet = (architecture: Architecture): Architecture => ({ ...architecture, dropout: 0, dropPath: 0 });

/** g ← g + λ·w for those that decay; v ← μ·v + g; w ← w − lr·(g + μ·v) with Nesterov's look-ahead, else w − lr·v. */
function descend(
  { weights, velocity }: Pick<SupernetState, "weights" | "velocity">,
  gradient: Float32Array,
  options: { learningRate: number; momentum: number; nesterov: boolean; decay: number; decayed: number },
): Pick<SupernetState, "weights" | "velocity"> {
  const { learningRate, momentum, nesterov, decay, decayed } = options;
  const next = { weights: new Float32Array(weights.length), velocity: new Float32Array(weights.length) };
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i]! + (i < decayed ? decay * weights[i]! : 0);
    const v = momentum * velocity[i]! + g;
    next.velocity[i] = v;
    next.weights[i] = weights[i]! - learningRate * (nesterov ? g + momentum * v : v);
  }
  return next;
}

/** `[N, K]`: (1 − ε) at the label and ε/K everywhere. */
function smoothed(labels: readonly number[], classes: number, epsilon: number): Float32Array {
  const targets = new Float32Array(labels.length * classes).fill(epsilon / classes);
  labels.forEach((label, i) => {
    targets[i * classes + label]! += 1 - epsilon;
  });
  return targets;
}

/** Row by row. */
function softmax(logits: Float32Array, classes: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes);
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const total = row.reduce((sum, logit) => sum + Math.exp(logit - top), 0);
    for (let k = 0; k < classes; k++) result[start + k] = Math.exp(row[k]! - top) / total;
  }
  return result;
}
