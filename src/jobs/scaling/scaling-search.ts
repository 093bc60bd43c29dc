/**
 * The coefficients of compound scaling for a baseline and images of one's own: every point of the grid is trained, the best kept,
 * and the baseline scaled along φ.
 * @source Tan and Le 2019, arXiv:1905.11946, §3.3
 */
import { join } from "node:path";
import { commandLine } from "../../base/index.js";
import { renderScalingCsv, type ScalingSearchFacts } from "../../report/index.js";
import {
  bestOf,
  coefficientGrid,
  type GridOptions,
  growthOf,
  type Multipliers,
  noScaling,
  pointKey,
  powersOf,
  scaledPoints,
} from "../../scaling/index.js";
import { shownPlace } from "../../study/index.js";
import type { Baseline } from "./baseline.js";
import { measuredOf, type ScalingOptions, type Trained, trainPlan, writeResults } from "./scaling-experiment.js";

export type ScalingSearchResult = ScalingSearchFacts & { readonly files: readonly string[] };

/** Steps of φ that are shown; each about doubles the multiply-adds. */
const PHIS = [1, 2, 3, 4];

/** @throws as `trainPlan`. @throws {UsageError} when the grid is empty. */
export async function scalingSearch(options: ScalingOptions, grid: GridOptions): Promise<ScalingSearchResult> {
  const coefficients = coefficientGrid(grid);
  return trainPlan(
    options,
    ({ architecture }) => ({ points: scaledPoints(architecture, coefficients) }),
    (trained) => resultOf(options, trained),
  );
}

async function resultOf(
  options: ScalingOptions,
  { conditions, points, baseline }: Trained<unknown>,
): Promise<ScalingSearchResult> {
  const { best, ties, noise } = bestOf(points.map(measuredOf))!;
  const rankOf = (key: string, mean: number | null) => {
    if (mean === null) return "failed";
    return key === best ? "best" : ties.includes(key) ? "tie" : "worse";
  };
  const { depth, width, resolution } = points.find(({ key }) => key === best)!;
  const found = { depth, width, resolution };
  const along = scaledAlong(baseline, found, options.out);
  const networks = Object.fromEntries(
    along.map(({ name, architecture }) => [name, `${JSON.stringify(architecture)}\n`]),
  );
  const files = await writeResults(options.out, { "grid.csv": renderScalingCsv(points), ...networks });
  return {
    ...conditions,
    grid: points
      .map((point) => ({ ...point, growth: growthOf(point), rank: rankOf(point.key, point.mean) }) as const)
      .sort((a, b) => Number(b.key === best) - Number(a.key === best) || (b.mean ?? -1) - (a.mean ?? -1)),
    coefficients: found,
    deviation: noise?.deviation ?? null,
    scaled: along.map(({ name: _, architecture: __, ...row }) => row),
    next: nextCommands(options, baseline, found),
    files,
  };
}

function scaledAlong({ architecture: baseline }: Baseline, coefficients: Multipliers, folder: string) {
  const steps = [0, ...PHIS].map((phi) => ({ phi, multipliers: powersOf(coefficients, phi) }));
  const points = scaledPoints(baseline, [noScaling, ...steps.map(({ multipliers }) => multipliers)]);
  return steps.map(({ phi, multipliers }) => {
    const { architecture, params, macs } = points.find(({ key }) => key === pointKey(multipliers))!;
    const name = `phi-${phi}.json`;
    return {
      phi,
      ...multipliers,
      side: architecture.resolution,
      params,
      macs,
      file: join(folder, name),
      name,
      architecture,
    };
  });
}

/** The scaled network where `scale` knows the baseline, and the study of these coefficients. */
function nextCommands(
  { data, baseline: word, study, epochs, seeds }: ScalingOptions,
  { network }: Baseline,
  found: Multipliers,
): string[] {
  const flags = { alpha: found.depth, beta: found.width, gamma: found.resolution };
  return [
    ...(network === null ? [] : [commandLine(["bantam", "scale", network], { phi: 1, ...flags })]),
    commandLine(["bantam", "scaling-study", data], {
      baseline: word,
      study: shownPlace(study),
      epochs,
      seeds,
      ...flags,
    }),
  ];
}
