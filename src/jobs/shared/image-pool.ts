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
  close(): void;
}

export function createImagePool(
  dataset: Dataset,
  options: {
    cacheDir: string;
    signal?: AbortSignal | undefined;
    progress: Progress;
    /** All but the side; by default as the dataset was first decoded. */
    geometry?: Geometry | undefined;
    /**
     * Smaller sides of training and validation images are made from the dataset's own side. Test images are always decoded from their
     * files, as a picture to be classified is.
     */
    derive?: boolean | undefined;
  },
): ImagePool {
  const open = new Map<string, Promise<ImageSet>>();
  const closers: (() => void)[] = [];
  const geometry = (size: number): Geometry => ({ ...(options.geometry ?? firstGeometry(dataset)), size });
  return {
    geometry,
    get(split, size) {
      const key = `${split} ${size}`;
      const known = open.get(key);
      if (known !== undefined) return known;
      const { cacheDir, signal, progress } = options;
      const derive = options.derive === true && split !== "test";
      const images = openImages(dataset, split, geometry(size), {
        cacheDir,
        derive,
        signal,
        onProgress: (done, total) =>
          progress.update({ text: `decoding ${split} images at ${size} px`, fraction: done / total }),
      }).then(
        (set) => {
          closers.push(() => set.close());
          return set;
        },
        (error: unknown) => {
          open.delete(key); // the next call tries again
          throw error;
        },
      );
      open.set(key, images);
      return images;
    },
    close() {
      for (const close of closers) close();
    },
  };
}
