/**
 * One training run: holds the two compiled graphs (a step, an evaluation) and the state that goes through them.
 *
 * Nothing is drawn from a running generator: order, augmentation and noise of a step come from the seed, the epoch and the
 * step's number. A run that goes on from a saved state therefore ends in the same bytes as one that was never stopped.
 */
import { DivergenceError, InterruptedError, type Rng } from "../base/index.js";
import { fillBatch, type ImageSet } from "../data/index.js";
import type { Architecture } from "../networks/index.js";
import { lower } from "../onnx/index.js";
import type { Engine, Session, Tensor } from "../runtime/index.js";
import type { EpochRecord } from "./epoch-record.js";
import { biasCorrections } from "./optimizer.js";
import type { Recipe } from "./recipe.js";
import { learningRateShare } from "./schedule.js";
import { initialState, namedTensors, type TrainingState } from "./state.js";
import { buildEvaluation, buildTrainingStep, names, type StateLayout, stateLayout } from "./step.js";

export type Normalization = { readonly mean: readonly number[]; readonly std: readonly number[] };

export type TrainingSetup = {
  readonly engine: Engine;
  readonly architecture: Architecture;
  readonly recipe: Recipe;
  readonly normalization: Normalization;
  readonly rng: Rng;
  /** A saved state to go on from. */
  readonly state?: TrainingState;
};

/** An epoch before it is validated. */
export type EpochResult = Omit<EpochRecord, "validationLoss" | "validationAccuracy">;

export type Evaluation = { readonly accuracy: number; readonly loss: number };

export type StepProgress = { readonly step: number; readonly steps: number; readonly imagesPerSecond: number };

export interface Training {
  readonly layout: StateLayout;
  readonly state: TrainingState;
  /** Weights and batch-norm statistics by name, of this state or another of the same run. */
  tensors(state?: TrainingState): Map<string, Float32Array>;
  /**
   * Trains over all images once; those that do not fill the last batch wait for another epoch's order.
   * @throws {DivergenceError} when the loss is not finite. @throws {InterruptedError} within a step of the signal.
   */
  trainEpoch(
    images: ImageSet,
    options: {
      /** The length of the learning-rate schedule as it stands now. */
      readonly epochs: number;
      readonly signal?: AbortSignal | undefined;
      readonly onStep?: (progress: StepProgress) => void;
    },
  ): Promise<EpochResult>;
  /** Top-1 and cross-entropy with the running statistics, images as they are. */
  evaluate(images: ImageSet): Promise<Evaluation>;
  /** Seconds for one step, the median of a few; the state is left as it was. */
  measureStep(images: ImageSet): Promise<number>;
  dispose(): Promise<void>;
}

const EVALUATION_BATCH = 250;

