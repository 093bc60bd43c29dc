/** Trainings of a few epochs, by which networks are compared: trials of a search, points of a scaling experiment. */
import { messageOf, type Rng } from "../../base/index.js";
import { type Dataset, type ImageSet, type Sample, subset } from "../../data/index.js";
import type { Outcome } from "../../search/index.js";
import { type RunOptions, runTraining } from "../../training/index.js";
import type { ImagePool } from "./image-pool.js";

/** Images at any side that a network asks for. */
export type ImagesBySide = {
  readonly train: (side: number) => Promise<ImageSet>;
  readonly validation: (side: number) => Promise<ImageSet>;
};

export const wholeImages = (pool: ImagePool): ImagesBySide => ({
  train: (side) => pool.get("train", side),
  validation: (side) => pool.get("validation", side),
});

/** So many of the training images, drawn once: the same at every side, and of each class as large a part as of all. */
export function partOfImages(pool: ImagePool, { splits }: Dataset, images: number, rng: Rng): ImagesBySide {
  const { train, validation } = wholeImages(pool);
  const indices = drawByClass(splits.train, images, rng.fork("trial images"));
  return { train: async (side) => subset(await train(side), indices), validation };
}

/** Places in a random order in which the classes come evenly: the first of them hold each class by its share. */
export function drawByClass(samples: readonly Pick<Sample, "label">[], count: number, rng: Rng): number[] {
  const places = new Map<number, number[]>();
  for (const i of rng.shuffle(samples.map((_, i) => i))) {
    const { label } = samples[i]!;
    const own = places.get(label);
    if (own === undefined) places.set(label, [i]);
    else own.push(i);
  }
  // The k-th of n comes where k + 1/2 of n shares of the whole are through.
  const due = [...places.values()].flatMap((own) => own.map((i, k) => ({ i, at: (k + 0.5) / own.length })));
  return due
    .sort((a, b) => a.at - b.at || a.i - b.i)
    .slice(0, count)
    .map(({ i }) => i);
}

export type ShortTraining = Omit<RunOptions, "epochs" | "train" | "validation" | "onStep" | "onEpoch"> & {
  readonly epochs: number;
  readonly images: ImagesBySide;
  readonly onStep: (now: ShortProgress) => void;
  /** Asked after each epoch, with all accuracies so far, whether to train no more. */
  readonly isHopeless?: (curve: readonly number[]) => boolean;
  /** Whether an error makes a failed outcome, with the epochs before it; by default all are thrown. */
  readonly isFailure?: (error: unknown) => boolean;
};

export type ShortProgress = {
  readonly epoch: number;
  /** Share of the training, in [0, 1]. */
  readonly done: number;
  readonly imagesPerSecond: number;
};

/** @returns no tensors where it failed. @throws as `runTraining`. */
export async function trainBriefly({ epochs, images, onStep, isHopeless, isFailure, ...run }: ShortTraining) {
  const began = performance.now();
  const curve: number[] = [];
  let [imagesPerSecond, isOver] = [0, false];
  const outcome = (state: Outcome["state"], error: string | null): Outcome => ({
    state,
    curve,
    seconds: (performance.now() - began) / 1000,
    imagesPerSecond,
    error,
  });
  const { resolution } = run.architecture;
  try {
    const { tensors } = await runTraining({
      ...run,
      // Zero epochs in all ends a training that has begun.
      epochs: () => (isOver ? 0 : epochs),
      train: await images.train(resolution),
      validation: await images.validation(resolution),
      onStep: (epoch, { step, steps, imagesPerSecond }) =>
        onStep({ epoch, done: (epoch - 1 + step / steps) / epochs, imagesPerSecond }),
      onEpoch: (record) => {
        curve.push(record.validationAccuracy);
        imagesPerSecond = record.imagesPerSecond;
        isOver = isHopeless?.(curve) ?? false;
      },
    });
    return { outcome: outcome(curve.length < epochs ? "stopped" : "finished", null), tensors };
  } catch (error) {
    if (isFailure?.(error)) return { outcome: outcome("failed", messageOf(error)), tensors: null };
    throw error;
  }
}
