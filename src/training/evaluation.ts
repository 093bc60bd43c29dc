/** How good a network is on images it was not trained on. */
import type { ImageSet } from "../data/index.js";
import type { Architecture, Tuning } from "../networks/index.js";
import { lower } from "../onnx/index.js";
import type { Engine, Session } from "../runtime/index.js";
import { assemble, countCorrect, crossEntropySum } from "./batch.js";
import type { TrainingState } from "./state.js";
import { buildEvaluation, names, type StateLayout } from "./step.js";

/** Per channel, of pixels ÷ 255. */
export type Normalization = { readonly mean: readonly number[]; readonly std: readonly number[] };

export type Evaluation = { readonly accuracy: number; readonly loss: number };

export interface Evaluator {
  /** Top-1 and cross-entropy with the running statistics, images as they are. */
  evaluate(images: ImageSet, state: Pick<TrainingState, "weights" | "buffers">): Promise<Evaluation>;
  dispose(): Promise<void>;
}

const BATCH = 250;

/** The graph has a fixed batch; a set of another size than the last one gets another graph. */
export function createEvaluator(setup: {
  readonly engine: Engine;
  readonly architecture: Architecture;
  readonly layout: StateLayout;
  readonly normalization: Normalization;
  /** Where only a part moves: `tensors` are those of the whole network. */
  readonly tuning?: (Tuning & { readonly tensors: ReadonlyMap<string, Float32Array> }) | undefined;
}): Evaluator {
  const { engine, architecture, layout, normalization, tuning } = setup;
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
      fan: engine.fan,
      lanes: engine.lanes,
      weights: tuning?.tensors ?? new Map<string, Float32Array>(),
    } as const;
    const session = await engine.load(lower(graph, options));
    current = { size, session };
    return session;
  };

  return {
    async evaluate(images, { weights, buffers }) {
      const size = Math.min(BATCH, images.count);
      const session = await sessionFor(size);
      let [loss, correct] = [0, 0];
      for (let start = 0; start < images.count; start += size) {
        const wanted = Math.min(size, images.count - start);
        // The last batch is filled up with images that are then not counted.
        const indices = Array.from({ length: size }, (_, i) => Math.min(start + i, images.count - 1));
        const batch = assemble(architecture, images, indices, { ...normalization, augmentation: null }, null);
        const outputs = await session.run({
          [names.image]: batch.image,
          [names.weights]: { data: weights, dims: [layout.weights.size] },
          [names.buffers]: { data: buffers, dims: [layout.buffers.size] },
        });
        const logits = outputs[names.logits]!.data as Float32Array;
        correct += countCorrect(logits, batch.labels.slice(0, wanted), classes);
        loss += crossEntropySum(logits, batch.labels.slice(0, wanted), classes);
      }
      return { accuracy: correct / images.count, loss: loss / images.count };
    },
    async dispose() {
      await current?.session.dispose();
    },
  };
}
