/** Number formats and names that every part of the page shares. */

import { formatBytes, formatCount, formatDuration, formatPercent } from "../../base/index.js";

/** Keeps a number and its unit on one line. */
const unbroken = (text: string) => text.replaceAll(" ", "\u00a0");

export const count = (n: number) => unbroken(formatCount(n));
export const bytes = (n: number) => unbroken(formatBytes(n));
export const duration = (seconds: number) => unbroken(formatDuration(seconds));
export const percent = (fraction: number, digits = 1) => unbroken(formatPercent(fraction, digits));

/** Every digit, thousands apart: `10 000`. */
export function exactly(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, "\u00a0");
}

/** @example counted(1, "image"); // "1 image" */
export function counted(n: number, noun: string, plural = `${noun}s`): string {
  return `${exactly(n)} ${n === 1 ? noun : plural}`;
}

/** Percentage points, for a difference of two fractions. */
export function points(difference: number): string {
  return `${(Math.abs(difference) * 100).toFixed(1)} points`;
}

/** `2026-11-23T21:12:20.123Z` → `2026-11-23 21:12 UTC`; anything else as it came. */
export function moment(iso: string): string {
  return iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(\.\d+)?)?Z$/, "$1 $2 UTC");
}

/** @example milliseconds(3.456); // "3.46 ms" */
export const milliseconds = (ms: number): string => `${ms.toFixed(ms < 10 ? 2 : 1)} ms`;

/** @example latencyWords({ on: "a processor, 1 thread", measuredMs: 2.1 }, 2); // "The shipped network took 2.10 ms, over the limit: …" */
export function latencyWords(
  { on, measuredMs }: { readonly on: string; readonly measuredMs: number | null },
  limit: number | undefined,
): string {
  if (measuredMs === null)
    return `The latency is predicted from blocks measured on ${on}; \`bantam bench\` measures the network there.`;
  const kept = limit === undefined ? "" : measuredMs > limit ? ", over the limit" : ", within the limit";
  return `The shipped network took ${milliseconds(measuredMs)}${kept}: the median, measured on ${on}.`;
}

/** As many places as the step between ticks, 1, 2 or 5 · 10ᵏ, needs. */
export function percentTick(ticks: readonly number[]): (tick: number) => string {
  const step = 100 * (ticks[1]! - ticks[0]!);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return (tick) => percent(tick, digits);
}
