/** The arms of a fit's search, their fronts and what they spent. */
import type { FitSearch, TrialPoint } from "./fit-report.js";

export type Arm = "evolution" | "random";

/** Trials of an arm: its own and the start it shares. */
export function armTrials(trials: readonly TrialPoint[], arm: Arm): readonly TrialPoint[] {
  return trials.filter((trial) => trial.strategy === arm || trial.strategy === "shared");
}

/** The trials that no other beats in MACs without losing accuracy, by rising MACs and rising accuracy. */
export function paretoFront<Point extends Pick<TrialPoint, "macs" | "accuracy">>(
  trials: readonly Point[],
): readonly Point[] {
  const kept: Point[] = [];
  for (const trial of trials.toSorted((a, b) => a.macs - b.macs || b.accuracy - a.accuracy))
    if (trial.accuracy > (kept.at(-1)?.accuracy ?? Number.NEGATIVE_INFINITY)) kept.push(trial);
  return kept;
}

/** The most accurate; of equals the cheapest. */
export function best(trials: readonly TrialPoint[]): TrialPoint | undefined {
  return paretoFront(trials).at(-1);
}

/** Within a twentieth of each other. */
export function equalCompute({ evolutionMacs, randomMacs }: FitSearch): boolean {
  return Math.abs(evolutionMacs - randomMacs) <= 0.05 * Math.max(evolutionMacs, randomMacs);
}
