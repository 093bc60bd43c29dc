/** Reading labelled images, and saying what was read: the same for every job. */
import { type Dataset, type OpenOptions, openDataset, type SplitName } from "../../data/index.js";
import { type DataFacts, dataLines } from "../../report/index.js";
import type { Progress } from "./progress.js";
import { readingProgress } from "./reading-pace.js";

export type ReadOptions = Omit<OpenOptions, "onProgress"> & {
  /** Of the job, where reading counts in its time: it is said at once when it takes most of it. */
  readonly seconds?: number | undefined;
};

/** Without a word. @throws as `openDataset`. */
export function readImages(path: string, { seconds, ...options }: ReadOptions, progress: Progress): Promise<Dataset> {
  progress.phase("data", "reading images");
  return openDataset(path, { ...options, onProgress: readingProgress(progress, seconds) });
}

/** @throws as `openDataset`. */
export async function readData(path: string, options: ReadOptions, progress: Progress): Promise<Dataset> {
  const dataset = await readImages(path, options, progress);
  sayWhatWasRead(dataFacts(dataset), progress);
  return dataset;
}

/** What was left out included. */
export function sayWhatWasRead(facts: DataFacts, progress: Progress): void {
  for (const line of dataLines(facts)) progress.line(...line);
}

export function dataFacts(dataset: Dataset): DataFacts {
  const { name, size, shape, channels, classes, splits, skipped, ignored, notes, looks } = dataset;
  const countsOf = (split: SplitName) => {
    const counts = new Array<number>(classes.length).fill(0);
    for (const { label } of splits[split]) counts[label]!++;
    return counts;
  };
  const [train, validation, test] = [countsOf("train"), countsOf("validation"), countsOf("test")];
  return {
    name,
    side: size,
    shape,
    channels,
    classes,
    train: splits.train.length,
    validation: splits.validation.length,
    test: splits.test.length,
    perClass: classes.map((label, i) => ({ label, train: train[i]!, validation: validation[i]!, test: test[i]! })),
    skipped,
    ignored,
    notes,
    looks,
  };
}
