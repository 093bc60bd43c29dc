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

import type { Candidate } from "../search/index.js";
import { batchesOf, learningRateAt, stopAt } from "../training/index.js";
import { type SharedAccuracy, sharedAccuracy } from "./shared-accuracy.js";
import {
  diverged,
  type SupernetParts,
  type SupernetSetup,
  type SupernetState,
  supernetParts,
} from "./supernet-setup.js";
import { supernetStep } from "./supernet-step.js";

export type SupernetProgress = {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
};

type EpochOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: (progress: SupernetProgress) => void;
};

export interface Supernet {
  /** As the last epoch left it. */
  readonly state: SupernetState;
  /**
   * @throws {DivergenceError} when loss or weights are not finite, or the loss is far above that of guessing. @throws {InterruptedError}
   * within a step of the signal. The epoch is lost.
   */
  trainEpoch(options?: EpochOptions): Promise<void>;
  /** Top-1 on the validation images with shared weights and statistics of its own. */
  evaluate(candidate: Candidate): Promise<SharedAccuracy>;
  dispose(): Promise<void>;
}

export function createSupernet(setup: SupernetSetup): Supernet {
  const parts = supernetParts(setup);
  let state = setup.state ?? initialState(parts);
  return {
    get state() {
      return state;
    },
    async trainEpoch(options = {}) {
      state = await trainEpoch(parts, state, options);
    },
    evaluate: (candidate) => sharedAccuracy(parts, state.weights, candidate),
    dispose: () => parts.sessions.dispose(),
  };
}

const initialState = ({ shared, rng }: SupernetParts): SupernetState => ({
  weights: shared.initial(rng),
  velocity: new Float32Array(shared.layout.size),
  epoch: 0,
  compute: 0,
});

/** A loss of so many times what guessing has will not come back. */
const LOST = 10;

async function trainEpoch(
  parts: SupernetParts,
  before: SupernetState,
  { signal, onStep }: EpochOptions,
): Promise<SupernetState> {
  const { recipe, epochs, gate, largest } = parts;
  const { epoch } = before;
  const draw = parts.rng.fork(`epoch ${epoch}`);
  const { count } = await parts.train(largest.architecture.resolution);
  const batches = batchesOf(count, recipe.batchSize, draw.fork("order"));
  let [state, sum] = [before, 0];
  for (const [i, indices] of batches.entries()) {
    stopAt(signal, "supernet", `epoch ${epoch + 1}`);
    const rate = learningRateAt(recipe, epoch + (i + 0.5) / batches.length, epochs);
    const next = await supernetStep(parts, state, indices, rate, draw.fork(i));
    state = next.state;
    sum += next.loss;
    onStep?.({ epoch: epoch + 1, step: i + 1, steps: batches.length, loss: next.loss });
  }
  const loss = sum / batches.length;
  // The first epoch of a good training may be wild, but where no other follows, it has to tell.
  if ((epoch > 0 || epochs === 1) && loss > LOST * Math.log(gate.space.classes))
    throw diverged(epoch + 1, `a mean loss of ${Number(loss.toPrecision(3))}`);
  return { ...state, epoch: epoch + 1 };
}
