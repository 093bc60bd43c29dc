/** One network of a scaling experiment, before it is trained. */
import { type Architecture, compoundRules, countArchitecture, scaleArchitecture } from "../networks/index.js";
import type { Multipliers, ScalingRule } from "./compound.js";

export type ScaledPoint = {
  /** Names the multipliers, and with a seed the training: `d1.2 w1.1 r1.15`. */
  readonly key: string;
  /** As asked for; rounding may have left less or more of each. */
  readonly multipliers: Multipliers;
  readonly architecture: Architecture;
  readonly params: number;
  readonly macs: number;
  /** An earlier point that rounds to the same network: it is trained once for both. */
  readonly sameAs: string | null;
};

/**
 * Channels go to multiples of 4 and repeats to the nearest: coarser rounding would let neighbouring multipliers of a small
 * baseline fall together.
 */
const fineRounding = { divisor: 4, repeats: "nearest" } as const satisfies Omit<ScalingRule, "resolutions">;

export const noScaling: Multipliers = { depth: 1, width: 1, resolution: 1 };

/** α·β²·γ²: how much the multiply-adds grow, before rounding. */
export const growthOf = ({ depth, width, resolution }: Multipliers): number => depth * width ** 2 * resolution ** 2;

export const powersOf = ({ depth, width, resolution }: Multipliers, phi: number): Multipliers => ({
  depth: depth ** phi,
  width: width ** phi,
  resolution: resolution ** phi,
});

export function pointKey({ depth, width, resolution }: Multipliers): string {
  const short = (value: number) => String(Number(value.toFixed(4)));
  return `d${short(depth)} w${short(width)} r${short(resolution)}`;
}

/** The points of these multipliers in their order, each key once. */
export function scaledPoints(
  baseline: Architecture,
  wanted: readonly Multipliers[],
  { divisor, repeats }: Omit<ScalingRule, "resolutions"> = fineRounding,
): ScaledPoint[] {
  const rules = { ...compoundRules, widths: { kind: "divisible", divisor }, repeats } as const;
  const points = new Map<string, ScaledPoint>();
  const keyOf = new Map<string, string>();
  for (const multipliers of wanted) {
    const key = pointKey(multipliers);
    if (points.has(key)) continue;
    const { depth, width, resolution } = multipliers;
    const side = Math.round(baseline.resolution * resolution);
    const architecture = scaleArchitecture(baseline, { depth, width, resolution: side, rules });
    const network = JSON.stringify(architecture);
    const sameAs = keyOf.get(network) ?? null;
    if (sameAs === null) keyOf.set(network, key);
    const { params, macs } = countArchitecture(architecture);
    points.set(key, { key, multipliers, architecture, params, macs, sameAs });
  }
  return [...points.values()];
}
