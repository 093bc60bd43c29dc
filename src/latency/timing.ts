/** Many runs to few numbers. */
import type { Timing } from "../cost/index.js";

/** @param times milliseconds, one at least. */
export function summarize(times: readonly number[]): Timing {
  const sorted = times.toSorted((a, b) => a - b);
  return {
    medianMs: quantile(sorted, 0.5),
    lowerMs: quantile(sorted, 0.25),
    upperMs: quantile(sorted, 0.75),
    minMs: sorted[0]!,
    runs: sorted.length,
  };
}

/** Between two values, the line between them. @source Hyndman and Fan 1996, definition 7 */
function quantile(sorted: readonly number[], q: number): number {
  const at = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return below + (at - Math.floor(at)) * (above - below);
}

const WINDOW = 5;

/** Runs that got faster by less than this share are as fast as they get. */
const STEADY = 0.02;

/** Whether the last few runs were no faster than the few before them. */
export function isSteady(times: readonly number[]): boolean {
  if (times.length < 2 * WINDOW) return false;
  const { medianMs: before } = summarize(times.slice(-2 * WINDOW, -WINDOW));
  const { medianMs: now } = summarize(times.slice(-WINDOW));
  return now >= (1 - STEADY) * before;
}
