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
import { type Point, scoreOf, searchBest } from "./branch-and-bound.js";
import { type Budget, type CostsAndLatency, inWords, type LimitName } from "./budget.js";
import { compileNetwork } from "./compiled.js";
import { type LatticeOptions, latticeOf, latticeSize } from "./lattice.js";
import { REFERENCE_SIDE } from "./network-shape.js";
import { anchorFor, type Prediction, predictionFor } from "./prediction.js";
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
  const { depths, widths, sides, start } = lattice;
  const network = compileNetwork(lattice);
  const score = scoreOf(network);
  const anchor = anchorFor(name, start.width, start.resolution);
  const ends: Point = { depth: depths.length - 1, width: widths.length - 1, side: sides.length - 1 };
  return { solve };

  function solve(limits: Budget, latencyOf?: (architecture: Architecture) => number): WithinBudget {
    if (limits.latencyMs !== undefined && latencyOf === undefined) {
      throw new Error("internal: a limit on latency without a way to predict it");
    }
    const known = new Map<string, number>();
    const unlimited = Number.POSITIVE_INFINITY;
    const costLimits: Costs = {
      params: limits.params ?? unlimited,
      macs: limits.macs ?? unlimited,
      weightBytes: limits.weightBytes ?? unlimited,
      peakActivationBytes: limits.peakActivationBytes ?? unlimited,
    };
    const found = searchBest(network, score, costLimits, isFast);
    if (found === null) throw nothingFits();
    return resultAt(climb(found));

    function latencyAt(depth: number, width: number, side: number): number | null {
      if (limits.latencyMs === undefined) return null;
      const key = `${depth} ${width} ${side}`;
      const ms = known.get(key) ?? latencyOf!(network.architectureAt(depth, width, side));
      known.set(key, ms);
      return ms;
    }

    function isFast(depth: number, width: number, side: number): boolean {
      return (latencyAt(depth, width, side) ?? 0) <= (limits.latencyMs ?? unlimited);
    }

    /** Costs rise with size, so this takes no step; a predicted latency may not, quite. */
    function climb(point: Point): Point {
      const fits = ({ depth, width, side }: Point) =>
        network.fits(depth, width, side, costLimits) && isFast(depth, width, side);
      const larger = stepsUp(point).find((step) => fits(step.point));
      return larger === undefined ? point : climb(larger.point);
    }

    function costsAt({ depth, width, side }: Point): CostsAndLatency {
      return { ...network.costsAt(depth, width, side), latencyMs: latencyAt(depth, width, side) };
    }

    function resultAt(point: Point): WithinBudget {
      const size = sizeOf(point);
      const costs = costsAt(point);
      const shares = sharesOf(costs, limits);
      const next = stepsUp(point).map(({ dimension, point: larger }): NextNetwork => {
        const largerCosts = costsAt(larger);
        return { dimension, ...sizeOf(larger), costs: largerCosts, breaks: brokenIn(sharesOf(largerCosts, limits)) };
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
        architecture: network.architectureAt(point.depth, point.width, point.side),
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
    function nothingFits(): InfeasibleError {
      const corners = network.bands.flatMap((band) =>
        band.runs().map(([width]): Point => ({ depth: 0, width, side: band.sides[0] })),
      );
      const closest = corners
        .map((point) => ({ point, shares: sharesOf(costsAt(point), limits) }))
        .reduce((a, b) => (b.shares[0]!.share < a.shares[0]!.share ? b : a));
      const broken = brokenIn(closest.shares).map(({ limit }) => limit);
      const { depth, width, resolution } = sizeOf(closest.point);
      return new InfeasibleError({
        at: name,
        expected: `at most ${inWords(broken, limits)}`,
        received: `${inWords(broken, costsAt(closest.point))} in the smallest network there is: depth × ${depth}, width × ${width}, ${resolution} px`,
        hint: "raise the limit, or begin with a smaller network; fewer classes make a smaller classifier",
      });
    }
  }

  function sizeOf({ depth, width, side }: Point): Size {
    return { depth: depths[depth]!.multiplier, width: widths[width]!.multiplier, resolution: sides[side]! };
  }

  /** One step up in each dimension that has one. */
  function stepsUp(point: Point): { readonly dimension: Dimension; readonly point: Point }[] {
    const steps = [
      { dimension: "depth", point: { ...point, depth: point.depth + 1 } },
      { dimension: "width", point: { ...point, width: point.width + 1 } },
      { dimension: "resolution", point: { ...point, side: point.side + 1 } },
    ] as const;
    return steps.filter(
      ({ point: { depth, width, side } }) => depth <= ends.depth && width <= ends.width && side <= ends.side,
    );
  }
}

function searched(values: readonly number[]): Searched {
  return { from: values[0]!, to: values.at(-1)!, count: values.length };
}
