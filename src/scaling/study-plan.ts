/**
 * Which networks show how accuracy grows with depth, width and resolution, each alone and all together, from one baseline.
 * @source Tan and Le 2019, arXiv:1905.11946, figures 3, 4 and 8
 */
import type { Architecture } from "../networks/index.js";
import type { Multipliers, ScalingRule } from "./compound.js";
import { noScaling, pointKey, powersOf, type ScaledPoint, scaledPoints } from "./point.js";

export type StudyDimension = keyof Multipliers;

export type StudyOptions = {
  /** Multipliers of each dimension alone; the baseline's 1 is added. */
  readonly alone: Readonly<Record<StudyDimension, readonly number[]>>;
  /** Where width is scaled again, at another depth and resolution. (1, 1) is the width alone and always among them. */
  readonly settings: readonly Omit<Multipliers, "width">[];
  /** Widths at each of these settings; 1 is added. */
  readonly settingWidths: readonly number[];
  /** All three together, by these powers of the coefficients. */
  readonly phis: readonly number[];
  readonly coefficients: Multipliers;
};

/**
 * Each dimension alone at about 2, 4 and 8 times the multiply-adds, the settings of figure 4 and φ = 1, 2, 3 beside it: 21
 * networks. The paper's own multipliers go up to 25 times.
 */
export const defaultStudy: StudyOptions = {
  alone: { depth: [2, 4, 8], width: [1.4, 2, 2.8], resolution: [1.4, 2, 2.8] },
  settings: [
    { depth: 1, resolution: 1.3 },
    { depth: 2, resolution: 1 },
    { depth: 2, resolution: 1.3 },
  ],
  settingWidths: [1.4, 2],
  phis: [1, 2, 3],
  coefficients: { depth: 1.2, width: 1.1, resolution: 1.15 },
};

/** Keys of points, by rising multiplier. */
export type Line = readonly string[];

export type StudyPlan = {
  /** In the order of training: the baseline first. */
  readonly points: readonly ScaledPoint[];
  readonly alone: Readonly<Record<StudyDimension, Line>>;
  readonly settings: readonly { readonly depth: number; readonly resolution: number; readonly line: Line }[];
  /** From φ = 0 on. */
  readonly compound: readonly { readonly phi: number; readonly key: string }[];
};

export function planStudy(
  baseline: Architecture,
  options: StudyOptions = defaultStudy,
  rounding?: Omit<ScalingRule, "resolutions">,
): StudyPlan {
  const wanted: Multipliers[] = [];
  const ask = (multipliers: Multipliers) => {
    wanted.push(multipliers);
    return pointKey(multipliers);
  };
  const alone = (dimension: StudyDimension) =>
    from(1, options.alone[dimension]).map((factor) => ask({ ...noScaling, [dimension]: factor }));

  const lines = { depth: alone("depth"), width: alone("width"), resolution: alone("resolution") };
  const compound = from(0, options.phis).map((phi) => ({ phi, key: ask(powersOf(options.coefficients, phi)) }));
  const others = options.settings.filter(({ depth, resolution }) => depth !== 1 || resolution !== 1);
  const settings = others.map(({ depth, resolution }) => ({
    depth,
    resolution,
    line: from(1, options.settingWidths).map((width) => ask({ depth, width, resolution })),
  }));
  return {
    points: scaledPoints(baseline, wanted, rounding),
    alone: lines,
    settings: [{ depth: 1, resolution: 1, line: lines.width }, ...settings],
    compound,
  };
}

/** Ascending, each once, `start` among them. */
const from = (start: number, values: readonly number[]) => [...new Set([start, ...values])].sort((a, b) => a - b);
