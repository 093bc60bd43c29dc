import { formatPercent, isUnequal, overallScores } from "../../base/index.js";
import type { Paint } from "./text-table.js";

type Confusion = readonly (readonly number[])[];

/** Above the accuracy, where classes are of unequal size: that says little then. */
export function leadLines(confusion: Confusion, strong: Paint): string[] {
  if (!isUnequal(confusion)) return [];
  return [
    `${strong(formatPercent(overallScores(confusion).balancedAccuracy, 2))} balanced accuracy, the mean over the classes`,
  ];
}

/** Below the accuracy: what it looks like in other ways, and what it is worth. */
export function besideLines(confusion: Confusion, labels: readonly string[]): string[] {
  const { balancedAccuracy, macroF1, commonest, commonestClass } = overallScores(confusion);
  const figures = [
    `balanced accuracy ${formatPercent(balancedAccuracy)}`,
    `macro F1 ${formatPercent(macroF1)}`,
    `always saying ${labels[commonestClass]}: ${formatPercent(commonest)}`,
  ];
  return [figures.join(" · ")];
}
