/**
 * One training run: holds the two compiled graphs (a step, an evaluation) and the state that goes through them.
 *
 * Nothing is drawn from a running generator: order, augmentation and noise of a step come from the seed, the epoch and the
 * step's number. A run that goes on from a saved state therefore ends in the same bytes as one that was never stopped.
 */
import { DivergenceError, InterruptedError, type Rng } from "../../base/index.js";
import type { ImageSet, Normalization } from "../../data/index.js";
import type { Architecture, Tuning } from "../../networks/index.js";
import { lower } from "../../onnx/index.js";
import type { Engine, Tensor } from "../../runtime/index.js";
import { assemble, type Batch, batchesOf, countCorrect, noiseMask } from "../batches/batch.js";
import { createLoader, type WorkerCount } from "../batches/loader.js";
import { mixed } from "../batches/mixing.js";
import type { Recipe } from "../recipe/recipe.js";
import { learningRateShare } from "../recipe/schedule.js";
import { loadStep } from "../step/accumulation.js";
import { type Distillation, teacherInput, teacherWeights } from "../step/distillation.js";
import { biasCorrections } from "../step/optimizer.js";
import type { TrainedNetwork } from "../step/state.js";
import { initialState, namedTensors, shippedOf, startOf, type TrainingState } from "../step/state.js";
import { names, type StateLayout, stateLayout } from "../step/state-layout.js";
import { buildTrainingStep } from "../step/step.js";
import { divergenceOf } from "./divergence.js";
import type { EpochRecord } from "./epoch-record.js";
import { createEvaluator, type Evaluation, evaluationBatch } from "./evaluation.js";
import { inherit } from "./inherit.js";
import { afterUpdate, download, type LiveState, liveOf, release, shippedVectors, stateOf } from "./live-state.js";

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
  /** A part of a trained network goes on from what it is, the rest stays so: `tensors` are all of the network, by name. */
  readonly tuning?: (Tuning & { readonly tensors: ReadonlyMap<string, Float32Array> }) | undefined;
  readonly distillation?: Distillation | undefined;
  /** Threads that assemble batches beside the steps; by default as many as measurement asks for. Results do not depend on them. */
  readonly workers?: WorkerCount | undefined;
};

/** An epoch before it is validated. */
export type EpochResult = Omit<EpochRecord, "validationLoss" | "validationAccuracy">;

export type StepProgress = {
  readonly step: number;
  readonly steps: number;
  /** Of the run, as it is laid out in this epoch. */
  readonly epochs: number;
} & Pick<EpochRecord, "imagesPerSecond" | "waitingForData">;

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
  trainEpoch(
    images: ImageSet,
    options: {
      /** The length of the learning-rate schedule as it stands now. */
      readonly epochs: number;
      readonly signal?: AbortSignal | undefined;
      readonly onStep?: (progress: StepProgress) => void;
      /** The next step waits for it. */
      readonly afterStep?: () => Promise<void>;
    },
  ): Promise<EpochResult>;
  /** Top-1 and cross-entropy with the running statistics, images as they are. */
  evaluate(images: ImageSet): Promise<Evaluation>;
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
  tryRates(
    images: ImageSet,
    rates: readonly number[],
    options?: { readonly signal?: AbortSignal | undefined; readonly onStep?: (done: number) => void },
  ): Promise<number[]>;
  dispose(): Promise<void>;
}

