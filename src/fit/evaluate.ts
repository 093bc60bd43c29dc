/** A model file measured on a folder of labelled images. */
import { ensureWritableFolder } from "../base/files.js";
import { DataError } from "../base/index.js";
import { openDataset, openImages, type SplitName } from "../data/index.js";
import type { Engine } from "../runtime/index.js";
import { type ClassScore, evaluateClassifier, openClassifier } from "../shipping/index.js";
import { noProgress, type Progress } from "./progress.js";

export type EvaluateOptions = {
  readonly model: string;
  readonly data: string;
  readonly split: SplitName;
  /** Divides the folder; by default the seed of the model's training, so that its test images are the same. */
  readonly seed?: number | undefined;
  readonly engine: Engine;
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
};

export type EvaluateResult = {
  readonly model: string;
  readonly split: SplitName;
  readonly accuracy: number;
  readonly count: number;
  readonly perClass: readonly ClassScore[];
  readonly confusion: readonly (readonly number[])[];
};

/** @throws {DataError} when the folder has other classes than the model. */
export async function evaluateFile(options: EvaluateOptions): Promise<EvaluateResult> {
  const { model, data, split, engine, cacheDir, signal, progress = noProgress } = options;
  await ensureWritableFolder(cacheDir);
  const classifier = await openClassifier(model, engine);
  try {
    const { classes, preprocessing, history } = classifier.card;
    const seed = options.seed ?? (typeof history.seed === "number" ? history.seed : 0);
    progress.phase("data", "reading images");
    const onProgress = (done: number, total: number, text: string) => progress.update({ text, fraction: done / total });
    const dataset = await openDataset(data, { seed, cacheDir, maxSize: preprocessing.size, signal, onProgress });
    if (dataset.classes.join("\n") !== classes.join("\n")) {
      throw new DataError({
        at: data,
        expected: `the model's classes (${classes.join(", ")})`,
        received: dataset.classes.join(", "),
        hint: "a model can be measured on images of its own classes only",
      });
    }
    const images = await openImages(dataset, split, preprocessing, { cacheDir, signal });
    try {
      progress.phase("eval", `${images.count} images`);
      const result = await evaluateClassifier(classifier, images, (done, total) =>
        progress.update({ text: `${done} of ${total} images`, fraction: done / total }),
      );
      const { mistakes: _, ...scores } = result;
      return { model, split, ...scores };
    } finally {
      images.close();
    }
  } finally {
    await classifier.dispose();
  }
}
