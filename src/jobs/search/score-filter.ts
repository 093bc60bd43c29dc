/** Random search behind a score that needs no training. */
import type { Rng } from "../../base/index.js";
import type { ImageSet, Normalization } from "../../data/index.js";
import { type ZeroCostName, zeroCostScores } from "../../proxies/index.js";
import type { Engine } from "../../runtime/index.js";
import { prefiltered, type Strategy } from "../../search/index.js";
import { assemble } from "../../training/index.js";

/** Images that a network is scored on, and candidates that are scored for each that is trained. */
const [IMAGES, DRAWS] = [64, 8];

/** What a score takes of a training step: all of it, a forward pass, or a step on one image of ones. */
const stepsOf: Readonly<Record<ZeroCostName, (images: number) => number>> = {
  gradientNorm: (images) => images,
  naswot: (images) => images / 3,
  synflow: () => 1,
};

export function scoreFilter(options: {
  readonly engine: Engine;
  readonly normalization: Normalization;
  readonly train: (side: number) => Promise<ImageSet>;
  readonly rng: Rng;
  readonly which: ZeroCostName;
}): Strategy {
  const { engine, normalization, train, rng, which } = options;
  return prefiltered({
    name: which,
    draws: DRAWS,
    async score({ architecture, costs }) {
      const images = await train(architecture.resolution);
      const indices = Array.from({ length: Math.min(IMAGES, images.count) }, (_, i) => i);
      const batch = assemble(architecture, images, indices, { ...normalization, augmentation: null }, null);
      const scores = await zeroCostScores(architecture, {
        engine,
        batch: { images: batch.image.data as Float32Array, labels: batch.labels },
        rng,
        which: [which],
      });
      return { score: scores[which]!, compute: costs.macs * stepsOf[which](indices.length) };
    },
  });
}
