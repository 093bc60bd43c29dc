/** A state, and the session that takes it from one step to the next. */
import type { Rng } from "../../base/index.js";
import type { Architecture } from "../../networks/index.js";
import type { DeviceTensor, Feeds, KeepingSession, Tensor } from "../../runtime/index.js";
import { type Batch, countCorrect, type PixelOptions } from "../batches/batch.js";
import type { Loader } from "../batches/loader.js";
import type { Recipe } from "../recipe/recipe.js";
import { release } from "../step/flat.js";
import { biasCorrections } from "../step/optimizer.js";
import { names, type StateLayout } from "../step/state-layout.js";
import { divergenceOf } from "./divergence.js";
import { afterUpdate, type LiveState } from "./live-state.js";

export interface Stepper {
  /** Between two steps. */
  readonly live: LiveState;
  /**
   * Runs one step and takes over what it gives, if that is finite.
   * @param where the run, the epoch and the step, for errors. @throws {DivergenceError} when it is not; the state is then the one before.
   */
  step(batch: Batch, learningRate: number, where: string): Promise<StepResult>;
  /** Notes how far the run has come. */
  count(counts: Pick<LiveState, "epoch" | "within">): void;
  /** The vectors of the state before it are no longer needed. */
  move(to: LiveState): void;
  dispose(): Promise<void>;
}

/** Mean loss of a batch, and how many of its images were told. */
export type StepResult = { readonly loss: number; readonly correct: number };

/** What loops over steps work with. */
export type StepLoop = {
  readonly architecture: Architecture;
  readonly recipe: Recipe;
  readonly stepper: Stepper;
  readonly loader: Loader;
  readonly pixels: PixelOptions;
  /** What else is done to a batch, on this thread. */
  readonly finish: (batch: Batch, rng: Rng) => Batch;
  readonly rng: Rng;
};

export function createStepper(
  session: KeepingSession,
  start: LiveState,
  { architecture, recipe, layout }: Pick<StepLoop, "architecture" | "recipe"> & { readonly layout: StateLayout },
): Stepper {
  let live = start;
  const move = (to: LiveState) => {
    release(live.vectors.values());
    live = to;
  };
  return {
    get live() {
      return live;
    },
    async step(batch, learningRate, where) {
      const feeds = feedsOf(live, batch, recipe, learningRate, architecture.norm.momentum);
      const { outputs, kept } = await session.run(feeds);
      const floats = (name: string) => outputs[name]!.data as Float32Array;
      const loss = floats(names.loss)[0]!;
      if (!Number.isFinite(loss) || !Number.isFinite(floats(names.finite)[0]!))
        throw await explained(batch.image, loss, kept, layout, where);
      move(afterUpdate(live, kept));
      return { loss, correct: countCorrect(floats(names.logits), batch.labels, architecture.classes) };
    },
    count(counts) {
      live = { ...live, ...counts };
    },
    move,
    async dispose() {
      release(live.vectors.values());
      await session.dispose();
    },
  };
}

/** By the names of the step's inputs. @param momentum of the running statistics. */
function feedsOf(
  { vectors, updates }: LiveState,
  { image, targets, noise }: Batch,
  { optimizer, ema }: Recipe,
  learningRate: number,
  momentum: number,
): Feeds {
  /** A share of the old that is kept: less at first, or the first steps would weigh on for long. */
  const early = (most: number) => Math.min(most, (1 + updates) / (10 + updates));
  const corrections = biasCorrections(optimizer, updates + 1).map((value, i) => [names.correction(i), scalar(value)]);
  return {
    [names.image]: image,
    [names.targets]: targets,
    ...Object.fromEntries(vectors),
    [names.learningRate]: scalar(learningRate),
    [names.statisticsMomentum]: scalar(early(momentum)),
    ...(ema !== null && { [names.averageDecay]: scalar(early(ema)) }),
    ...Object.fromEntries(corrections),
    ...Object.fromEntries(noise),
  };
}

const scalar = (value: number): Tensor => ({ data: Float32Array.of(value), dims: [] });

/** Why a step's numbers are not finite. @param kept its results, which are freed. */
async function explained(
  image: Tensor,
  loss: number,
  kept: Readonly<Record<string, DeviceTensor>>,
  layout: StateLayout,
  where: string,
): Promise<Error> {
  const weights = await kept[names.next(names.weights)]!.download();
  const buffers = await kept[names.next(names.buffers)]!.download();
  const divergence = divergenceOf({ pixels: image.data, loss, weights, buffers }, layout, where);
  release(Object.values(kept));
  return divergence ?? new Error(`internal: ${where}: finite numbers were taken for others`);
}
