/**
 * Compound scaling: depth, width and resolution grow together, d = α^φ, w = β^φ, r = γ^φ.
 * @source Tan and Le 2019, arXiv:1905.11946, §3.3, eq. 3; α = 1.2, β = 1.1, γ = 1.15 from §5 (α·β²·γ² ≈ 2)
 */
import { InfeasibleError } from "../base/index.js";
import type { Costs } from "../cost/index.js";
import { type Architecture, compoundRules, type ScalingRules, scaleArchitecture } from "../networks/index.js";
import { type Budget, brokenLimits } from "./budget.js";

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
  readonly costs: Costs;
  readonly phi: number;
  /** As they came out: of the resolution, what the rounding left. */
  readonly multipliers: Multipliers;
  /** The limits that the next larger network would break; empty when φ reached its end. */
  readonly binding: readonly (keyof Costs)[];
};

export function scaleByPhi(
  baseline: Architecture,
  phi: number,
  rule: ScalingRule,
): { architecture: Architecture; multipliers: Multipliers } {
  const wanted = multipliersAt(phi);
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

/**
 * The largest network on the way of φ that keeps every limit. Costs never fall along the way, so the first φ that breaks a
 * limit ends it.
 *
 * @throws {InfeasibleError} when the baseline itself breaks a limit.
 */
export function scaleToBudget(
  baseline: Architecture,
  budget: Budget,
  rule: ScalingRule,
  costsOf: (architecture: Architecture) => Costs,
): Scaled {
  let best = fittingBaseline(baseline, budget, costsOf);
  let previous = JSON.stringify(baseline);
  for (let i = 1; i * PHI_STEP <= LARGEST_PHI; i++) {
    const phi = i * PHI_STEP;
    const { architecture, multipliers } = scaleByPhi(baseline, phi, rule);
    const shape = JSON.stringify(architecture);
    if (shape === previous) continue; // rounding hides small steps of φ
    previous = shape;
    const costs = costsOf(architecture);
    const binding = brokenLimits(costs, budget);
    if (binding.length > 0) return { ...best, binding };
    best = { architecture, costs, phi, multipliers, binding };
  }
  return best;
}

function fittingBaseline(
  baseline: Architecture,
  budget: Budget,
  costsOf: (architecture: Architecture) => Costs,
): Scaled {
  const costs = costsOf(baseline);
  const broken = brokenLimits(costs, budget);
  if (broken.length > 0) {
    throw new InfeasibleError({
      at: baseline.name,
      expected: broken.map((name) => `${name} ≤ ${budget[name]?.toLocaleString("en")}`).join(", "),
      received: `${broken.map((name) => costs[name].toLocaleString("en")).join(", ")} in the baseline itself`,
      hint: "raise the limit, or begin with a smaller baseline",
    });
  }
  return { architecture: baseline, costs, phi: 0, multipliers: multipliersAt(0), binding: [] };
}