export async function createTraining(setup: TrainingSetup): Promise<Training> {
  const { recipe, engine } = setup;
  const { dropout, dropPath, ...rows } = setup.architecture;
  const architecture = { ...rows, dropout: recipe.dropout ?? dropout, dropPath: recipe.dropPath ?? dropPath };
  const { tuning, distillation } = setup;
  const layout = stateLayout(architecture, tuning);
  const { graph, noise } = buildTrainingStep(architecture, recipe, layout, { tuning, distillation });
  const weights = new Map([...(tuning?.tensors ?? []), ...(distillation ? teacherWeights(distillation) : [])]);
  const fresh = () =>
    tuning === undefined
      ? initialState(architecture, layout, recipe, setup.rng.fork("weights"))
      : startOf(tuning.tensors, layout, recipe);
  let live = liveOf(
    setup.state ?? (setup.parent === undefined ? fresh() : inherit(layout, fresh(), setup.parent).state),
  );
  const options = { layout: "channel-major", kernels: engine.kernels, weights } as const;
  const step = await loadStep(lower(graph, { ...options, name: `${architecture.name} training step` }), {
    ...{ engine, recipe, layout, kept: [...live.vectors.keys()].map(names.next) },
  });
  const { normalization, workers } = setup;
  const loader = createLoader({ architecture, threads: engine.threads, workers });
  const evaluation = createEvaluator({
    ...{ engine, architecture, layout, normalization, tuning, loader },
    batch: evaluationBatch(recipe),
  });
  const teacherFeed = distillation && teacherInput(architecture, normalization, distillation);

  const pixels = { ...normalization, augmentation: recipe.augmentation };
  const finish = (assembled: Batch, rng: Rng): Batch => {
    const batch = mixed(assembled, recipe.mixing, rng.fork("mixing"));
    const masks = noise.map(
      ({ input, kind, rate, shape }) =>
        [input.name, noiseMask(shape, rate, rng.fork(`${kind}/${input.name}`))] as const,
    );
    return { ...batch, noise: teacherFeed === undefined ? masks : [...masks, teacherFeed(batch.image)] };
  };
  const prepare = (images: ImageSet, indices: readonly number[], rng: Rng): Batch =>
    finish(assemble(architecture, images, indices, pixels, rng), rng);

  /** Runs one step and takes over what it gives, if that is finite. */
  const advance = async (
    batch: Batch,
    learningRate: number,
    where: string,
  ): Promise<{ loss: number; logits: Float32Array }> => {
    const { updates } = live;
    const { outputs, kept } = await step.run({
      [names.image]: batch.image,
      [names.targets]: batch.targets,
      ...Object.fromEntries(live.vectors),
      [names.learningRate]: scalar(learningRate),
      [names.statisticsMomentum]: scalar(early(architecture.norm.momentum, 1 + updates, 10 + updates)),
      ...(recipe.ema !== null && { [names.averageDecay]: scalar(early(recipe.ema, 1 + updates, 10 + updates)) }),
      ...Object.fromEntries(
        biasCorrections(recipe.optimizer, updates + 1).map((value, i) => [names.correction(i), scalar(value)]),
      ),
      ...Object.fromEntries(batch.noise),
    });
    const floats = (name: string) => outputs[name]!.data as Float32Array;
    const loss = floats(names.loss)[0]!;
    if (!Number.isFinite(loss) || !Number.isFinite(floats(names.finite)[0]!)) {
      const [weights, buffers] = [names.weights, names.buffers].map((name) => kept[names.next(name)]!);
      const numbers = { loss, weights: await weights!.download(), buffers: await buffers!.download() };
      const divergence = divergenceOf({ pixels: batch.image.data, ...numbers }, layout, where);
      release(Object.values(kept));
      throw divergence ?? new Error(`internal: ${where}: finite numbers were taken for others`);
    }
    move(afterUpdate(live, kept));
    return { loss, logits: floats(names.logits) };
  };

  /** The vectors of the state before it are no longer needed. */
  const move = (next: LiveState): void => {
    release(live.vectors.values());
    live = next;
  };

  /** Trains as `work` likes, and goes back to the state before it. */
  const withoutTrace = async <T>(work: () => Promise<T>): Promise<T> => {
    const saved = live;
    await download(saved); // what is on the device goes with the first step
    try {
      return await work();
    } finally {
      move(saved);
    }
  };

  return {
    layout,
    get state() {
      return stateOf(live);
    },
    snapshot: () => download(live),
    tensors: (wanted = stateOf(live)) =>
      new Map([...(tuning?.tensors ?? []), ...namedTensors(layout, shippedOf(wanted))]),

    async trainEpoch(images, { signal, onStep, afterStep, ...options }) {
      const { epoch, within } = live;
      const epochs = within?.epochs ?? options.epochs;
      const rng = setup.rng.fork(`epoch ${epoch}`);
      const size = recipe.batchSize;
      const batches = batchesOf(images.count, size, rng.fork("order"));
      const { schedule, warmupEpochs, learningRate } = recipe;
      const rate = (done: number) => learningRate * learningRateShare(schedule, epoch + done, warmupEpochs, epochs);
      const began = performance.now();
      const first = within?.steps ?? 0;
      const rngAt = (i: number) => rng.fork(first + i);
      const feed = loader.open({ images, batches: batches.slice(first), pixels, rngAt, finish });
      const pace = (steps: number) => {
        const seconds = (performance.now() - began) / 1000;
        return { imagesPerSecond: ((steps - first) * size) / seconds, waitingForData: feed.waitedSeconds / seconds };
      };
      let [lossSum, correct] = [within?.loss ?? 0, within?.correct ?? 0];

      for (let i = first; i < batches.length; i++) {
        if (signal?.aborted) throw interrupted(architecture.name, `epoch ${epoch + 1}`);
        // The mean rate over the step, so that the very first step already moves.
        const where = `${architecture.name}, epoch ${epoch + 1}, step ${i + 1}`;
        const { loss, logits, labels } = await feed.step(async (batch) => ({
          ...(await advance(batch, rate((i + 0.5) / batches.length), where)),
          labels: batch.labels,
        }));
        lossSum += loss;
        correct += countCorrect(logits, labels, architecture.classes);
        live = { ...live, within: { steps: i + 1, loss: lossSum, correct, epochs } };
        onStep?.({ step: i + 1, steps: batches.length, epochs, ...pace(i + 1) });
        await afterStep?.();
      }
      live = { ...live, epoch: epoch + 1, within: null };
      await download(live);
      return {
        epoch: epoch + 1,
        learningRate: rate(1),
        trainLoss: lossSum / batches.length,
        trainAccuracy: correct / (batches.length * size),
        ...pace(batches.length),
      };
    },

    evaluate: (images) => evaluation.evaluate(images, shippedVectors(live)),

    measureStep: (images, tooLong = Number.POSITIVE_INFINITY) =>
      withoutTrace(async () => {
        const rng = setup.rng.fork("measure");
        const indices = batchesOf(images.count, recipe.batchSize, rng)[0]!;
        const seconds: number[] = [];
        // The first runs fill ONNX Runtime's arena and the caches.
        for (let i = 0; i < 7; i++) {
          const began = performance.now();
          await advance(prepare(images, indices, rng), 0, `${architecture.name}, measured`);
          const took = (performance.now() - began) / 1000;
          // The very first also builds what the later ones run, a graphics chip's shaders above all.
          if (i >= 1 && took > tooLong) return took;
          if (i >= 2) seconds.push(took);
        }
        return seconds.sort((a, b) => a - b)[2]!;
      }),

    tryRates: (images, rates, { signal, onStep } = {}) =>
      withoutTrace(async () => {
        const rng = setup.rng.fork("rates");
        const losses: number[] = [];
        let batches: number[][] = [];
        try {
          for (const [i, rate] of rates.entries()) {
            if (signal?.aborted) throw interrupted(architecture.name, `the test of rate ${i + 1} of ${rates.length}`);
            if (batches.length === 0) batches = batchesOf(images.count, recipe.batchSize, rng.fork(`order ${i}`));
            const batch = prepare(images, batches.pop()!, rng.fork(i));
            const { loss } = await advance(batch, rate, `${architecture.name}, rate ${rate}`);
            if (loss > EXPLODED * Math.min(...losses)) break;
            losses.push(loss);
            onStep?.(losses.length);
          }
        } catch (error) {
          if (!(error instanceof DivergenceError)) throw error;
        }
        return losses;
      }),

    async dispose() {
      release(live.vectors.values());
      await loader.dispose();
      await step.dispose();
      await evaluation.dispose();
    },
  };
}

/** A loss so many times the least one will not come back. */
const EXPLODED = 4;

/** A share of the old that is kept: less at first, or the first steps would weigh on for long. */
const early = (most: number, old: number, all: number) => Math.min(most, old / all);

const scalar = (value: number): Tensor => ({ data: Float32Array.of(value), dims: [] });

const interrupted = (name: string, place: string) =>
  new InterruptedError({ at: name, expected: "to train on", received: `a request to stop in ${place}` });
