/** How good a classifier is on labelled pictures. */
import { type OverallScores, overallScores } from "../base/index.js";
import type { ImageSet } from "../data/index.js";
import type { Classifier } from "./classifier.js";

export type ClassScore = {
  readonly label: string;
  readonly count: number;
  /** null where nothing was predicted (precision) or nothing was there (recall). */
  readonly precision: number | null;
  readonly recall: number | null;
};

export type Prediction = {
  readonly index: number;
  readonly truth: number;
  readonly predicted: number;
  readonly probability: number;
};

export type EvaluationReport = Pick<OverallScores, "balancedAccuracy" | "macroF1" | "commonest"> & {
  readonly accuracy: number;
  readonly count: number;
  readonly perClass: readonly ClassScore[];
  /** `confusion[truth][predicted]`, counts. */
  readonly confusion: readonly (readonly number[])[];
  /** The wrong ones, the most confident first. */
  readonly mistakes: readonly Prediction[];
};

const CHUNK = 500;

export async function evaluateClassifier(
  classifier: Classifier,
  images: ImageSet,
  onProgress?: (done: number, total: number) => void,
): Promise<EvaluationReport> {
  const { classes, preprocessing } = classifier.card;
  const bytes = preprocessing.size * preprocessing.size * preprocessing.channels;
  const predictions: Prediction[] = [];
  for (let start = 0; start < images.count; start += CHUNK) {
    const pictures = Array.from({ length: Math.min(CHUNK, images.count - start) }, (_, i) => {
      const pixels = new Uint8Array(bytes);
      images.read(start + i, pixels, 0);
      return pixels;
    });
    const results = await classifier.classify(pictures);
    results.forEach((probabilities, i) => {
      const predicted = probabilities.indexOf(Math.max(...probabilities));
      predictions.push({
        index: start + i,
        truth: images.labels[start + i]!,
        predicted,
        probability: probabilities[predicted]!,
      });
    });
    onProgress?.(predictions.length, images.count);
  }
  return scorePredictions(predictions, classes);
}

export function scorePredictions(predictions: readonly Prediction[], classes: readonly string[]): EvaluationReport {
  const confusion = classes.map(() => new Array<number>(classes.length).fill(0));
  for (const { truth, predicted } of predictions) confusion[truth]![predicted]!++;
  const hits = classes.reduce((sum, _, k) => sum + confusion[k]![k]!, 0);
  const { balancedAccuracy, macroF1, commonest } = overallScores(confusion);
  return {
    accuracy: hits / Math.max(predictions.length, 1),
    balancedAccuracy,
    macroF1,
    commonest,
    count: predictions.length,
    perClass: classes.map((label, k) => {
      const count = confusion[k]!.reduce((a, b) => a + b, 0);
      const predicted = confusion.reduce((sum, row) => sum + row[k]!, 0);
      const correct = confusion[k]![k]!;
      return {
        label,
        count,
        precision: predicted === 0 ? null : correct / predicted,
        recall: count === 0 ? null : correct / count,
      };
    }),
    confusion,
    mistakes: predictions
      .filter(({ truth, predicted }) => truth !== predicted)
      .sort((a, b) => b.probability - a.probability),
  };
}
