/** Photos from disk to class names. */
import { BantamError } from "../base/index.js";
import { decodeImage } from "../data/index.js";
import type { Classifier } from "./classifier.js";

export type Label = { readonly label: string; readonly probability: number };
/** `top`: the best few, best first; `label` and `probability` are the first of them. */
export type FilePrediction = Label & { readonly file: string; readonly top: readonly Label[] };

export type FilePredictions = {
  /** In the order of the files. */
  readonly predictions: readonly FilePrediction[];
  /** The files that are no pictures, and why. */
  readonly failures: readonly { readonly item: string; readonly error: BantamError }[];
};

const AT_ONCE = 32;

/** @param top classes to give for each picture, at most as many as there are. */
export async function predictFiles(
  classifier: Classifier,
  files: readonly string[],
  top = 5,
): Promise<FilePredictions> {
  const { classes, preprocessing } = classifier.card;
  const predictions: FilePrediction[] = [];
  const failures: { item: string; error: BantamError }[] = [];
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const group = files.slice(start, start + AT_ONCE);
    const decoded = await Promise.allSettled(group.map((file) => decodeImage(file, preprocessing)));
    const pictures: Uint8Array[] = [];
    const names = group.filter((item, i) => {
      const outcome = decoded[i]!;
      if (outcome.status === "fulfilled") return pictures.push(outcome.value);
      if (!(outcome.reason instanceof BantamError)) throw outcome.reason;
      failures.push({ item, error: outcome.reason });
      return false;
    });
    const probabilities = pictures.length === 0 ? [] : await classifier.classify(pictures);
    names.forEach((file, i) => {
      const labels = classes.map((label, k) => ({ label, probability: probabilities[i]![k]! }));
      const best = labels.sort((a, b) => b.probability - a.probability).slice(0, top);
      predictions.push({ file, ...best[0]!, top: best });
    });
  }
  return { predictions, failures };
}
