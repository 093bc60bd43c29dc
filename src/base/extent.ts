/** As `Math.max(...values)`, of a list of any length: a call takes some hundred thousand arguments at most. */
export const largest = (values: Iterable<number>): number => extentOf(values)[1];

/** From the least to the most of a list of any length; from ∞ to −∞ where it is empty. */
export function extentOf(values: Iterable<number>): readonly [least: number, most: number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}
