/** How good shared weights are in one candidate. */
import { lastly } from "../base/index.js";
import type { ImageSet } from "../data/index.js";
import type { Architecture } from "../networks/index.js";
import type { DeviceTensor } from "../runtime/index.js";
import { type Candidate, count } from "../search/index.js";
import {
  assemble,
  batchesOf,
  buildStatistics,
  createEvaluator,
  names,
  stateLayout,
  vector,
} from "../training/index.js";
import { gather } from "./shared-weights.js";
import { type SupernetParts, sessionOf } from "./supernet-setup.js";

/** What shared weights say of a candidate, and the multiply-accumulates that asking took, a third of training's per image. */
export type SharedAccuracy = { readonly accuracy: number; readonly compute: number };

/** Batches that the statistics of a candidate are averaged over. */
const CALIBRATION_BATCHES = 8;

/** Top-1 on the validation images with shared weights and statistics of its own. */
export async function sharedAccuracy(
  parts: SupernetParts,
  shared: Float32Array,
  candidate: Candidate,
): Promise<SharedAccuracy> {
  const { engine, gate, recipe, normalization } = parts;
  const { architecture, costs } = count(gate, candidate);
  const layout = stateLayout(architecture);
  const weights = vector(gather(shared, parts.shared.placesOf(architecture)));
  const train = await parts.train(architecture.resolution);
  const order = batchesOf(train.count, recipe.batchSize, parts.rng.fork("calibration"));
  const batches = order.slice(0, CALIBRATION_BATCHES);
  const buffers = await meanStatistics(parts, architecture, weights, train, batches, layout.buffers.size);
  const validation = await parts.validation(architecture.resolution);
  const evaluator = createEvaluator({ engine, architecture, layout, normalization });
  const { accuracy, loss } = await lastly(
    () => evaluator.evaluate(validation, { weights, buffers: vector(buffers) }),
    () => evaluator.dispose(),
  );
  const images = batches.length * recipe.batchSize + validation.count;
  // Logits that are no numbers have the first class as their largest.
  return { accuracy: Number.isFinite(loss) ? accuracy : 0, compute: (costs.macs * images) / 3 };
}

/** The means of each batch norm's input over some batches, and its variances, as vectors. */
async function meanStatistics(
  parts: SupernetParts,
  architecture: Architecture,
  weights: DeviceTensor,
  images: ImageSet,
  batches: readonly (readonly number[])[],
  size: number,
): Promise<Float32Array> {
  const session = await sessionOf(parts, architecture, "statistics", buildStatistics);
  const pixels = { ...parts.normalization, augmentation: null };
  const mean = new Float32Array(size);
  for (const indices of batches) {
    const { image } = assemble(architecture, images, indices, pixels, null);
    const outputs = await session.run({ [names.image]: image, [names.weights]: weights });
    const measured = outputs[names.buffers]!.data as Float32Array;
    for (let i = 0; i < size; i++) mean[i]! += measured[i]! / batches.length;
  }
  return mean;
}
