/** Photos from disk to class names. */
import { decodeImage } from "../data/index.js";
import type { Classifier } from "./classifier.js";

export type Label = { readonly label: string; readonly probability: number };
/** `top`: the best few, best first; `label` and `probability` are the first of them. */
export type FilePrediction = Label & { readonly file: string; readonly top: readonly Label[] };

const AT_ONCE = 32;

/** @throws {DataError} naming the first file that cannot be decoded. */
export async function predictFiles(
  classifier: Classifier,
  files: readonly string[],
  top = 5,
): Promise<FilePrediction[]> {
  const { classes, preprocessing } = classifier.card;
  const results: FilePrediction[] = [];
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const group = files.slice(start, start + AT_ONCE);
    const pictures = await Promise.all(group.map((file) => decodeImage(file, preprocessing)));
    const probabilities = await classifier.classify(pictures);
    group.forEach((file, i) => {
      const labels = classes.map((label, k) => ({ label, probability: probabilities[i]![k]! }));
      const best = labels.sort((a, b) => b.probability - a.probability).slice(0, top);
      results.push({ file, ...best[0]!, top: best });
    });
  }
  return results;
}
