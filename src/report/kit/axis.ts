/** From values to pixels, and the round numbers to print beside an axis. */

export type Extent = readonly [low: number, high: number];

export type Scale = {
  /** Ascending round numbers; the first and last are the ends of the axis and enclose the data. */
  readonly ticks: readonly number[];
  /** Pixel of a value. */
  readonly at: (value: number) => number;
};

/** @param pixels where the low and the high end lie; the first may be the larger, as SVG counts downwards. */
export function linearScale(data: Extent, pixels: Extent, count: number): Scale {
  const ticks = linearTicks(...data, count);
  return { ticks, at: between([ticks[0]!, ticks.at(-1)!], pixels) };
}

/** @throws {RangeError} unless the data are positive. */
export function logScale(data: Extent, pixels: Extent, count: number): Scale {
  const ticks = logTicks(...data, count);
  const at = between([Math.log(ticks[0]!), Math.log(ticks.at(-1)!)], pixels);
  return { ticks, at: (value) => at(Math.log(value)) };
}

/** The straight line that takes the ends of `from` to the ends of `to`. */
export function between(from: Extent, to: Extent): (value: number) => number {
  const slope = (to[1] - to[0]) / (from[1] - from[0]);
  return (value) => to[0] + (value - from[0]) * slope;
}

/** Multiples of 1, 2 or 5 · 10ᵏ, about `count` of them, that enclose low … high; a single value gets room on both sides. */
export function linearTicks(low: number, high: number, count: number): number[] {
  if (low === high) return linearTicks(low - (Math.abs(low) / 10 || 0.5), high + (Math.abs(high) / 10 || 0.5), count);
  const rough = (high - low) / count;
  const power = Math.floor(Math.log10(rough));
  const digit = [1, 2, 5, 10].find((d) => d * 10 ** power >= rough * (1 - 1e-9)) ?? 10;
  // A tick is an integer times or over a power of ten, one rounding only: 0.3 and not 0.30000000000000004.
  const value = (i: number) => (power < 0 ? (i * digit) / 10 ** -power : i * digit * 10 ** power);
  const first = Math.floor(low / value(1) + 1e-9);
  const last = Math.ceil(high / value(1) - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => value(first + i));
}

/** Digits worth a tick within a decade, from sparse to dense. */
const digitSets = [[1], [1, 3], [1, 2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9]] as const;

/**
 * Ticks that enclose low … high on a logarithmic axis: the densest of whole decades, 1·3, 1·2·5 and 1…9 that keeps to `count`.
 * Less than an octave is nearly straight and gets linear ticks.
 * @throws {RangeError} unless `low` is positive.
 */
export function logTicks(low: number, high: number, count: number): number[] {
  if (!(low > 0)) throw new RangeError(`internal: a logarithmic axis from ${low}`);
  if (high < 2 * low)
    return linearTicks(...(low === high ? ([low * 0.8, high * 1.25] as const) : ([low, high] as const)), count);
  const choices = digitSets.map((digits) => enclosing(digits, low, high));
  const ticks = choices.findLast((choice) => choice.length <= count) ?? choices[0]!;
  // More decades than room: keep every second, third, … counted from the last, and one more below to enclose the data.
  const every = Math.ceil((ticks.length - 1) / Math.max(count - 1, 1));
  if (every <= 1) return ticks;
  const kept = ticks.filter((_, i) => (ticks.length - 1 - i) % every === 0);
  return kept[0] === ticks[0] ? kept : [ticks[0]! / 10 ** ((every - ((ticks.length - 1) % every)) % every), ...kept];
}

function enclosing(digits: readonly number[], low: number, high: number): number[] {
  const powers = range(Math.floor(Math.log10(low)) - 1, Math.ceil(Math.log10(high)) + 1);
  const all = powers.flatMap((p) => digits.map((d) => (p < 0 ? d / 10 ** -p : d * 10 ** p)));
  return all.slice(
    all.findLastIndex((tick) => tick <= low),
    all.findIndex((tick) => tick >= high) + 1,
  );
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
