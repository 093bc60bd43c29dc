/** How good a network is on images it was not trained on. */
import type { ImageSet, Normalization } from "../../data/index.js";
import type { Architecture, Tuning } from "../../networks/index.js";
import { lower } from "../../onnx/index.js";
import type { DeviceTensor, Engine, Session } from "../../runtime/index.js";
import { countCorrect, crossEntropySum } from "../batches/batch.js";
import { createLoader, type Loader } from "../batches/loader.js";
import type { Recipe } from "../recipe/recipe.js";
import { partSize } from "../step/accumulation.js";
import { names, type StateLayout } from "../step/state-layout.js";
import { buildEvaluation } from "../step/step.js";

export type Evaluation = { readonly accuracy: number; readonly loss: number };

export interface Evaluator {
  /** Top-1 and cross-entropy with the running statistics, images as they are. */
  evaluate(
    images: ImageSet,
    state: Readonly<Record<"weights" | "buffers", Float32Array | DeviceTensor>>,
  ): Promise<Evaluation>;
  dispose(): Promise<void>;
}

const MOST_IMAGES = 256;

/** Where nothing is kept for gradients, four images take no more memory than one does in a step. */
export const evaluationBatch = (recipe: Pick<Recipe, "batchSize" | "accumulate">): number =>
  Math.min(MOST_IMAGES, 4 * partSize(recipe));

const fed = (vector: Float32Array | DeviceTensor) =>
  vector instanceof Float32Array ? { data: vector, dims: [vector.length] } : vector;

/** The graph has a fixed batch; a set of another size than the last one gets another graph. */
export function createEvaluator(setup: {
  readonly engine: Engine;
  readonly architecture: Architecture;
  readonly layout: StateLayout;
  readonly normalization: Normalization;
  /** Where only a part moves: `tensors` are those of the whole network. */
  readonly tuning?: (Tuning & { readonly tensors: ReadonlyMap<string, Float32Array> }) | undefined;
  /** Images per run, at most; by default 256. */
  readonly batch?: number;
  /** Its owner disposes it; by default batches are assembled between the runs. */
  readonly loader?: Loader;
}): Evaluator {
  const {
    engine,
    architecture,
    layout,
    normalization,
    tuning,
    batch: most = MOST_IMAGES,
    loader = createLoader({ architecture, threads: 1, workers: 0 }),
  } = setup;
  const { name, classes } = architecture;
  let current: { readonly size: number; readonly session: Session } | undefined;

  const sessionFor = async (size: number): Promise<Session> => {
    if (current?.size === size) return current.session;
    await current?.session.dispose();
    current = undefined;
    const graph = buildEvaluation(architecture, size, layout, tuning);
    const options = {
      name: `${name} evaluation`,
      layout: "channel-major",
      kernels: engine.kernels,
      weights: tuning?.tensors ?? new Map<string, Float32Array>(),
    } as const;
    const session = await engine.load(lower(graph, options));
    current = { size, session };
    return session;
  };

  return {
    async evaluate(images, { weights, buffers }) {
      const size = Math.min(most, images.count);
      const session = await sessionFor(size);
      // The last batch is filled up with images that are then not counted.
      const batches = Array.from({ length: Math.ceil(images.count / size) }, (_, b) =>
        Array.from({ length: size }, (_, i) => Math.min(b * size + i, images.count - 1)),
      );
      const feed = loader.open({ images, batches, pixels: { ...normalization, augmentation: null } });
      let [loss, correct] = [0, 0];
      for (let start = 0; start < images.count; start += size) {
        await feed.step(async (batch) => {
          const outputs = await session.run({
            [names.image]: batch.image,
            [names.weights]: fed(weights),
            [names.buffers]: fed(buffers),
          });
          const logits = outputs[names.logits]!.data as Float32Array;
          const labels = batch.labels.slice(0, images.count - start);
          correct += countCorrect(logits, labels, classes);
          loss += crossEntropySum(logits, labels, classes);
        });
      }
      return { accuracy: correct / images.count, loss: loss / images.count };
    },
    async dispose() {
      await current?.session.dispose();
    },
  };
}
