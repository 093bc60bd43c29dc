/**
 * Compound scaling: depth, width and resolution grow together, d = α^φ, w = β^φ, r = γ^φ.
 * @source Tan and Le 2019, arXiv:1905.11946, §3.3, eq. 3; α = 1.2, β = 1.1, γ = 1.15 from §5 (α·β²·γ² ≈ 2)
 */
import type { Costs } from "../cost/index.js";
import { type Architecture, compoundRules, scaleArchitecture } from "../networks/index.js";
import { type Budget, brokenLimits } from "./budget.js";

export type Coefficients = { readonly depth: number; readonly width: number; readonly resolution: number };

export const publishedCoefficients: Coefficients = { depth: 1.2, width: 1.1, resolution: 1.15 };

export type Multipliers = Coefficients;

export const multipliersAt = (
  phi: number,
  { depth, width, resolution }: Coefficients = publishedCoefficients,
): Multipliers => ({
  depth: depth ** phi,
  width: width ** phi,
  resolution: resolution ** phi,
});

export type ScalingRule = {
  /** Channels are rounded to multiples of this. */
  readonly divisor: 4 | 8;
  /** Sides the images can be had in, px; a scaled side is rounded down to one of them. Enlarging a picture adds nothing. */
  readonly resolutions: readonly number[];
};

export type Scaled = {
  readonly architecture: Architecture;
  readonly costs: Costs;
  readonly phi: number;
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
  const side = rule.resolutions.filter((size) => size <= baseline.resolution * wanted.resolution + 1e-9);
  const resolution = Math.max(baseline.resolution, ...side);
  const architecture = scaleArchitecture(baseline, {
    width: wanted.width,
    depth: wanted.depth,
    resolution,
    rules: { ...compoundRules, widths: { kind: "divisible", divisor: rule.divisor } },
  });
  return { architecture, multipliers: { ...wanted, resolution: resolution / baseline.resolution } };
}

const PHI_STEP = 0.01;
const LARGEST_PHI = 8;

/**
 * The largest network on the way of φ that keeps every limit. Costs never fall along the way, so the first φ that breaks a
 * limit ends it.
 *
 * @param baseline keeps the budget itself.
 */
export function scaleToBudget(
  baseline: Architecture,
  budget: Budget,
  rule: ScalingRule,
  costsOf: (architecture: Architecture) => Costs,
): Scaled {
  let best: Scaled | undefined;
  let previous = "";
  for (let i = 0; i * PHI_STEP <= LARGEST_PHI; i++) {
    const phi = i * PHI_STEP;
    const { architecture, multipliers } = scaleByPhi(baseline, phi, rule);
    const shape = JSON.stringify(architecture);
    if (shape === previous) continue; // rounding hides small steps of φ
    previous = shape;
    const costs = costsOf(architecture);
    const binding = brokenLimits(costs, budget);
    if (binding.length > 0 && best !== undefined) return { ...best, binding };
    best = { architecture, costs, phi, multipliers, binding: [] };
  }
  return best!;
}
