import type { Timing } from "../cost/index.js";

export type Patience = {
  /** How long to go on measuring, once warm. */
  readonly seconds: number;
  /** At least so many runs, however long they take. */
  readonly leastRuns: number;
};

/** So many runs before any counts: caches, arenas and clocks of the processor settle. */
const WARM_UP_SHARE = 0.2;
const MOST_RUNS = 10_000;

/** Repeats a run until the time is up, and says how long it took. The first fifth of the time is to warm up. */
export async function timeRuns(run: () => Promise<unknown>, { seconds, leastRuns }: Patience): Promise<Timing> {
  const began = performance.now();
  const until = (share: number) => began + 1000 * seconds * share;
  do await run();
  while (performance.now() < until(WARM_UP_SHARE));

  const times: number[] = [];
  while (times.length < leastRuns || (performance.now() < until(1) && times.length < MOST_RUNS)) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return timingOf(times);
}

/** Median and quartiles, by linear interpolation between neighbours. */
export function timingOf(times: readonly number[]): Timing {
  const sorted = times.toSorted((a, b) => a - b);
  const quantile = (share: number) => {
    const place = share * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
    return low + (high - low) * (place - Math.floor(place));
  };
  const [minMs, lowerMs, medianMs, upperMs] = [0, 0.25, 0.5, 0.75].map(quantile) as [number, number, number, number];
  return { medianMs, lowerMs, upperMs, minMs, runs: times.length };
}
