/** Where only the end of a network is trained, and images are not changed: what the part before makes of each is computed once. */
import { InterruptedError } from "../../base/index.js";
import type { ImageSet, Normalization } from "../../data/index.js";
import { type Architecture, buildBody, firstTrained, foldBatchNorm, type TrainedPart } from "../../networks/index.js";
import { lower } from "../../onnx/index.js";
import type { Engine, Tensor } from "../../runtime/index.js";

/** Stands where an image set stands. There are no pixels to read. */
type FeatureSet = ImageSet & {
  /** Of one image, `[C, H, W]`. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** `[count, C, H, W]`. */
  readonly features: Float32Array;
};

/** @param features as `Body` gives them, of all images in order. */
export function featureSet(images: ImageSet, features: Float32Array, body: Body): ImageSet {
  if (features.length !== images.count * body.size) throw new Error("internal: features of other images");
  const read = () => {
    throw new Error("internal: features have no pixels");
  };
  const set: FeatureSet = { ...images, shape: body.shape, features, read, close: () => {} };
  return set;
}

/** Mean ‖x‖² of a set of features; null for images. */
export function squaredLengthOf(images: ImageSet | FeatureSet): number | null {
  if (!("features" in images)) return null;
  return images.features.reduce((sum, x) => sum + x * x, 0) / images.count;
}

/** Channel-major, `[C, N, H, W]`; null for images. */
export function featuresOf(images: ImageSet | FeatureSet, indices: readonly number[]): Tensor | null {
  if (!("features" in images)) return null;
  const { shape, features } = images;
  const [channels, height, width] = shape;
  const plane = height * width;
  const count = indices.length;
  const data = new Float32Array(count * channels * plane);
  indices.forEach((index, n) => {
    for (let c = 0; c < channels; c++) {
      const from = (index * channels + c) * plane;
      data.set(features.subarray(from, from + plane), (c * count + n) * plane);
    }
  });
  return { data, dims: [channels, count, height, width] };
}

/** The part of a network before the one that is trained. Holds a session until `dispose`. */
export interface Body {
  readonly shape: FeatureSet["shape"];
  /** Numbers of one image. */
  readonly size: number;
  /**
   * `[last − first, C, H, W]` of the images `first` to `last`, as they are.
   * @throws {InterruptedError} within a batch of the signal.
   */
  features(
    images: ImageSet,
    range: { readonly first: number; readonly last: number; readonly signal?: AbortSignal | undefined },
  ): Promise<Float32Array>;
  dispose(): Promise<void>;
}

const BATCH = 32;

export async function createBody(setup: {
  readonly engine: Engine;
  readonly architecture: Architecture;
  readonly tensors: ReadonlyMap<string, Float32Array>;
  readonly normalization: Normalization;
  readonly part: TrainedPart;
}): Promise<Body> {
  const { engine, architecture, tensors, normalization, part } = setup;
  const { input: shape } = firstTrained(architecture, part);
  const size = shape[0] * shape[1] * shape[2];
  const session = await engine.load(
    lower(buildBody(architecture, { part, ...normalization }), {
      name: `${architecture.name} before its ${part}`,
      layout: "image-major",
      freeBatch: true,
      weights: foldBatchNorm(architecture, tensors),
    }),
  );
  const { resolution, channels } = architecture;
  const bytes = resolution * resolution * channels;
  return {
    shape,
    size,
    async features(images, { first, last, signal }) {
      const all = new Float32Array((last - first) * size);
      for (let start = first; start < last; start += BATCH) {
        if (signal?.aborted) {
          const received = `a request to stop after ${start} of ${images.count} images`;
          throw new InterruptedError({ at: architecture.name, expected: "to compute features", received });
        }
        const count = Math.min(BATCH, last - start);
        const data = new Uint8Array(count * bytes);
        for (let i = 0; i < count; i++) images.read(start + i, data, i * bytes);
        const { features } = await session.run({ pixels: { data, dims: [count, resolution, resolution, channels] } });
        all.set(features!.data as Float32Array, (start - first) * size);
      }
      return all;
    },
    dispose: () => session.dispose(),
  };
}
