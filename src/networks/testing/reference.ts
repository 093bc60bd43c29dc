/**
 * Networks with random weights and what they make of an image: run by the tests here, and by `scripts/golden` in programs that
 * nobody here wrote.
 */
import { createRng } from "../../base/index.js";
import { type Graph, sizeOf } from "../../ir/index.js";
import { lower } from "../../onnx/index.js";
import { createBuilder, type Layout } from "../../ops/index.js";
import { chooseEngine, type Tensor } from "../../runtime/index.js";
import { type Architecture, buildArchitecture, buildNetwork } from "../index.js";
import { randomImage, randomWeights } from "./random-weights.js";

type Weights = Map<string, Float32Array>;

export type ReferenceCase = {
  /** With the prefix of its dialect. */
  readonly name: string;
  readonly width: number;
  readonly classes: number;
  readonly resolution: number;
};

/** What another program makes of a case: two images' logits, end to end. */
export type Golden = ReferenceCase & { readonly logits: readonly number[] };

/** Built at the published resolution and then made smaller: other programs keep all five strides. */
export function referenceArchitecture({ name, width, classes, resolution }: ReferenceCase): Architecture {
  return { ...buildArchitecture(name, { width, classes }), resolution };
}

/**
 * Weights of the inference network, from a fixed seed. Running statistics are those of a batch with the two images in it, as
 * training would leave them: with random ones, or those of other images, an image fades away on its way through a deep network, or
 * grows until rounding errors drown it.
 */
export async function referenceWeights(architecture: Architecture): Promise<Weights> {
  const { graph } = buildNetwork(architecture, { batch: 2, mode: "inference" });
  const weights = randomWeights(graph, createRng(11));
  await calibrate(architecture, weights);
  return weights;
}

/** Two images, standard normal, from a fixed seed. */
export const referenceImage = (architecture: Architecture) => randomImage(architecture, 2, createRng(12));

/** `[2, K]`, on one thread. */
export async function referenceLogits(architecture: Architecture, weights: Weights): Promise<Float32Array> {
  const { graph } = buildNetwork(architecture, { batch: 2, mode: "inference" });
  const { logits } = await run(graph, "image-major", weights, referenceImage(architecture));
  return logits!.data as Float32Array;
}

/**
 * The worst difference of our logits from those of another program, in units of the largest between its two images.
 *
 * @param change What to alter in the network, under the same weights.
 */
export async function distanceFrom(golden: Golden, change: Partial<Architecture> = {}): Promise<number> {
  const architecture = referenceArchitecture(golden);
  const weights = await referenceWeights(architecture);
  const ours = await referenceLogits({ ...architecture, ...change }, weights);
  const { logits, classes } = golden;
  return worst(ours, logits) / worst(logits.slice(0, classes), logits.slice(classes));
}

/** The largest difference of two elements; NaN where one is not a number. */
const worst = (a: ArrayLike<number>, b: readonly number[]) => Math.max(...b.map((value, i) => Math.abs(value - a[i]!)));

async function calibrate(architecture: Architecture, weights: Weights): Promise<void> {
  const batch = 16;
  const { graph, statistics } = buildNetwork({ ...architecture, dropout: 0, dropPath: 0 }, { batch, mode: "train" });
  const g = createBuilder(graph);
  for (const { mean, variance, runningMean, runningVariance } of statistics) {
    g.output(mean, runningMean);
    g.output(variance, runningVariance);
  }
  const image = randomImage(architecture, batch, createRng(13));
  image.data.set(referenceImage(architecture).data);
  const measured = await run(g.build(), "channel-major", weights, swapBatch(image));
  for (const name of weights.keys()) {
    const values = measured[name]?.data;
    if (values instanceof Float32Array) weights.set(name, values.slice());
  }
}

async function run(graph: Graph, layout: Layout, weights: Weights, image: Tensor<Float32Array>) {
  const engine = await chooseEngine("auto", 1);
  const session = await engine.load(lower(graph, { name: "reference", layout, weights }));
  const results = await session.run({ image });
  await session.dispose();
  return results;
}

/** `[N, C, H, W]` to `[C, N, H, W]`. */
function swapBatch({ data, dims }: Tensor<Float32Array>): Tensor<Float32Array> {
  const [n, c, h, w] = dims as [number, number, number, number];
  const swapped = new Float32Array(sizeOf(dims));
  for (let i = 0; i < n * c; i++) {
    const [image, channel] = [Math.floor(i / c), i % c];
    swapped.set(data.subarray(i * h * w, (i + 1) * h * w), (channel * n + image) * h * w);
  }
  return { data: swapped, dims: [c, n, h, w] };
}
