/** The three splits of a dataset at any resolution that the search or the final network asks for, each opened once. */
import {
  type Dataset,
  firstGeometry,
  type Geometry,
  type ImageSet,
  openImages,
  type SplitName,
} from "../../data/index.js";
import type { Progress } from "./progress.js";

export interface ImagePool {
  geometry(size: number): Geometry;
  get(split: SplitName, size: number): Promise<ImageSet>;
  /** Also what is still being opened, when it arrives. */
  close(): Promise<void>;
}

export type PoolOptions = {
  /** All but the side; by default as the dataset was first decoded. */
  readonly geometry?: Geometry | undefined;
  /**
   * Smaller sides of training and validation images are made from the dataset's own side. Test images are always decoded from their
   * files, as a picture to be classified is.
   */
  readonly derive?: boolean | undefined;
};

export function createImagePool(
  dataset: Dataset,
  {
    cacheDir,
    signal,
    progress,
    ...options
  }: PoolOptions & {
    readonly cacheDir: string;
    readonly signal?: AbortSignal | undefined;
    readonly progress: Progress;
  },
): ImagePool {
  const sets = new Map<string, Promise<ImageSet>>();
  const geometry = (size: number): Geometry => ({ ...(options.geometry ?? firstGeometry(dataset)), size });
  return {
    geometry,
    get(split, size) {
      const key = `${split} ${size}`;
      const known = sets.get(key);
      if (known !== undefined) return known;
      const images = openImages(dataset, split, geometry(size), {
        cacheDir,
        derive: options.derive === true && split !== "test",
        signal,
        onProgress: (done, total) =>
          progress.update({ text: `decoding ${split} images at ${size} px`, fraction: done / total }),
      }).catch((error: unknown) => {
        sets.delete(key); // the next call tries again
        throw error;
      });
      sets.set(key, images);
      return images;
    },
    async close() {
      for (const opened of await Promise.allSettled(sets.values())) {
        if (opened.status === "fulfilled") opened.value.close();
      }
    },
  };
}
