/** Photos from disk to class names. */
import { BantamError } from "../base/index.js";
import { decodeImage, partBy, type SeenPictures, signatureOfFile } from "../data/index.js";
import type { Classifier } from "./classifier.js";

export type Label = { readonly label: string; readonly probability: number };
/** `top`: the best few, best first; `label` and `probability` are the first of them. */
export type FilePrediction = Label & {
  readonly file: string;
  readonly top: readonly Label[];
  /** In which part the model had this picture, or a copy of it; left out where nobody knows. */
  readonly seen?: keyof SeenPictures | null;
};

export type FilePredictions = {
  /** In the order of the files. */
  readonly predictions: readonly FilePrediction[];
  /** The files that are no pictures, and why. */
  readonly failures: readonly { readonly item: string; readonly error: BantamError }[];
};

const AT_ONCE = 32;

/** @param top classes to give for each picture, at most as many as there are. @param seen by the model. */
export async function predictFiles(
  classifier: Classifier,
  files: readonly string[],
  top = 5,
  seen?: SeenPictures,
): Promise<FilePredictions> {
  const { classes, preprocessing } = classifier.card;
  const partOf = seen && partBy(seen);
  const prepared = async (file: string) => ({
    pixels: await decodeImage(file, preprocessing),
    ...(partOf && { seen: partOf(await signatureOfFile(file)) }),
  });
  const predictions: FilePrediction[] = [];
  const failures: { item: string; error: BantamError }[] = [];
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const group = files.slice(start, start + AT_ONCE);
    const decoded = await Promise.allSettled(group.map(prepared));
    const pictures = group.flatMap((file, i) => {
      const outcome = decoded[i]!;
      if (outcome.status === "fulfilled") return [{ file, ...outcome.value }];
      if (!(outcome.reason instanceof BantamError)) throw outcome.reason;
      failures.push({ item: file, error: outcome.reason });
      return [];
    });
    const probabilities = pictures.length === 0 ? [] : await classifier.classify(pictures.map(({ pixels }) => pixels));
    pictures.forEach(({ pixels: _, file, ...known }, i) => {
      const labels = classes.map((label, k) => ({ label, probability: probabilities[i]![k]! }));
      const best = labels.sort((a, b) => b.probability - a.probability).slice(0, top);
      predictions.push({ file, ...best[0]!, top: best, ...known });
    });
  }
  return { predictions, failures };
}
