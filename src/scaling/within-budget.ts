/**
 * The budget compiler: of all networks that scaling can make of one, the one with the highest predicted accuracy that keeps every
 * limit,
 *
 *     max accuracy(N(d, w, r))  subject to  memory(N) ≤ target, FLOPS(N) ≤ target, …
 *
 * over depth, width and resolution, with the rounding of its release.
 * @source Tan and Le 2019, arXiv:1905.11946, eq. 2
 */
import { InfeasibleError } from "../base/index.js";
import type { Costs } from "../cost/index.js";
import type { Architecture } from "../networks/index.js";
import { type Check, type Point, scoreOf, searchBest } from "./branch-and-bound.js";
import { type Budget, type CostsAndLatency, inWords, type LimitName } from "./budget.js";
import { type CompiledNetwork, compileNetwork } from "./compiled.js";
import { type Lattice, type LatticeOptions, latticeOf, latticeSize } from "./lattice.js";
import { REFERENCE_SIDE } from "./network-shape.js";
import { anchorFor, type Prediction, type PublishedAnchor, predictionFor } from "./prediction.js";
import { brokenIn, type Share, sharesOf } from "./shares.js";

/** Multipliers of the named network, and the side of the image in pixels: what `buildArchitecture` takes. */
export type Size = { readonly depth: number; readonly width: number; readonly resolution: number };

export type Dimension = keyof Size;

/** The next larger network in one dimension, the other two left as they are. */
export type NextNetwork = Size & {
  readonly dimension: Dimension;
  readonly costs: CostsAndLatency;
  /** Fullest first. Never empty: the network would have been taken. */
  readonly breaks: readonly Share[];
};

/** Lowest and highest, both included, and how many there are between. */
export type Searched = { readonly from: number; readonly to: number; readonly count: number };

export type WithinBudget = Size & {
  readonly name: string;
  readonly architecture: Architecture;
  readonly costs: CostsAndLatency;
  /** Relative to the network that scaling began with. */
  readonly multipliers: Size;
  /** Of every limit, the fullest first. */
  readonly shares: readonly Share[];
  /** Limits that a next larger network breaks, the fullest here first; empty where every dimension is at its end. */
  readonly binding: readonly LimitName[];
  /** One for each dimension that is not at its end. */
  readonly next: readonly NextNetwork[];
  /** Null where no result of the network is published; the choice does not depend on it. */
  readonly prediction: Prediction | null;
  readonly searched: { readonly [D in Dimension | "networks"]: D extends Dimension ? Searched : number };
};

export type BudgetCompiler = {
  /**
   * @param latencyOf milliseconds for one image; only called where `latencyMs` is limited, and taken to rise with size: where it
   *   does not, a faster network may be overlooked, but none that is too slow is returned.
   * @throws {InfeasibleError} when no network keeps the limits, with the smallest there is.
   */
  readonly solve: (limits: Budget, latencyOf?: (architecture: Architecture) => number) => WithinBudget;
};

/**
 * Counts once, for as many budgets as there are.
 *
 * @param name of a published network; `options` say where scaling begins, and within which bounds it may go.
 * @throws {UsageError} when there is no network of that name, or an option is out of its range.
 * @example compileBudgets("mobilenet-v2").solve({ macs: 200e6, peakActivationBytes: 4e6 })
 */
export function compileBudgets(name: string, options: LatticeOptions = {}): BudgetCompiler {
  const lattice = latticeOf(name, options);
  const network = compileNetwork(lattice);
  const score = scoreOf(network);
  const anchor = anchorFor(name, lattice.start.width, lattice.start.resolution);
  return {
    solve(limits, latencyOf) {
      const latencyAt = latencyIn(network, limits, latencyOf);
      const pricedAt: PricedAt = ({ depth, width, side }) => {
        const costs = { ...network.costsAt(depth, width, side), latencyMs: latencyAt(depth, width, side) };
        return { costs, shares: sharesOf(costs, limits) };
      };
      const counted = countedLimits(limits);
      const isFast: Check = (depth, width, side) =>
        (latencyAt(depth, width, side) ?? 0) <= (limits.latencyMs ?? unlimited);
      const found = searchBest(network, score, counted, isFast);
      if (found === null) throw nothingFits(network, limits, pricedAt);
      const fits = ({ depth, width, side }: Point) =>
        network.fits(depth, width, side, counted) && isFast(depth, width, side);
      return resultAt(network, climb(lattice, found, fits), anchor, pricedAt);
    },
  };
}

/** What a candidate costs, and how much of each limit that is. */
type PricedAt = (point: Point) => { readonly costs: CostsAndLatency; readonly shares: readonly Share[] };

const unlimited = Number.POSITIVE_INFINITY;

