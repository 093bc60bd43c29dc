/**
 * Everything that a network can become: the distinct results of rounding its depth and width, times the resolutions. Multipliers
 * between two steps give one and the same network, so a step has one multiplier, the shortest decimal there is.
 */
import { UsageError } from "../base/index.js";
import {
  type Architecture,
  type BuildOptions,
  divisibleSteps,
  type Origin,
  originOf,
  scaleArchitecture,
} from "../networks/index.js";
import { allWidths, DEEP, depthOf, reachedWidths, widthOf } from "./network-shape.js";

/** Lowest and highest, both included. */
export type Range = readonly [low: number, high: number];

export type LatticeOptions = Pick<BuildOptions, "width" | "resolution" | "classes" | "channels"> & {
  /** Of the family's baseline: efficientnet-b3 has the same range as efficientnet-b0. */
  readonly depths?: Range;
  readonly widths?: Range;
  /** Sides of the image, px; by default every one from 32 to 600. */
  readonly resolutions?: readonly number[];
};

export type DepthStep = {
  /** Relative to the named network. */
  readonly multiplier: number;
  /** Of each row of the family's table. */
  readonly repeats: readonly number[];
  /** `Shape.depth`. */
  readonly size: number;
};

export type WidthStep = {
  /** Relative to the named network. */
  readonly multiplier: number;
  /** With the repeats of `Lattice.repeats`. Resolution and strides are still the baseline's. */
  readonly architecture: Architecture;
  /** `Shape.width`. */
  readonly size: number;
};

export type Lattice = {
  readonly name: string;
  readonly origin: Origin;
  /** Where scaling begins, relative to the named network: what `-0.5@160` says. */
  readonly start: { readonly width: number; readonly resolution: number };
  readonly classes: number;
  readonly channels: 1 | 3;
  /** Repeats of each row at a depth at which every row is repeated that ever is. */
  readonly repeats: readonly number[];
  /** Ascending, as are the widths and sides. */
  readonly depths: readonly DepthStep[];
  readonly widths: readonly WidthStep[];
  readonly sides: readonly number[];
};

const defaultRanges: { readonly depths: Range; readonly widths: Range; readonly sides: Range } = {
  depths: [0.1, 4],
  widths: [0.1, 4],
  sides: [32, 600],
};

/**
 * @param name as `buildArchitecture` takes it; the lattice holds that network and all that its release's rules make of it.
 * @throws {UsageError} when there is no network of that name, or an option is out of its range.
 */
export function latticeOf(name: string, options: LatticeOptions = {}): Lattice {
  const origin = originOf(name);
  const { baseline, rules } = origin;
  const { width = 1, resolution = origin.resolution, classes = 1000, channels = 3 } = options;
  const { resolutions = wholeNumbers(defaultRanges.sides, resolution) } = options;
  const deep = scaleArchitecture(baseline, { depth: DEEP, rules }).stages.map(({ repeats }) => repeats);
  return {
    name,
    origin,
    start: { width, resolution },
    classes,
    channels,
    repeats: deep,
    depths: depthSteps(origin, checkedRange("depth", options.depths ?? defaultRanges.depths)),
    widths: widthSteps(
      origin,
      deep,
      width,
      { classes, channels },
      checkedRange("width", options.widths ?? defaultRanges.widths),
    ),
    sides: checkedSides(resolutions),
  };
}

/** How many networks a lattice holds. */
export const latticeSize = ({ depths, widths, sides }: Lattice) => depths.length * widths.length * sides.length;

function depthSteps({ baseline, depth, rules }: Origin, [low, high]: Range): DepthStep[] {
  const table = baseline.stages.map(({ repeats }) => repeats);
  const reached = rules.endRepeats === "fixed" ? table.slice(1, -1) : table;
  const offset = rules.repeats === "up" ? 0 : 0.5;
  const thresholds = reached.flatMap((repeats) => steps(repeats * high + 1, (k) => (k - offset) / repeats));
  const repeatsAt = (multiplier: number) =>
    scaleArchitecture(baseline, { depth: depth * multiplier, rules }).stages.map(({ repeats }) => repeats);
  return cells(
    [low / depth, high / depth],
    thresholds.map((t) => t / depth),
    repeatsAt,
    String,
    [1],
  ).map(({ multiplier, value }) => ({ multiplier, repeats: value, size: depthOf(value, table) }));
}

