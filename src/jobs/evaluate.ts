/** A model file measured on a folder of labelled images. */
import { requireWritable } from "../base/files.js";
import { DataError, lastly } from "../base/index.js";
import { type Dataset, openImages, type SplitName } from "../data/index.js";
import { requireApart } from "../folders/index.js";
import type { DataFacts } from "../report/index.js";
import type { Engine } from "../runtime/index.js";
import { type Classifier, type ClassScore, evaluateClassifier, openClassifier } from "../shipping/index.js";
import { noProgress, type Progress } from "./shared/progress.js";
import { dataFacts, readImages, sayWhatWasRead } from "./shared/read-data.js";

export type EvaluateOptions = {
  readonly model: string;
  readonly data: string;
  /**
   * By default what the model has not learned from: the held-out images of the folder that it was trained on, the test part of another
   * one, all of one that has none.
   */
  readonly split?: SplitName | "all" | undefined;
  /** Divides the folder; by default the seed of the model's training, so that its test images are the same. */
  readonly seed?: number | undefined;
  readonly engine: Engine;
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
};

export type EvaluateResult = {
  readonly model: string;
  readonly split: SplitName | "all";
  readonly accuracy: number;
  readonly count: number;
  readonly perClass: readonly ClassScore[];
  readonly confusion: readonly (readonly number[])[];
  /** Classes of the model without an image; their figures are null. */
  readonly missing: readonly string[];
  readonly data: DataFacts;
};

/** @throws {DataError} when the folder has classes that the model has not. */
export async function evaluateFile(options: EvaluateOptions): Promise<EvaluateResult> {
  const { model, data, engine, cacheDir, progress = noProgress } = options;
  await requireApart(data, { "--cache": cacheDir });
  await requireWritable(cacheDir);
  const classifier = await openClassifier(model, engine, (text) => progress.line(text, "warning"));
  return lastly(
    () => evaluate(classifier, options, progress),
    () => classifier.dispose(),
  );
}

async function evaluate(
  classifier: Classifier,
  { model, data, cacheDir, signal, ...asked }: EvaluateOptions,
  progress: Progress,
): Promise<EvaluateResult> {
  const { classes, preprocessing, history } = classifier.card;
  const seed = asked.seed ?? (typeof history.seed === "number" ? history.seed : 0);
  const dataset = await readImages(data, { seed, cacheDir, maxSize: preprocessing.size, classes, signal }, progress);
  const { split, why } =
    asked.split === undefined ? splitFor(dataset, history.data) : { split: asked.split, why: null };
  const measured = split === "all" ? asTest(dataset) : dataset;
  const facts = dataFacts(measured);
  sayWhatWasRead(facts, progress);
  if (why !== null) progress.line(why);
  const images = await openImages(measured, split === "all" ? "test" : split, preprocessing, { cacheDir, signal });
  try {
    if (images.count === 0) throw none(data, split);
    const labels = new Set(images.labels);
    const missing = classes.filter((_, label) => !labels.has(label));
    if (missing.length > 0) progress.line(`no images of ${namesOf(missing)}: measured on the others`, "warning");
    progress.phase("eval", `${images.count} images`);
    const result = await evaluateClassifier(classifier, images, (done, total) =>
      progress.update({ text: `${done} of ${total} images`, fraction: done / total }),
    );
    const { mistakes: _, perClass, ...scores } = result;
    const ofThose = perClass.map((row) => (row.count > 0 ? row : { ...row, precision: null }));
    return { model, split, ...scores, perClass: ofThose, missing, data: facts };
  } finally {
    images.close();
  }
}

/** @param trainedOn what the model's history says of its data. */
function splitFor(
  { name, fingerprint, hasOwnTest }: Dataset,
  trainedOn: unknown,
): { readonly split: SplitName | "all"; readonly why: string | null } {
  const trained = (trainedOn ?? {}) as { readonly name?: unknown; readonly fingerprint?: unknown };
  if (trained.fingerprint === fingerprint) return { split: "test", why: null };
  const other = `${name} is not the folder that the model was trained on`;
  if (hasOwnTest) return { split: "test", why: `${other}: measured on its test part; --split all takes all images` };
  if (trained.name === name) {
    const why = `${name} has changed since the model was trained, or is another folder of this name: images that are held out now may have been learned from then; --split all measures all`;
    return { split: "test", why };
  }
  return { split: "all", why: `${other}: measured on all its images, as ones it has not learned from` };
}

function none(data: string, split: string): DataError {
  const hint = "--split all measures all images";
  return new DataError({ at: data, expected: `images in its ${split} part`, received: "none", hint });
}

function asTest(dataset: Dataset): Dataset {
  const { train, validation, test } = dataset.splits;
  return { ...dataset, splits: { train: [], validation: [], test: [...train, ...validation, ...test] } };
}

function namesOf(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}
