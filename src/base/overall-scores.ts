/** What a matrix of confusions comes to in one number, in several ways: with classes of unequal size, they tell different things. */

export type OverallScores = {
  /** Mean of the classes' recalls, of those with pictures. */
  readonly balancedAccuracy: number;
  /** Mean of the classes' F1, 2 · right / (there + predicted), of those with pictures. */
  readonly macroF1: number;
  /** Share of the class with most pictures: the accuracy of always saying it. */
  readonly commonest: number;
  /** Its place. */
  readonly commonestClass: number;
};

/** @param confusion `[truth][predicted]`, counts. @returns 0 everywhere where there are no pictures. */
export function overallScores(confusion: readonly (readonly number[])[]): OverallScores {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const there = confusion.map(sum);
  const all = sum(there);
  const known = there.flatMap((count, k) => (count === 0 ? [] : [k]));
  const mean = (values: readonly number[]) => sum(values) / Math.max(1, values.length);
  const predicted = (k: number) => sum(confusion.map((row) => row[k]!));
  const most = Math.max(0, ...there);
  return {
    balancedAccuracy: mean(known.map((k) => confusion[k]![k]! / there[k]!)),
    macroF1: mean(known.map((k) => (2 * confusion[k]![k]!) / (there[k]! + predicted(k)))),
    commonest: most / Math.max(1, all),
    commonestClass: there.indexOf(most),
  };
}

/** Whether the largest class has more than three times the pictures of the smallest that has any. */
export function isUnequal(confusion: readonly (readonly number[])[]): boolean {
  const there = confusion.map((row) => row.reduce((a, b) => a + b, 0)).filter((count) => count > 0);
  return Math.max(0, ...there) > 3 * Math.min(...there);
}
