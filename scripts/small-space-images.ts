/** The images that the networks of `results/small-space` are trained and judged on; the test images are not read. */
import { channelStatistics, firstGeometry, type ImageSet, openDataset, openImages, subset } from "../src/data/index.js";
import type { SearchSpace } from "../src/search/index.js";

const [TRAIN, VALIDATION] = [6000, 5000];

/**
 * The first 6,000 training images of Fashion-MNIST train, the last 5,000 of the 60,000 judge.
 *
 * @param folder holds the official four files.
 * @returns by side; the statistics are of the 28 px training images.
 */
export async function smallSpaceImages(folder: string, space: SearchSpace, cacheDir: string) {
  const dataset = await openDataset(folder, { seed: 0, cacheDir, maxSize: 28 });
  const samples = [...dataset.splits.train, ...dataset.splits.validation].sort((a, b) =>
    a.source.localeCompare(b.source, "en", { numeric: true }),
  );
  if (samples.length !== 60_000) throw new Error(`expected 60,000 training images, received ${samples.length}`);
  const parts = { ...dataset, splits: { ...dataset.splits, train: samples, validation: [] } };
  const sets = new Map<number, { readonly train: ImageSet; readonly validation: ImageSet }>(
    await Promise.all(
      space.resolutions.map(async (size) => {
        const all = await openImages(parts, "train", { ...firstGeometry(dataset), size }, { cacheDir });
        const from = (start: number, count: number) =>
          subset(
            all,
            Array.from({ length: count }, (_, i) => start + i),
          );
        return [size, { train: from(0, TRAIN), validation: from(60_000 - VALIDATION, VALIDATION) }] as const;
      }),
    ),
  );
  return { sets, normalization: channelStatistics(sets.get(28)!.train) };
}