const countedLimits = ({
  params = unlimited,
  macs = unlimited,
  weightBytes = unlimited,
  peakActivationBytes = unlimited,
}: Budget): Costs => ({ params, macs, weightBytes, peakActivationBytes });

/** Milliseconds by places in the lattice, predicted once each; null where they are not limited. */
function latencyIn(
  network: CompiledNetwork,
  { latencyMs }: Budget,
  latencyOf: ((architecture: Architecture) => number) | undefined,
): (depth: number, width: number, side: number) => number | null {
  if (latencyMs === undefined) return () => null;
  if (latencyOf === undefined) throw new Error("internal: a limit on latency without a way to predict it");
  const known = new Map<string, number>();
  return (depth, width, side) => {
    const key = `${depth} ${width} ${side}`;
    const ms = known.get(key) ?? latencyOf(network.architectureAt(depth, width, side));
    known.set(key, ms);
    return ms;
  };
}

/** Costs rise with size, so this takes no step; a predicted latency may not, quite. */
function climb(lattice: Lattice, point: Point, fits: (point: Point) => boolean): Point {
  const larger = stepsUp(lattice, point).find((step) => fits(step.point));
  return larger === undefined ? point : climb(lattice, larger.point, fits);
}

/** One step up in each dimension that has one. */
function stepsUp(
  { depths, widths, sides }: Lattice,
  point: Point,
): { readonly dimension: Dimension; readonly point: Point }[] {
  const steps = [
    { dimension: "depth", point: { ...point, depth: point.depth + 1 } },
    { dimension: "width", point: { ...point, width: point.width + 1 } },
    { dimension: "resolution", point: { ...point, side: point.side + 1 } },
  ] as const;
  return steps.filter(
    ({ point: { depth, width, side } }) => depth < depths.length && width < widths.length && side < sides.length,
  );
}

function sizeOf({ depths, widths, sides }: Lattice, { depth, width, side }: Point): Size {
  return { depth: depths[depth]!.multiplier, width: widths[width]!.multiplier, resolution: sides[side]! };
}

function resultAt(
  { lattice, architectureAt }: CompiledNetwork,
  point: Point,
  anchor: PublishedAnchor | null,
  pricedAt: PricedAt,
): WithinBudget {
  const { name, depths, widths, sides, start } = lattice;
  const size = sizeOf(lattice, point);
  const { costs, shares } = pricedAt(point);
  const next = stepsUp(lattice, point).map(({ dimension, point: larger }): NextNetwork => {
    const priced = pricedAt(larger);
    return { dimension, ...sizeOf(lattice, larger), costs: priced.costs, breaks: brokenIn(priced.shares) };
  });
  const stopping = new Set(next.flatMap(({ breaks }) => breaks.map(({ limit }) => limit)));
  const shape = {
    depth: depths[point.depth]!.size,
    width: widths[point.width]!.size,
    resolution: size.resolution / REFERENCE_SIDE,
  };
  return {
    ...size,
    name,
    architecture: architectureAt(point.depth, point.width, point.side),
    costs,
    multipliers: {
      depth: size.depth,
      width: size.width / start.width,
      resolution: size.resolution / start.resolution,
    },
    shares,
    binding: shares.flatMap(({ limit }) => (stopping.has(limit) ? [limit] : [])),
    next,
    prediction: predictionFor(shape, anchor),
    searched: {
      depth: searched(depths.map(({ multiplier }) => multiplier)),
      width: searched(widths.map(({ multiplier }) => multiplier)),
      resolution: searched(sides),
      networks: latticeSize(lattice),
    },
  };
}

/** Of the cheapest networks, one for each region, the one that comes closest. */
function nothingFits({ lattice, bands }: CompiledNetwork, limits: Budget, pricedAt: PricedAt): InfeasibleError {
  const corners = bands.flatMap((band) =>
    band.runs().map(([width]): Point => ({ depth: 0, width, side: band.sides[0] })),
  );
  const closest = corners
    .map((point) => ({ ...sizeOf(lattice, point), ...pricedAt(point) }))
    .reduce((a, b) => (b.shares[0]!.share < a.shares[0]!.share ? b : a));
  const broken = brokenIn(closest.shares).map(({ limit }) => limit);
  const { depth, width, resolution, costs } = closest;
  return new InfeasibleError({
    at: lattice.name,
    expected: `at most ${inWords(broken, limits)}`,
    received: `${inWords(broken, costs)} in the smallest network there is: depth × ${depth}, width × ${width}, ${resolution} px`,
    hint: "raise the limit, or begin with a smaller network; fewer classes make a smaller classifier",
  });
}

function searched(values: readonly number[]): Searched {
  return { from: values[0]!, to: values.at(-1)!, count: values.length };
}
