import { crowdingDistance, nonDominatedSort, type Point } from "../pareto.js";

/**
 * Best first: front by front, and in a front the lonely before the crowded.
 *
 * @source Deb et al. 2002, NSGA-II, §III.B, the crowded-comparison operator
 */
export function rankByFront<T>(items: readonly T[], pointOf: (item: T) => Point): T[] {
  const points = items.map(pointOf);
  return nonDominatedSort(points).flatMap((front) => {
    const distance = crowdingDistance(front.map((i) => points[i]!));
    const order = front.map((_, place) => place).sort((a, b) => loneliest(distance[a]!, distance[b]!) || a - b);
    return order.map((place) => items[front[place]!]!);
  });
}

/** Two that are infinitely lonely are equal: ∞ − ∞ is not a number. */
const loneliest = (a: number, b: number) => (a === b ? 0 : b - a);
