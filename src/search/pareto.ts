/**
 * Several objectives at once. A point is a vector in which every number is better the smaller it is: an error and costs, not
 * an accuracy.
 */
import { extentOf, largest } from "../base/index.js";

export type Point = readonly number[];

/** At least as good everywhere and better somewhere. */
export function dominates(a: Point, b: Point): boolean {
  // A loop: sorting asks this a few times for every pair of trials.
  let isBetter = false;
  for (let i = 0; i < a.length; i++) {
    if (a[i]! > b[i]!) return false;
    if (a[i]! < b[i]!) isBetter = true;
  }
  return isBetter;
}

/** Members that no other dominates, in the order given. Of equal points all stay. */
export function paretoFront<T>(items: readonly T[], pointOf: (item: T) => Point): T[] {
  const points = items.map(pointOf);
  return items.filter((_, i) => !points.some((other) => dominates(other, points[i]!)));
}

/**
 * The fronts one behind the other: the first is the Pareto front, the second the front without the first.
 *
 * @returns indices into `points`. @source Deb et al. 2002, NSGA-II, §III.A
 */
export function nonDominatedSort(points: readonly Point[]): number[][] {
  const dominators = points.map((point) => points.filter((other) => dominates(other, point)).length);
  const fronts: number[][] = [];
  let front = dominators.flatMap((count, i) => (count === 0 ? [i] : []));
  while (front.length > 0) {
    fronts.push(front);
    const next: number[] = [];
    for (const i of front) {
      points.forEach((point, j) => {
        if (dominates(points[i]!, point) && --dominators[j]! === 0) next.push(j);
      });
    }
    front = next.sort((a, b) => a - b);
  }
  return fronts;
}

/**
 * How lonely each point of a front is: the mean side of the box between its neighbours, each objective scaled to its range;
 * infinite at the ends. @source Deb et al. 2002, NSGA-II, §III.B
 */
export function crowdingDistance(front: readonly Point[]): number[] {
  const distance = front.map(() => 0);
  for (let k = 0; k < (front[0]?.length ?? 0); k++) {
    const order = front.map((_, i) => i).sort((a, b) => front[a]![k]! - front[b]![k]!);
    const [low, high] = [front[order[0]!]![k]!, front[order.at(-1)!]![k]!];
    distance[order[0]!] = Number.POSITIVE_INFINITY;
    distance[order.at(-1)!] = Number.POSITIVE_INFINITY;
    if (high === low) continue;
    for (let i = 1; i < order.length - 1; i++) {
      distance[order[i]!]! += (front[order[i + 1]!]![k]! - front[order[i - 1]!]![k]!) / (high - low);
    }
  }
  return distance;
}

/**
 * The volume that the points dominate below `reference`, exactly; points that do not beat it in every objective add nothing.
 *
 * By slices: between two neighbouring values of the last objective, the points at or below it dominate a volume of one
 * dimension less. @source While et al. 2006, "A faster algorithm for calculating hypervolume" (HSO)
 */
export function hypervolume(points: readonly Point[], reference: Point): number {
  const inside = points.filter((point) => point.every((value, i) => value < reference[i]!));
  return volume(inside, reference);
}

/**
 * A reference for the volume of points: the worst of each objective, and a tenth of its range beyond, so that the ends of the front
 * count too; where there is no range, a tenth of the value.
 *
 * @source Ishibuchi et al. 2018, "How to specify a reference point in hypervolume calculation": why not the worst itself
 */
export function referenceOf(points: readonly Point[]): Point {
  return (points[0] ?? []).map((_, k) => {
    const values = points.map((point) => point[k]!);
    const [best, worst] = extentOf(values);
    return worst + 0.1 * (worst - best || Math.abs(worst));
  });
}

function volume(points: readonly Point[], reference: Point): number {
  if (points.length === 0) return 0;
  const last = reference.length - 1;
  if (last === 0) return reference[0]! - extentOf(points.map(([value]) => value!))[0];
  const sorted = paretoFront(points, (point) => point).sort((a, b) => a[last]! - b[last]!);
  const below = reference.slice(0, last);
  return sorted.reduce((sum, point, i) => {
    const height = (sorted[i + 1]?.[last] ?? reference[last]!) - point[last]!;
    if (height === 0) return sum;
    const slice = sorted.slice(0, i + 1).map((each) => each.slice(0, last));
    return sum + height * volume(slice, below);
  }, 0);
}

/**
 * Where a front of two objectives bends most: the member farthest below the line between its ends, each objective scaled to
 * the front's range. Of a front without a bend, the first member. @source Das 1999, "On characterizing the knee of the Pareto curve"
 */
export function kneeOf<T>(front: readonly T[], pointOf: (item: T) => Point): T | undefined {
  const points = front.map(pointOf);
  const range = (k: number) => {
    const values = points.map((point) => point[k]!);
    const [low, high] = extentOf(values);
    return { low, span: high - low || 1 };
  };
  const [x, y] = [range(0), range(1)];
  const gain = points.map((point) => 1 - (point[0]! - x.low) / x.span - (point[1]! - y.low) / y.span);
  return front[gain.indexOf(largest(gain))];
}
