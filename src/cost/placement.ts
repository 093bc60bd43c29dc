/** Where buffers lie in one arena. Finding the smallest arena is NP-hard; these are rules that mostly find it. */
import type { Lifetime } from "./lifetimes.js";

type Placement = { readonly offsets: ReadonlyMap<Lifetime, number>; readonly peakBytes: number };

/** How often, when no rule is enough, the buffers at the top of the arena are given their place earlier. */
const REPAIRS = 64;

/**
 * Places buffers one after the other, each in the tightest gap between those that live with it: the largest first, and
 * where that takes more than `lowerBound`, by area (bytes · steps), by how long they live, by when they start. If all of
 * these leave a gap, the buffers that end at the top go first in a new round, as in the squeaky wheel of Joslin and
 * Clements. The smallest arena wins.
 *
 * @param lowerBound bytes that live at once: nothing can be smaller, so an arena of that size ends the search.
 * @source Pisarchyk and Lee 2020, arXiv:2001.03288 (greedy by size); Joslin and Clements 1999, doi:10.1613/jair.561
 */
export function placeBuffers(lifetimes: readonly Lifetime[], lowerBound: number): Placement {
  let best = placeInOrder(bySize(lifetimes));
  const attempt = (order: readonly Lifetime[]) => {
    const placement = placeInOrder(order);
    if (placement.peakBytes < best.peakBytes) best = placement;
    return placement;
  };
  for (const order of [byArea, byDuration, byStart]) {
    if (best.peakBytes <= lowerBound) return best;
    attempt(order(lifetimes));
  }
  let order: readonly Lifetime[] = bySize(lifetimes);
  let placement = placeInOrder(order);
  for (let round = 0; round < REPAIRS && best.peakBytes > lowerBound; round++) {
    const { offsets, peakBytes } = placement;
    const atTop = order.filter((each) => offsets.get(each)! + bytesOf(each) === peakBytes);
    order = [...atTop, ...order.filter((each) => !atTop.includes(each))];
    placement = attempt(order);
  }
  return best;
}

const bytesOf = ({ stretches }: Lifetime) => stretches[0]!.bytes;
const startOf = ({ stretches }: Lifetime) => stretches[0]!.first;
const durationOf = ({ stretches }: Lifetime) => stretches.at(-1)!.last - stretches[0]!.first + 1;

const sorted = (key: (lifetime: Lifetime) => number) => (lifetimes: readonly Lifetime[]) =>
  lifetimes.toSorted((a, b) => key(b) - key(a) || bytesOf(b) - bytesOf(a) || startOf(a) - startOf(b));
const bySize = sorted(bytesOf);
const byArea = sorted((each) => bytesOf(each) * durationOf(each));
const byDuration = sorted(durationOf);
const byStart = sorted((each) => -startOf(each));

function placeInOrder(order: readonly Lifetime[]): Placement {
  const offsets = new Map<Lifetime, number>();
  let peakBytes = 0;
  for (const lifetime of order) {
    const offset = tightestGap(lifetime, offsets);
    offsets.set(lifetime, offset);
    peakBytes = Math.max(peakBytes, offset + bytesOf(lifetime));
  }
  return { offsets, peakBytes };
}

/** The offset that leaves the least room above it, below a buffer that lives at the same time; else above them all. */
function tightestGap(lifetime: Lifetime, placed: ReadonlyMap<Lifetime, number>): number {
  // A placed stretch of bytes [o, o + b) keeps a stretch of a bytes from every offset in (o − a, o + b).
  const forbidden: [above: number, below: number][] = [];
  for (const [other, offset] of placed) {
    for (const mine of lifetime.stretches) {
      for (const { bytes, first, last } of other.stretches) {
        if (first <= mine.last && mine.first <= last) forbidden.push([offset - mine.bytes, offset + bytes]);
      }
    }
  }
  forbidden.sort(([a], [b]) => a - b);
  let best: { offset: number; room: number } | undefined;
  let end = 0;
  for (const [above, below] of forbidden) {
    const room = above - end;
    if (room >= 0 && (best === undefined || room < best.room)) best = { offset: end, room };
    end = Math.max(end, below);
  }
  return best?.offset ?? end;
}
