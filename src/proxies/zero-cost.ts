/**
 * Scores of networks that were never trained: what a network with random weights makes of a batch, or of nothing at all, as a
 * guess at how accurate it would become.
 *
 * In most spaces the number of parameters and MACs guess about as well, so both stand beside the scores, and no score
 * should be reported without them. @source Abdelfattah et al. 2021, arXiv:2101.08134
 */
import { lastly, type Rng } from "../base/index.js";
import type { Graph } from "../ir/index.js";
import { type Architecture, countArchitecture, initializeParameters } from "../networks/index.js";
import { lower } from "../onnx/index.js";
import type { Engine, Tensor } from "../runtime/index.js";
import { buildBatchScores, gradientNormOf, naswotOf } from "./batch-scores.js";
import { buildSynflow, synflowOf } from "./synflow.js";

export const zeroCostNames = ["synflow", "naswot", "gradientNorm"] as const;
export type ZeroCostName = (typeof zeroCostNames)[number];

/** Of each score more is better; null for those that were not asked for. */
export type ZeroCostScores = {
  /** ln Σ |θ ⊙ ∂R/∂θ|: a logarithm, as the sum grows exponentially with depth. Needs no images. */
  readonly synflow: number | null;
  /** ln |det K| of the kernel of the images' activation codes; −∞ where two images have the same codes. */
  readonly naswot: number | null;
  /** Σ ‖∂L/∂θ‖ over the weight tensors of convolutions and classifier. */
  readonly gradientNorm: number | null;
  /** The baselines. */
  readonly params: number;
  readonly macs: number;
};

export type ScoringBatch = {
  /** Normalized, `[C, N, H, W]` as `fillBatch` makes them. */
  readonly images: Float32Array;
  /** `[N]`, indices of classes. */
  readonly labels: ArrayLike<number>;
};

/**
 * Scores one network with one draw of random weights.
 *
 * @param options.rng of the weights alone; the same name starts the same in every network.
 * @param options.which all where left out; `synflow` and the other two take a graph each.
 * @throws {EngineError} when the engine refuses a graph.
 * @source synflow: Tanaka et al. 2020, arXiv:2006.05467, eq. 4; naswot: Mellor et al. 2021, arXiv:2006.04647, §3;
 *   gradientNorm: Abdelfattah et al. 2021, arXiv:2101.08134, §3.1
 */
export async function zeroCostScores(
  architecture: Architecture,
  {
    engine,
    batch,
    rng,
    which = zeroCostNames,
  }: {
    readonly engine: Engine;
    readonly batch: ScoringBatch;
    readonly rng: Rng;
    readonly which?: readonly ZeroCostName[];
  },
): Promise<ZeroCostScores> {
  const { params, macs } = countArchitecture(architecture);
  const asks = (name: ZeroCostName) => which.includes(name);
  let synflow: number | null = null;
  if (asks("synflow")) {
    const { channels, resolution } = architecture;
    const ones = new Float32Array(channels * resolution ** 2).fill(1);
    const feeds = {
      image: { data: ones, dims: [channels, 1, resolution, resolution] },
      scale: { data: Float32Array.of(1), dims: [] },
    };
    synflow = synflowOf(await runOnce(engine, buildSynflow(architecture), feeds, rng, Math.abs));
  }

  let scores: { naswot: number | null; gradientNorm: number | null } = { naswot: null, gradientNorm: null };
  if (asks("naswot") || asks("gradientNorm")) {
    const feeds = batchFeeds(architecture, batch);
    const asked = { naswot: asks("naswot"), gradientNorm: asks("gradientNorm") };
    const graph = buildBatchScores(architecture, batch.labels.length, asked);
    const outputs = await runOnce(engine, graph, asked.gradientNorm ? feeds : { image: feeds.image }, rng);
    scores = {
      naswot: asked.naswot ? naswotOf(outputs, batch.labels.length) : null,
      gradientNorm: asked.gradientNorm ? gradientNormOf(outputs) : null,
    };
  }
  return { synflow, ...scores, params, macs };
}

function batchFeeds({ channels, resolution, classes }: Architecture, { images, labels }: ScoringBatch) {
  const count = labels.length;
  const size = channels * count * resolution ** 2;
  if (count === 0 || images.length !== size) {
    throw new RangeError(`internal: ${images.length} numbers for ${count} images of ${channels} × ${resolution}²`);
  }
  const targets = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) {
    const label = labels[i]!;
    if (!(label >= 0 && label < classes)) throw new RangeError(`internal: label ${label} of ${classes} classes`);
    targets[i * classes + label] = 1;
  }
  return {
    image: { data: images, dims: [channels, count, resolution, resolution] },
    targets: { data: targets, dims: [count, classes] },
  };
}

/** Runs a graph with random weights, each changed by `change`. */
async function runOnce(
  engine: Engine,
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
  rng: Rng,
  change: (weight: number) => number = (weight) => weight,
): Promise<Record<string, Tensor>> {
  const weights = initializeParameters(graph, rng);
  const parameters = graph.parameters.map(({ value: { name, shape } }): [string, Tensor] => [
    name,
    { data: weights.get(name)!.map(change), dims: shape },
  ]);
  const session = await engine.load(lower(graph, { name: "zero-cost scores", layout: "channel-major" }));
  return lastly(
    async () => {
      return await session.run({ ...feeds, ...Object.fromEntries(parameters) });
    },
    () => session.dispose(),
  );
}
