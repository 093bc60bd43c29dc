/**
 * Compound scaling: depth, width and resolution grow together, d = α^φ, w = β^φ, r = γ^φ.
 * @source Tan and Le 2019, arXiv:1905.11946, §3.3, eq. 3; α = 1.2, β = 1.1, γ = 1.15 from §5 (α·β²·γ² ≈ 2)
 */
import { InfeasibleError } from "../base/index.js";
import { type Architecture, compoundRules, type ScalingRules, scaleArchitecture } from "../networks/index.js";
import { type Budget, brokenLimits, type CostsAndLatency, inWords, type LimitName } from "./budget.js";

export type Multipliers = { readonly depth: number; readonly width: number; readonly resolution: number };

/** α, β and γ. */
export const publishedCoefficients: Multipliers = { depth: 1.2, width: 1.1, resolution: 1.15 };

export const multipliersAt = (phi: number, { depth, width, resolution } = publishedCoefficients): Multipliers => ({
  depth: depth ** phi,
  width: width ** phi,
  resolution: resolution ** phi,
});

export type ScalingRule = {
  /** Channels are rounded to multiples of this. */
  readonly divisor: 4 | 8;
  readonly repeats: ScalingRules["repeats"];
  /** Sides that the images can be had in, px: a scaled side is rounded down to one of them. `any`: to a whole pixel. */
  readonly resolutions: readonly number[] | "any";
};

export type Scaled = {
  readonly architecture: Architecture;
  readonly costs: CostsAndLatency;
  /** Of the last step that all three dimensions took together. */
  readonly phi: number;
  /** As they came out: of the resolution, what the rounding left. */
  readonly multipliers: Multipliers;
  /** The limits that stopped it last; empty when every dimension reached its end. */
  readonly binding: readonly LimitName[];
};

/** An exponent for each dimension; in compound scaling proper they are one φ. */
type Exponents = Multipliers;

export function scaleByPhi(
  baseline: Architecture,
  phi: number,
  rule: ScalingRule,
): { architecture: Architecture; multipliers: Multipliers } {
  return scaleBy(baseline, { depth: phi, width: phi, resolution: phi }, rule);
}

function scaleBy(
  baseline: Architecture,
  exponents: Exponents,
  rule: ScalingRule,
): { architecture: Architecture; multipliers: Multipliers } {
  const wanted: Multipliers = {
    depth: multipliersAt(exponents.depth).depth,
    width: multipliersAt(exponents.width).width,
    resolution: multipliersAt(exponents.resolution).resolution,
  };
  const resolution = roundSide(baseline.resolution, wanted.resolution, rule.resolutions);
  const rules: ScalingRules = {
    ...compoundRules,
    widths: { kind: "divisible", divisor: rule.divisor },
    repeats: rule.repeats,
  };
  const architecture = scaleArchitecture(baseline, { width: wanted.width, depth: wanted.depth, resolution, rules });
  return { architecture, multipliers: { ...wanted, resolution: resolution / baseline.resolution } };
}

function roundSide(side: number, multiplier: number, sides: ScalingRule["resolutions"]): number {
  if (sides === "any") return Math.round(side * multiplier);
  return Math.max(side, ...sides.filter((each) => each <= side * multiplier + 1e-9));
}

const PHI_STEP = 0.01;
const LARGEST_PHI = 8;

/** Who still grows: first all three together, then without depth, whose steps are the coarsest, at last width alone. */
const growing: readonly (readonly (keyof Exponents)[])[] = [
  ["depth", "width", "resolution"],
  ["width", "resolution"],
  ["width"],
];

/**
 * The largest network on the way of φ that keeps every limit; what rounding then leaves of the budget goes to the dimensions
 * with finer steps. Costs never fall along the way, so the first network that breaks a limit ends each leg of it.
 *
 * @param alsoFits a limit that is no cost of the network, such as the time to train it; the baseline is taken to keep it.
 * @throws {InfeasibleError} when the baseline itself breaks a limit.
 */
export function scaleToBudget(
  baseline: Architecture,
  budget: Budget,
  rule: ScalingRule,
  costsOf: (architecture: Architecture) => CostsAndLatency,
  alsoFits: (architecture: Architecture) => boolean = () => true,
): Scaled {
  let best = fittingBaseline(baseline, budget, costsOf);
  let exponents: Exponents = { depth: 0, width: 0, resolution: 0 };
  let bound: Scaled["binding"] = [];
  for (const dimensions of growing) {
    let previous = JSON.stringify(best.architecture);
    for (;;) {
      const next = grow(exponents, dimensions);
      if (Math.max(next.depth, next.width, next.resolution) > LARGEST_PHI) break;
      const { architecture, multipliers } = scaleBy(baseline, next, rule);
      const shape = JSON.stringify(architecture);
      // Rounding hides small steps.
      const costs = shape === previous ? best.costs : costsOf(architecture);
      const binding = brokenLimits(costs, budget);
      if (binding.length > 0) bound = binding;
      if (binding.length > 0 || !alsoFits(architecture)) break;
      previous = shape;
      exponents = next;
      best = { architecture, costs, phi: next.depth, multipliers, binding };
    }
  }
  return { ...best, binding: bound };
}

function grow(exponents: Exponents, dimensions: readonly (keyof Exponents)[]): Exponents {
  // Steps are counted, not added up, so that 2.21 is 2.21.
  const step = (value: number) => (Math.round(value / PHI_STEP) + 1) * PHI_STEP;
  return {
    depth: dimensions.includes("depth") ? step(exponents.depth) : exponents.depth,
    width: dimensions.includes("width") ? step(exponents.width) : exponents.width,
    resolution: dimensions.includes("resolution") ? step(exponents.resolution) : exponents.resolution,
  };
}

function fittingBaseline(
  baseline: Architecture,
  budget: Budget,
  costsOf: (architecture: Architecture) => CostsAndLatency,
): Scaled {
  const costs = costsOf(baseline);
  const broken = brokenLimits(costs, budget);
  if (broken.length > 0) {
    throw new InfeasibleError({
      at: baseline.name,
      expected: `at most ${inWords(broken, budget)}`,
      received: `${inWords(broken, costs)} in the baseline itself`,
      hint: "raise the limit, or begin with a smaller baseline",
    });
  }
  return { architecture: baseline, costs, phi: 0, multipliers: multipliersAt(0), binding: [] };
}
