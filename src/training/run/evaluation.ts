/** How good a network is on images it was not trained on. */
import type { ImageSet, Normalization } from "../../data/index.js";
import type { Architecture } from "../../networks/index.js";
import { lower } from "../../onnx/index.js";
import type { DeviceTensor, Engine, Session } from "../../runtime/index.js";
import { argmax, countCorrect, crossEntropySum } from "../batches/batch.js";
import { createLoader, type Loader } from "../batches/loader.js";
import type { Recipe } from "../recipe/recipe.js";
import { partSize } from "../step/accumulation.js";
import type { TunedPart } from "../step/state.js";
import { names, type StateLayout } from "../step/state-layout.js";
import { buildEvaluation } from "../step/step.js";

/** Of a recipe that balances, both are means over the classes. */
export type Evaluation = { readonly accuracy: number; readonly loss: number };

type State = Readonly<Record<"weights" | "buffers", DeviceTensor>>;

export interface Evaluator {
  /** Top-1 and cross-entropy with the running statistics, images as they are. */
  evaluate(images: ImageSet, state: State): Promise<Evaluation>;
  /** The class that each image looks most like. */
  predict(images: ImageSet, state: State): Promise<Int32Array>;
  dispose(): Promise<void>;
}

const MOST_IMAGES = 256;

/** Where nothing is kept for gradients, four images take no more memory than one does in a step. */
export const evaluationBatch = (recipe: Pick<Recipe, "batchSize" | "accumulate">): number =>
  Math.min(MOST_IMAGES, 4 * partSize(recipe));

type EvaluatorSetup = {
  readonly engine: Engine;
  readonly architecture: Architecture;
  readonly layout: StateLayout;
  readonly normalization: Normalization;
  readonly tuning?: TunedPart | undefined;
  /** Whether each class counts the same. */
  readonly balance?: boolean | undefined;
  /** Images per run, at most; by default 256. */
  readonly batch?: number;
  /** Its owner disposes it; by default batches are assembled between the runs. */
  readonly loader?: Loader;
};

/** The graph has a fixed batch; a set of another size than the last one gets another graph. */
export function createEvaluator(setup: EvaluatorSetup): Evaluator {
  const { architecture, batch = MOST_IMAGES, loader = createLoader({ architecture, threads: 1, workers: 0 }) } = setup;
  const pixels = { ...setup.normalization, augmentation: null };
  let current: { readonly size: number; readonly session: Session } | undefined;

  const sessionFor = async (size: number): Promise<Session> => {
    if (current?.size === size) return current.session;
    await current?.session.dispose();
    current = undefined;
    const session = await loadEvaluation(setup, size);
    current = { size, session };
    return session;
  };

  /** `each` is told of every batch, in order. */
  async function run(
    images: ImageSet,
    { weights, buffers }: State,
    each: (logits: Float32Array, labels: readonly number[], start: number) => void,
  ): Promise<void> {
    const size = Math.min(batch, images.count);
    const session = await sessionFor(size);
    const feed = loader.open({ images, batches: filledBatches(images.count, size), pixels });
    for (let start = 0; start < images.count; start += size) {
      await feed.step(async ({ image, labels }) => {
        const feeds = { [names.image]: image, [names.weights]: weights, [names.buffers]: buffers };
        const logits = (await session.run(feeds))[names.logits]!.data as Float32Array;
        each(logits, labels.slice(0, images.count - start), start);
      });
    }
  }

  return {
    async evaluate(images, state) {
      const weights = weightsOf(images.labels, setup.balance ?? false);
      let [loss, correct] = [0, 0];
      const { classes } = architecture;
      await run(images, state, (logits, labels) => {
        if (weights === null) {
          correct += countCorrect(logits, labels, classes);
          loss += crossEntropySum(logits, labels, classes);
          return;
        }
        for (const [i, label] of labels.entries()) {
          const row = logits.subarray(i * classes, (i + 1) * classes);
          correct += weights(label) * countCorrect(row, [label], classes);
          loss += weights(label) * crossEntropySum(row, [label], classes);
        }
      });
      return { accuracy: correct / images.count, loss: loss / images.count };
    },
    async predict(images, state) {
      const predicted = new Int32Array(images.count);
      await run(images, state, (logits, labels, start) => {
        for (const i of labels.keys())
          predicted[start + i] = argmax(logits, i * architecture.classes, architecture.classes);
      });
      return predicted;
    },
    async dispose() {
      await current?.session.dispose();
    },
  };
}

/** Of pictures by their label, 1 on average; null where each counts the same. */
function weightsOf(labels: Int32Array, balance: boolean): ((label: number) => number) | null {
  if (!balance) return null;
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return (label) => labels.length / (counts.size * counts.get(label)!);
}

function loadEvaluation({ engine, architecture, layout, tuning }: EvaluatorSetup, size: number): Promise<Session> {
  const model = lower(buildEvaluation(architecture, size, layout, tuning), {
    name: `${architecture.name} evaluation`,
    layout: "channel-major",
    kernels: engine.kernels,
    weights: tuning?.tensors ?? new Map(),
  });
  return engine.load(model);
}

/** All images in order. The last batch is filled up with images that are then not counted. */
const filledBatches = (count: number, size: number): number[][] =>
  Array.from({ length: Math.ceil(count / size) }, (_, b) =>
    Array.from({ length: size }, (_, i) => Math.min(b * size + i, count - 1)),
  );