export async function createTraining(setup: TrainingSetup): Promise<Training> {
  const { architecture, recipe, engine } = setup;
  const layout = stateLayout(architecture);
  const { graph, noise } = buildTrainingStep(architecture, recipe, layout);
  const step = await engine.load(lower(graph, { name: `${architecture.name} training step`, layout: "channel-major" }));
  let evaluation: { readonly size: number; readonly session: Session } | undefined;
  let state = setup.state ?? initialState(architecture, layout, recipe.optimizer, setup.rng.fork("weights"));

  const prepare = (images: ImageSet, indices: readonly number[], rng: Rng): Batch => {
    const normalization = { ...setup.normalization, augmentation: recipe.augmentation };
    const batch = assemble(architecture, images, indices, normalization, rng);
    return {
      ...batch,
      noise: noise.map(({ input, kind, rate, shape }) => [
        input.name,
        noiseMask(shape, rate, rng.fork(`${kind}/${input.name}`)),
      ]),
    };
  };

  /** The graph has a fixed batch; sets of another size than the last one get another graph. */
  const evaluationFor = async (size: number): Promise<Session> => {
    if (evaluation?.size === size) return evaluation.session;
    await evaluation?.session.dispose();
    evaluation = undefined;
    const graph = buildEvaluation(architecture, size, layout);
    const session = await engine.load(
      lower(graph, { name: `${architecture.name} evaluation`, layout: "channel-major" }),
    );
    evaluation = { size, session };
    return session;
  };

  /** Runs one step and takes over what it gives. */
  const advance = async (batch: Batch, learningRate: number): Promise<{ loss: number; logits: Float32Array }> => {
    const outputs = await step.run({
      [names.image]: batch.image,
      [names.targets]: batch.targets,
      [names.weights]: { data: state.weights, dims: [layout.weights.size] },
      [names.buffers]: { data: state.buffers, dims: [layout.buffers.size] },
      [names.learningRate]: scalar(learningRate),
      ...Object.fromEntries(state.moments.map((data, i) => [names.moment(i), { data, dims: [layout.weights.size] }])),
      ...Object.fromEntries(
        biasCorrections(recipe.optimizer, state.updates + 1).map((value, i) => [names.correction(i), scalar(value)]),
      ),
      ...Object.fromEntries(batch.noise),
    });
    const floats = (name: string) => outputs[name]!.data as Float32Array;
    state = {
      ...state,
      weights: floats(names.next(names.weights)),
      buffers: floats(names.next(names.buffers)),
      moments: state.moments.map((_, i) => floats(names.next(names.moment(i)))),
      updates: state.updates + 1,
    };
    return { loss: floats(names.loss)[0]!, logits: floats(names.logits) };
  };

  return {
    layout,
    get state() {
      return state;
    },
    tensors: (wanted = state) => namedTensors(layout, wanted),

    async trainEpoch(images, { epochs, signal, onStep }) {
      const { epoch } = state;
      const rng = setup.rng.fork(`epoch ${epoch}`);
      const size = recipe.batchSize;
      const batches = batchesOf(images.count, size, rng.fork("order"));
      const { schedule, warmupEpochs, learningRate } = recipe;
      const rate = (done: number) => learningRate * learningRateShare(schedule, epoch + done, warmupEpochs, epochs);
      const began = performance.now();
      const speed = (steps: number) => (steps * size) / ((performance.now() - began) / 1000);
      let [lossSum, correct] = [0, 0];

      let next = prepare(images, batches[0]!, rng.fork(0));
      for (let i = 0; i < batches.length; i++) {
        if (signal?.aborted) throw interrupted(architecture.name, epoch);
        const batch = next;
        // The mean rate over the step, so that the very first step already moves.
        const running = advance(batch, rate((i + 0.5) / batches.length));
        // ONNX Runtime works on threads of its own: the next batch is assembled meanwhile.
        if (i + 1 < batches.length) next = prepare(images, batches[i + 1]!, rng.fork(i + 1));
        const { loss, logits } = await running;
        if (!Number.isFinite(loss)) throw diverged(architecture.name, epoch, i, loss, recipe);
        lossSum += loss;
        correct += countCorrect(logits, batch.labels, architecture.classes);
        onStep?.({ step: i + 1, steps: batches.length, imagesPerSecond: speed(i + 1) });
      }
      state = { ...state, epoch: epoch + 1 };
      return {
        epoch: epoch + 1,
        learningRate: rate(1),
        trainLoss: lossSum / batches.length,
        trainAccuracy: correct / (batches.length * size),
        imagesPerSecond: speed(batches.length),
      };
    },

    async evaluate(images) {
      const size = Math.min(EVALUATION_BATCH, images.count);
      const session = await evaluationFor(size);
      let [loss, correct] = [0, 0];
      for (let start = 0; start < images.count; start += size) {
        const wanted = Math.min(size, images.count - start);
        // The last batch is filled up with images that are then not counted.
        const indices = Array.from({ length: size }, (_, i) => Math.min(start + i, images.count - 1));
        const batch = assemble(architecture, images, indices, { ...setup.normalization, augmentation: null }, null);
        const outputs = await session.run({
          [names.image]: batch.image,
          [names.weights]: { data: state.weights, dims: [layout.weights.size] },
          [names.buffers]: { data: state.buffers, dims: [layout.buffers.size] },
        });
        const logits = outputs[names.logits]!.data as Float32Array;
        correct += countCorrect(logits, batch.labels.slice(0, wanted), architecture.classes);
        loss += crossEntropySum(logits, batch.labels.slice(0, wanted), architecture.classes);
      }
      return { accuracy: correct / images.count, loss: loss / images.count };
    },

    async measureStep(images) {
      const saved = state;
      const rng = setup.rng.fork("measure");
      const indices = batchesOf(images.count, recipe.batchSize, rng)[0]!;
      const seconds: number[] = [];
      // The first runs fill ONNX Runtime's arena and the caches.
      for (let i = 0; i < 7; i++) {
        const began = performance.now();
        await advance(prepare(images, indices, rng), 0);
        if (i >= 2) seconds.push((performance.now() - began) / 1000);
      }
      state = saved;
      return seconds.sort((a, b) => a - b)[2]!;
    },

    async dispose() {
      await step.dispose();
      await evaluation?.session.dispose();
    },
  };
}

