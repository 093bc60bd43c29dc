/** A model file measured on a folder of labelled images. */
import { requireWritable } from "../base/files.js";
import { DataError, lastly } from "../base/index.js";
import {
  type Dataset,
  openImages,
  partsBefore,
  type Sample,
  type SeenPictures,
  type SplitName,
  shapeOf,
} from "../data/index.js";
import { requireApart } from "../folders/index.js";
import type { DataFacts } from "../report/index.js";
import type { Engine } from "../runtime/index.js";
import {
  type Classifier,
  type ClassScore,
  evaluateClassifier,
  type ModelCard,
  openClassifier,
  seenBy,
} from "../shipping/index.js";
import { noProgress, type Progress } from "./shared/progress.js";
import { dataFacts, readImages, sayWhatWasRead } from "./shared/read-data.js";

export type EvaluateOptions = {
  readonly model: string;
  readonly data: string;
  /**
   * By default what the model has not seen: the held-out images of the folder that it was trained on, the test part of another one, all of
   * one that has none. Of `test`, too, what it has seen is left out.
   */
  readonly split?: SplitName | "all" | undefined;
  /** Divides the folder; by default the seed of the model's training, so that its test images are the same. */
  readonly seed?: number | undefined;
  /** A list of pictures to leave out, as `bantam check` writes it. */
  readonly exclude?: string | undefined;
  readonly engine: Engine;
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
};

export type EvaluateResult = {
  readonly model: string;
  readonly split: SplitName | "all";
  readonly accuracy: number;
  /** Mean of the classes' recalls, and of their F1; and the share of the commonest class. */
  readonly balancedAccuracy: number;
  readonly macroF1: number;
  readonly commonest: number;
  readonly count: number;
  readonly perClass: readonly ClassScore[];
  readonly confusion: readonly (readonly number[])[];
  /** Classes of the model without an image; their figures are null. */
  readonly missing: readonly string[];
  /** Images left out because the model was trained on them, or chosen by them. */
  readonly seen: { readonly train: number; readonly validation: number };
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
  const { size: maxSize, resize } = preprocessing;
  const dataset = await readImages(
    data,
    { seed, cacheDir, maxSize, shape: shapeOf(resize), classes, exclude: asked.exclude, signal },
    progress,
  );
  const isSame = isAsTrained(dataset, seed, history);
  const { split, samples, why, seen } = choose(dataset, asked.split, isSame, history, await seenBy(model));
  const measured = { ...dataset, splits: { train: [], validation: [], test: samples } };
  const facts = dataFacts(split === "all" || seen.train + seen.validation > 0 ? measured : dataset);
  sayWhatWasRead(facts, progress);
  if (why !== null) progress.line(why);
  const leftOut = seen.train + seen.validation;
  if (leftOut > 0) progress.line(`${leftOut} images left out: ${seenInWords(seen)}`);
  const images = await openImages(measured, "test", preprocessing, { cacheDir, signal });
  try {
    if (images.count === 0) throw none(data, split, seen);
    const labels = new Set(images.labels);
    const missing = classes.filter((_, label) => !labels.has(label));
    if (missing.length > 0) progress.line(`no images of ${namesOf(missing)}: measured on the others`, "warning");
    progress.phase("eval", `${images.count} images`);
    const result = await evaluateClassifier(classifier, images, (done, total) =>
      progress.update({ text: `${done} of ${total} images`, fraction: done / total }),
    );
    const { mistakes: _, perClass, ...scores } = result;
    const ofThose = perClass.map((row) => (row.count > 0 ? row : { ...row, precision: null }));
    return { model, split, ...scores, perClass: ofThose, missing, seen, data: facts };
  } finally {
    images.close();
  }
}

/** Whether the division that was made from the pictures and the seed alone is the one the model was trained by. */
function isAsTrained({ fingerprint }: Dataset, seed: number, history: ModelCard["history"]): boolean {
  const data = (history.data ?? {}) as { readonly fingerprint?: unknown; readonly seenBefore?: unknown };
  return data.fingerprint === fingerprint && data.seenBefore === 0 && seed === history.seed;
}

type Chosen = {
  readonly split: SplitName | "all";
  readonly samples: readonly Sample[];
  readonly why: string | null;
  readonly seen: EvaluateResult["seen"];
};

const nothing = { train: 0, validation: 0 };

/** What is held out: by the very division that the model was trained by, or else by what it tells that it has seen. */
function choose(
  dataset: Dataset,
  asked: EvaluateOptions["split"],
  isSame: boolean,
  { data }: ModelCard["history"],
  known: SeenPictures | undefined,
): Chosen {
  const { name, hasOwnTest, splits, signatures } = dataset;
  const all = [...splits.train, ...splits.validation, ...splits.test];
  if (asked === "all") return { split: asked, samples: all, why: null, seen: nothing };
  if (asked !== undefined && asked !== "test")
    return { split: asked, samples: splits[asked], why: null, seen: nothing };
  if (isSame) return { split: "test", samples: splits.test, why: null, seen: nothing };
  const other = `${name} is not what the model was trained on`;
  if (known === undefined) {
    const isNamesake = (data as { readonly name?: unknown } | undefined)?.name === name;
    const split = asked ?? (hasOwnTest || isNamesake ? "test" : "all");
    const why = `${other}, and its file does not tell what it has seen: some of these images may have been among them`;
    return { split, samples: split === "all" ? all : splits.test, why, seen: nothing };
  }
  const split = asked ?? (hasOwnTest ? "test" : "all");
  const partBefore = partsBefore(known, signatures);
  const seen = { ...nothing };
  const samples = (split === "all" ? all : splits.test).filter((sample) => {
    const part = partBefore(sample);
    if (part !== null) seen[part]++;
    return part === null;
  });
  return {
    split,
    samples,
    why: `${other}: measured on ${split === "all" ? "all images" : "its test part"} that it has not seen`,
    seen,
  };
}

const seenInWords = ({ train, validation }: EvaluateResult["seen"]): string =>
  `the model was trained on ${train} of them, and chosen by ${validation}`;

function none(data: string, split: string, seen: EvaluateResult["seen"]): DataError {
  const isSeen = seen.train + seen.validation > 0;
  return new DataError({
    at: data,
    expected: isSeen ? "images that the model has not seen" : `images in its ${split} part`,
    received: isSeen ? `${seen.train + seen.validation} of which ${seenInWords(seen)}` : "none",
    hint: "--split all measures all images",
  });
}

function namesOf(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}
