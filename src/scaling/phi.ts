/** Compound scaling by a coefficient: every published network, with the rounding of its own release. */

import { UsageError } from "../base/index.js";
import type { Costs } from "../cost/index.js";
import {
  type Architecture,
  type BuildOptions,
  buildArchitecture,
  countArchitecture,
  type DialectName,
  networks,
  originOf,
} from "../networks/index.js";
import { type Multipliers, multipliersAt, publishedCoefficients } from "./compound.js";
import { shapeOf } from "./network-shape.js";
import { anchorFor, type Prediction, predictionFor } from "./prediction.js";
import type { Size } from "./within-budget.js";

export type ScaledByPhi = Size & {
  readonly name: string;
  readonly phi: number;
  readonly architecture: Architecture;
  readonly costs: Costs;
  /** α^φ, β^φ and γ^φ; of the resolution, what rounding to whole pixels left. */
  readonly multipliers: Multipliers;
  readonly prediction: Prediction | null;
};

/**
 * Depth · α^φ, width · β^φ, resolution · γ^φ.
 *
 * @param phi any real number; below 0 the network shrinks.
 * @param options the network that scaling begins with.
 * @param coefficients α, β and γ, by default 1.2, 1.1 and 1.15.
 * @throws {UsageError} when there is no network of that name, or what comes out is beyond what can be built.
 * @source Tan and Le 2019, arXiv:1905.11946, eq. 3
 */
export function scaleNetworkByPhi(
  name: string,
  phi: number,
  options: Omit<BuildOptions, "depth"> = {},
  coefficients: Multipliers = publishedCoefficients,
): ScaledByPhi {
  const start = { width: options.width ?? 1, resolution: options.resolution ?? originOf(name).resolution };
  const wanted = multipliersAt(phi, coefficients);
  const size: Size = {
    depth: wanted.depth,
    width: start.width * wanted.width,
    resolution: Math.round(start.resolution * wanted.resolution),
  };
  const architecture = buildArchitecture(name, { ...options, ...size });
  return {
    ...size,
    name,
    phi,
    architecture,
    costs: countArchitecture(architecture),
    multipliers: { ...wanted, resolution: size.resolution / start.resolution },
    prediction: predictionFor(shapeOf(name, size), anchorFor(name, start.width, start.resolution)),
  };
}

export type SeriesRow = {
  /** The published network, its multipliers relative to the family's baseline. */
  readonly published: Size & {
    readonly name: string;
    readonly costs: Costs;
    readonly top1: number | null;
    /** The φ that each dimension alone would have come from: three different ones. */
    readonly phi: Multipliers;
  };
  /** The baseline scaled by φ = 0, 1, 2, … */
  readonly scaled: ScaledByPhi;
};

/**
 * A published series beside what φ = 0, 1, 2, … make of its baseline. The two differ: the published sizes were set one by one.
 *
 * @param name of any network of the series: `efficientnet-b0`, `timm-efficientnet-lite2`.
 * @throws {UsageError} when the network is not one of a series.
 */
export function publishedSeries(name: string, coefficients: Multipliers = publishedCoefficients): SeriesRow[] {
  const { baseline, paper } = originOf(name);
  const [, prefix = "", dialect = "tf", bare] = /^((tf|torch|timm)-)?(.*)$/.exec(name)!;
  const stem = bare!.replace(/\d$/, "");
  const members = networks
    .filter((info) => info.paper === paper && info.dialects.includes(dialect as DialectName))
    .map((info) => prefix + info.name)
    .filter((each) => each.replace(/\d$/, "") === prefix + stem && originOf(each).baseline.stages === baseline.stages);
  if (members.length < 2) {
    throw new UsageError({
      at: name,
      expected: "a network that was published in several sizes",
      received: "one that was not",
      hint: "efficientnet-b0 and efficientnet-lite0 were",
    });
  }
  const first = originOf(members[0]!);
  return members.map((member, phi) => {
    const { depth, width, resolution } = originOf(member);
    const costs = countArchitecture(buildArchitecture(member));
    const top1 = anchorFor(member, 1, resolution)?.top1 ?? null;
    return {
      published: {
        name: member,
        depth,
        width,
        resolution,
        costs,
        top1,
        phi: phiOf({ depth, width, resolution: resolution / first.resolution }, coefficients),
      },
      scaled: scaleNetworkByPhi(members[0]!, phi, {}, coefficients),
    };
  });
}

/** φ where a multiplier is its coefficient to the power of φ; 0 for a coefficient of 1, which says nothing of φ. */
function phiOf(multipliers: Multipliers, coefficients: Multipliers): Multipliers {
  const of = (dimension: keyof Multipliers) =>
    coefficients[dimension] === 1 ? 0 : Math.log(multipliers[dimension]) / Math.log(coefficients[dimension]);
  return { depth: of("depth"), width: of("width"), resolution: of("resolution") };
}