const scalar = (value: number): Tensor => ({ data: Float32Array.of(value), dims: [] });

type Batch = {
  readonly image: Tensor;
  readonly targets: Tensor;
  readonly labels: readonly number[];
  readonly noise: readonly (readonly [string, Tensor])[];
};

function assemble(
  { classes, channels, resolution }: Architecture,
  images: ImageSet,
  indices: readonly number[],
  options: Omit<Parameters<typeof fillBatch>[2], "rng">,
  rng: Rng | null,
): Batch {
  const n = indices.length;
  const pixels = new Float32Array(channels * n * resolution * resolution);
  fillBatch(images, indices, { ...options, rng }, pixels);
  const labels = indices.map((index) => images.labels[index]!);
  const targets = new Float32Array(n * classes);
  labels.forEach((label, i) => {
    targets[i * classes + label] = 1;
  });
  return {
    image: { data: pixels, dims: [channels, n, resolution, resolution] }, // channel-major, as the graph stores it
    targets: { data: targets, dims: [n, classes] },
    labels,
    noise: [],
  };
}

/** Zeros with probability `rate`, else 1 / (1 − rate), so that the mean stays one. Image shapes, stored channel-major. */
function noiseMask([n, c, h, w]: readonly number[], rate: number, rng: Rng): Tensor {
  const data = Float32Array.from({ length: n! * c! * h! * w! }, () => (rng.uniform() < rate ? 0 : 1 / (1 - rate)));
  return { data, dims: [c!, n!, h!, w!] };
}

/** Full batches in random order. A set smaller than a batch is repeated to fill one. */
function batchesOf(count: number, size: number, rng: Rng): number[][] {
  const order = rng.shuffle(Array.from({ length: Math.max(count, size) }, (_, i) => i % count));
  return Array.from({ length: Math.floor(order.length / size) }, (_, i) => order.slice(i * size, (i + 1) * size));
}

function countCorrect(logits: Float32Array, labels: readonly number[], classes: number): number {
  return labels.filter((label, i) => argmax(logits, i * classes, classes) === label).length;
}

/** Index of the largest of `length` numbers; the first of equals. */
function argmax(values: Float32Array, start: number, length: number): number {
  let best = 0;
  for (let k = 1; k < length; k++) if (values[start + k]! > values[start + best]!) best = k;
  return best;
}

function crossEntropySum(logits: Float32Array, labels: readonly number[], classes: number): number {
  return labels.reduce((sum, label, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const total = row.reduce((all, logit) => all + Math.exp(logit - top), 0);
    return sum + top + Math.log(total) - row[label]!;
  }, 0);
}

const interrupted = (name: string, epoch: number) =>
  new InterruptedError({ at: name, expected: "to train on", received: `a request to stop in epoch ${epoch + 1}` });

const diverged = (name: string, epoch: number, step: number, loss: number, { learningRate }: Recipe) =>
  new DivergenceError({
    at: `${name}, epoch ${epoch + 1}, step ${step + 1}`,
    expected: "a finite loss",
    received: String(loss),
    hint: `lower the learning rate (now ${learningRate} at its top)`,
  });
