/**
 * One training run: holds the two compiled graphs (a step, an evaluation) and the state that goes through them.
 *
 * Nothing is drawn from a running generator: order, augmentation and noise of a step come from the seed, the epoch and the
 * step's number. A run that goes on from a saved state therefore ends in the same bytes as one that was never stopped.
 */
import type { Rng } from "../../base/index.js";
import type { ImageSet, Normalization } from "../../data/index.js";
import type { Architecture, Noise } from "../../networks/index.js";
import { lower } from "../../onnx/index.js";
import type { Engine, KeepingSession } from "../../runtime/index.js";
import type { Batch } from "../batches/batch.js";
import { finished } from "../batches/finish.js";
import { createLoader, type WorkerCount } from "../batches/loader.js";
import type { Recipe } from "../recipe/recipe.js";
import { loadStep } from "../step/accumulation.js";
import { type Distillation, teacherInput, teacherWeights } from "../step/distillation.js";
import {
  initialState,
  namedTensors,
  shippedOf,
  startOf,
  type TrainedNetwork,
  type TrainingState,
  type TunedPart,
} from "../step/state.js";
import { names, type StateLayout, stateLayout } from "../step/state-layout.js";
import { buildTrainingStep } from "../step/step.js";
import { createEvaluator, type Evaluation, evaluationBatch } from "./evaluation.js";
import { inherit } from "./inherit.js";
import { download, liveOf, shippedVectors, stateOf } from "./live-state.js";
import { measureStep, type RateOptions, tryRates } from "./probes.js";
import { createStepper, type StepLoop } from "./stepper.js";
import { type EpochOptions, type EpochResult, trainEpoch } from "./train-epoch.js";

export type TrainingSetup = {
  readonly engine: Engine;
  readonly architecture: Architecture;
  readonly recipe: Recipe;
  readonly normalization: Normalization;
  readonly rng: Rng;
  /** A saved state to go on from. */
  readonly state?: TrainingState;
  /** Where there is no saved state, the weights begin as this network's, as far as they fit. */
  readonly parent?: TrainedNetwork | undefined;
  /** A part of a trained network goes on from what it is, the rest stays so. */
  readonly tuning?: TunedPart | undefined;
  readonly distillation?: Distillation | undefined;
  /** Threads that assemble batches beside the steps; by default as many as measurement asks for. Results do not depend on them. */
  readonly workers?: WorkerCount | undefined;
};

export interface Training {
  readonly layout: StateLayout;
  /** The one that an epoch ended with. Within an epoch, or after one that was stopped, it may lie on the device: see `snapshot`. */
  readonly state: TrainingState;
  /** The state as it is now, brought to the processor's memory. */
  snapshot(): Promise<TrainingState>;
  /** Weights and batch-norm statistics by name, of this state or another of the same run. */
  tensors(state?: TrainingState): Map<string, Float32Array>;
  /**
   * Trains over all images once; those that do not fill the last batch wait for another epoch's order. An epoch that was stopped
   * goes on where it was.
   * @throws {DivergenceError} when loss or weights are not finite; the state is then the one before that step. @throws {InterruptedError} within a step of the signal.
   */
  trainEpoch(images: ImageSet, options: EpochOptions): Promise<EpochResult>;
  /** Top-1 and cross-entropy with the running statistics, images as they are. */
  evaluate(images: ImageSet): Promise<Evaluation>;
  /** The class that each image looks most like. */
  predict(images: ImageSet): Promise<Int32Array>;
  /**
   * Seconds for one step, the median of a few; the state is left as it was.
   * @param tooLong in seconds: a step after the first that takes longer is the last.
   */
  measureStep(images: ImageSet, tooLong?: number): Promise<number>;
  /**
   * The losses of steps at one rate after the other; it ends early where numbers are not finite or the loss is four times the least.
   * The state is left as it was.
   * @throws {InterruptedError} within a step of the signal.
   */
  tryRates(images: ImageSet, rates: readonly number[], options?: RateOptions): Promise<number[]>;
  dispose(): Promise<void>;
}

export async function createTraining(setup: TrainingSetup): Promise<Training> {
  const { engine, recipe, normalization, tuning, distillation, workers, rng } = setup;
  const architecture = atRates(setup.architecture, recipe);
  const layout = stateLayout(architecture, tuning);
  const start = liveOf(setup.state ?? freshState(setup, architecture, layout));
  const { session, noise } = await loadTrainingStep(setup, architecture, layout, [...start.vectors.keys()]);
  const stepper = createStepper(session, start, { architecture, recipe, layout });
  const loader = createLoader({ architecture, threads: engine.threads, workers });
  const { balance } = recipe;
  const evaluated = {
    engine,
    architecture,
    layout,
    normalization,
    tuning,
    balance,
    batch: evaluationBatch(recipe),
    loader,
  };
  const evaluator = createEvaluator(evaluated);
  const teacher = distillation && teacherInput(architecture, normalization, distillation);
  const finish = (batch: Batch, draw: Rng) => finished(batch, { mixing: recipe.mixing, noise, teacher }, draw);
  const pixels = { ...normalization, augmentation: recipe.augmentation };
  const loop: StepLoop = { architecture, recipe, stepper, loader, pixels, finish, rng };

  return {
    layout,
    get state() {
      return stateOf(stepper.live);
    },
    snapshot: () => download(stepper.live),
    tensors: (wanted = stateOf(stepper.live)) =>
      new Map([...(tuning?.tensors ?? []), ...namedTensors(layout, shippedOf(wanted))]),
    trainEpoch: (images, options) => trainEpoch(loop, images, options),
    evaluate: (images) => evaluator.evaluate(images, shippedVectors(stepper.live)),
    predict: (images) => evaluator.predict(images, shippedVectors(stepper.live)),
    measureStep: (images, tooLong = Number.POSITIVE_INFINITY) => measureStep(loop, images, tooLong),
    tryRates: (images, rates, options = {}) => tryRates(loop, images, rates, options),
    async dispose() {
      await loader.dispose();
      await stepper.dispose();
      await evaluator.dispose();
    },
  };
}

/** The recipe's rates of noise go before the network's own. */
const atRates = (architecture: Architecture, { dropout, dropPath }: Recipe): Architecture => ({
  ...architecture,
  dropout: dropout ?? architecture.dropout,
  dropPath: dropPath ?? architecture.dropPath,
});

function freshState(
  { recipe, tuning, parent, rng }: TrainingSetup,
  architecture: Architecture,
  layout: StateLayout,
): TrainingState {
  const fresh =
    tuning === undefined
      ? initialState(architecture, layout, recipe, rng.fork("weights"))
      : startOf(tuning.tensors, layout, recipe);
  return parent === undefined ? fresh : inherit(layout, fresh, parent).state;
}

/** @param moving the inputs whose next values stay on the device. @returns also the noise masks that it asks for. */
async function loadTrainingStep(
  { engine, recipe, tuning, distillation }: TrainingSetup,
  architecture: Architecture,
  layout: StateLayout,
  moving: readonly string[],
): Promise<{ readonly session: KeepingSession; readonly noise: readonly Noise[] }> {
  const { graph, noise } = buildTrainingStep(architecture, recipe, layout, { tuning, distillation });
  const model = lower(graph, {
    name: `${architecture.name} training step`,
    layout: "channel-major",
    kernels: engine.kernels,
    weights: new Map([...(tuning?.tensors ?? []), ...(distillation ? teacherWeights(distillation) : [])]),
  });
  const session = await loadStep(model, { engine, recipe, layout, kept: moving.map(names.next) });
  return { session, noise };
}
