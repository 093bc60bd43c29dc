import { formatPercent } from "../../base/index.js";
import type { EpochRecord, StepProgress } from "../../training/index.js";

export type ProgressUpdate = {
  /** Where the work is, e.g. `trial 12 of 40`. */
  readonly text: string;
  /** Share of the part that is done, in [0, 1]. Without it there is no bar. */
  readonly fraction?: number;
  /** Figures beside the bar, the most important first: a narrow terminal drops the last ones. */
  readonly columns?: readonly string[];
  readonly secondsLeft?: number;
};

/** What long work tells whoever watches; the command line draws it, a program may ignore it. */
export type Progress = {
  /** Begins a part of the work, e.g. `search`. */
  phase(name: string, text?: string): void;
  update(update: ProgressUpdate): void;
  /** A line that stays; a `warning` is marked as such, and for those, too, who want to see no progress. */
  line(text: string, kind?: "warning"): void;
};

/** How fast a training goes, and what share of it is spent on waiting for images. */
export const paceOf = ({ imagesPerSecond, waitingForData }: Pace): readonly string[] => [
  `${Math.round(imagesPerSecond)} images/s`,
  `${formatPercent(waitingForData, 0)} waiting for data`,
];

export function epochLine({ epoch, trainLoss, validationAccuracy, ...pace }: EpochRecord, epochs: number): string {
  const figures = [`loss ${trainLoss.toFixed(3)}`, `validation ${formatPercent(validationAccuracy)}`, ...paceOf(pace)];
  return [`epoch ${String(epoch).padStart(3)}/${epochs}`, ...figures].join("   ");
}

type Pace = Pick<StepProgress, "imagesPerSecond" | "waitingForData">;

export const noProgress: Progress = { phase: () => {}, update: () => {}, line: () => {} };