function widthSteps(
  { baseline, width, rules }: Origin,
  repeats: readonly number[],
  start: number,
  ends: Pick<Architecture, "classes" | "channels">,
  [low, high]: Range,
): WidthStep[] {
  const { widths } = rules;
  const thresholds = printedWidths(baseline).flatMap((printed) =>
    (widths.kind === "divisible"
      ? divisibleSteps(widths.divisor, printed * high, widths.leaves)
      : steps(printed * high, (k) => k)
    ).map((step) => step / printed),
  );
  const scaledTo = (total: number) => scaleArchitecture(baseline, { width: total, depth: DEEP, rules, ...ends });
  const unscaled = scaledTo(1);
  const key = (architecture: Architecture) => `${allWidths(architecture, repeats)}`;
  return cells(
    [low / width, high / width],
    thresholds.map((t) => t / width),
    (multiplier) => scaledTo(width * multiplier),
    key,
    [1, start],
  ).map(({ multiplier, value: architecture }) => {
    const reached = (of: Architecture) => reachedWidths(of, repeats, rules, width * multiplier);
    return { multiplier, architecture, size: widthOf(reached(architecture), reached(unscaled)) };
  });
}

/** Every number of channels that a multiplier may be applied to, on its own, before it is rounded. */
function printedWidths({ stem, stages, head }: Architecture): number[] {
  let input = stem.channels;
  const rows = stages.flatMap(({ channels, expansion }) => {
    const widths = [channels, input * expansion, channels * expansion];
    input = channels;
    return widths;
  });
  const all = [stem.channels, ...rows, ...[head.conv, head.hidden].filter((width) => width !== null)];
  return [...new Set(all)];
}

/** `at(1)`, `at(2)`, … as long as the count is at most `most`. */
const steps = (most: number, at: (k: number) => number) =>
  Array.from({ length: Math.max(0, Math.floor(most)) }, (_, i) => at(i + 1));

/** Thresholds closer than this are one, computed in two ways. */
const DUST = 1e-9;

/**
 * The distinct values of a staircase, each with one multiplier that gives it: a wished one, or the shortest decimal.
 *
 * @param thresholds where the value may change; more than there are steps do no harm.
 */
function cells<T>(
  [low, high]: Range,
  thresholds: readonly number[],
  valueAt: (multiplier: number) => T,
  keyOf: (value: T) => string,
  wished: readonly number[],
): { multiplier: number; value: T }[] {
  const inside = thresholds.filter((t) => t > low + DUST && t < high - DUST).sort((a, b) => a - b);
  const edges = [low, ...inside, high];
  const found: { from: number; to: number; value: T; key: string }[] = [];
  for (let i = 1; i < edges.length; i++) {
    const [from, to] = [edges[i - 1]!, edges[i]!];
    if (to - from < DUST) continue;
    const value = valueAt((from + to) / 2);
    const key = keyOf(value);
    const last = found.at(-1);
    if (last?.key === key) last.to = to;
    else found.push({ from, to, value, key });
  }
  return found.map(({ from, to, value, key }) => {
    const fitting = wished.filter((w) => w > from - DUST && w < to + DUST);
    const multiplier = [...fitting, ...decimalsBetween(from, to)].find((m) => keyOf(valueAt(m)) === key)!;
    return { multiplier, value };
  });
}

/** One decimal for each number of digits that allows one, the shortest first; an edge belongs to one of its two sides. */
function* decimalsBetween(from: number, to: number): Generator<number> {
  for (let digits = 1; digits <= 15; digits++) {
    const unit = 10 ** digits;
    for (let n = Math.ceil(from * unit - DUST); n <= Math.ceil(from * unit) + 1; n++) {
      if (n / unit <= to) yield n / unit;
    }
  }
}

const wholeNumbers = ([low, high]: Range, included: number): number[] => {
  const [first, last] = [Math.min(low, included), Math.max(high, included)];
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
};

function checkedRange(at: string, range: Range): Range {
  const [low, high] = range;
  if (low > 0 && low < high && high <= 16) return range;
  throw new UsageError({
    at: `${at} range`,
    expected: "two multipliers, ascending, above 0 and at most 16",
    received: `${low} to ${high}`,
  });
}

function checkedSides(sides: readonly number[]): readonly number[] {
  const wrong = sides.find((side) => !Number.isInteger(side) || side < 8 || side > 4096);
  if (sides.length > 0 && wrong === undefined) return [...new Set(sides)].sort((a, b) => a - b);
  throw new UsageError({
    at: "resolutions",
    expected: "whole numbers of pixels, 8 to 4096",
    received: wrong === undefined ? "none" : String(wrong),
  });
}
