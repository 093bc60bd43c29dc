/**
 * The grid from which compound scaling takes its coefficients: α for depth, β for width, γ for resolution, such that a step of
 * φ about doubles the multiply-adds.
 * @source Tan and Le 2019, arXiv:1905.11946, §3.3: α·β²·γ² ≈ 2 with α, β, γ ≥ 1, at φ = 1
 */
import { UsageError } from "../base/index.js";
import type { Multipliers } from "./compound.js";
import { growthOf } from "./point.js";

export type GridOptions = {
  /** α·β²·γ² of a point; 2 is the paper's. */
  readonly growth: number;
  /** How far α·β²·γ² may be off it, either way. */
  readonly tolerance: number;
  /** Between neighbouring values of α, β and γ, which begin at 1. */
  readonly steps: Multipliers;
};

/** The published coefficients are one of its 19 points: 1.2 · 1.1² · 1.15² = 1.92. */
export const defaultGrid: GridOptions = {
  growth: 2,
  tolerance: 0.1,
  steps: { depth: 0.2, width: 0.1, resolution: 0.05 },
};

const MOST_POINTS = 10_000;

/**
 * By rising α, then β, then γ.
 *
 * @throws {UsageError} when a step, the growth or the tolerance is no grid's, or no point of the grid lies within the tolerance.
 */
export function coefficientGrid(options: GridOptions = defaultGrid): Multipliers[] {
  const { growth, tolerance, steps } = options;
  if (!(Math.min(steps.depth, steps.width, steps.resolution) > 0 && growth > 1 && tolerance >= 0))
    throw refused(options, "steps above 0, a growth above 1 and a tolerance from 0", "");
  const most = growth + tolerance;
  const points: Multipliers[] = [];
  for (const depth of ladder(steps.depth, most)) {
    for (const width of ladder(steps.width, Math.sqrt(most / depth))) {
      for (const resolution of ladder(steps.resolution, Math.sqrt(most / depth) / width)) {
        const point = { depth, width, resolution };
        // The published 1.92 must not be lost to the last digit of a tolerance of 0.08.
        if (Math.abs(growthOf(point) - growth) <= tolerance + 1e-9) points.push(point);
        if (points.length > MOST_POINTS) throw refused(options, `at most ${MOST_POINTS} points`, "take larger steps");
      }
    }
  }
  if (points.length === 0) throw refused(options, "a point of the grid", "widen the tolerance, or take smaller steps");
  return points;
}

/** 1, 1 + step, … up to `last`, counted and not added up, so that 1.15 is 1.15. */
function ladder(step: number, last: number): number[] {
  const count = Math.max(0, Math.floor((last - 1) / step + 1e-9) + 1);
  return Array.from({ length: Math.min(count, MOST_POINTS) }, (_, i) => Number((1 + i * step).toFixed(9)));
}

function refused({ growth, tolerance, steps }: GridOptions, expected: string, hint: string): UsageError {
  return new UsageError({
    at: "the grid of α, β, γ",
    expected: `${expected} with α·β²·γ² in ${growth} ± ${tolerance}`,
    received: `steps of ${steps.depth}, ${steps.width} and ${steps.resolution}`,
    ...(hint !== "" && { hint }),
  });
}
