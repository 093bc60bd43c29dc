/** A search as it goes: what is behind it, whether that is enough, and what people see of it. */
import { formatCount, formatDuration, formatPercent, largest } from "../../base/index.js";
import { type Assignment, describe, type Trial } from "../../search/index.js";
import type { Progress } from "../shared/progress.js";
import type { ShortProgress } from "../shared/short-training.js";
import type { SearchOptions } from "./search-options.js";

export type TrialWatch = {
  /** Every trial so far, and those of them that were trained. */
  readonly told: readonly Trial[];
  readonly trained: readonly Trial[];
  /** Whether as many were trained as are wanted, or the time is over. */
  until(): boolean;
  /** Whether the search ended before, for want of proposals. */
  isExhausted(): boolean;
  onTrial(trial: Trial): void;
  /** A new one, in a line. */
  record(trial: Trial): void;
  onStep(assignment: Assignment, now: ShortProgress): void;
};

/** The time begins now. */
export function watchTrials({ trials: wanted, seconds }: SearchOptions, progress: Progress): TrialWatch {
  const began = performance.now();
  const spent = () => (performance.now() - began) / 1000;
  const told: Trial[] = [];
  const trained: Trial[] = [];
  let trainedHere = 0;
  let isOver = false;
  return {
    told,
    trained,
    until() {
      isOver = trained.length >= wanted || (seconds !== undefined && spent() >= seconds);
      return isOver;
    },
    isExhausted: () => !isOver && trained.length < wanted,
    onTrial(trial) {
      told.push(trial);
      if (trial.sameAs === null) trained.push(trial);
    },
    record(trial) {
      if (trial.sameAs !== null) return;
      trainedHere++;
      progress.line(trialLine(trial));
    },
    onStep({ id, epochs }, { epoch, done, imagesPerSecond }) {
      const perTrial = spent() / Math.max(trainedHere + done, 1e-9);
      const left = (wanted - trained.length - done) * perTrial;
      progress.update({
        // Trials that repeat another are counted, and not trained.
        text: `trial ${id + 1}, ${trained.length} of ${wanted} trained, epoch ${epoch}/${epochs}`,
        fraction: Math.min((trained.length + done) / wanted, 1),
        columns: [...best(trained), `${Math.round(imagesPerSecond)} images/s`],
        secondsLeft: seconds === undefined ? left : Math.min(left, seconds - spent()),
      });
    },
  };
}

const best = (trials: readonly Trial[]) =>
  trials.length === 0 ? [] : [`best ${formatPercent(largest(trials.map(({ accuracy }) => accuracy)))}`];

function trialLine({ id, arm, state, accuracy, costs, seconds, architecture, curve, epochs, error }: Trial): string {
  const head = `trial ${String(id + 1).padStart(3)}  ${arm.padEnd(18)}`;
  if (state === "failed") return `${head}  failed: ${error?.split("\n")[0]}  ${describe(architecture)}`;
  const figures = [
    formatPercent(accuracy).padStart(6),
    `${formatCount(costs.params)} params`.padStart(14),
    `${formatCount(costs.macs)} MACs`.padStart(12),
    ...(typeof costs.latencyMs === "number" ? [`${costs.latencyMs.toPrecision(3)} ms`.padStart(8)] : []),
    formatDuration(seconds).padStart(6),
  ];
  const stopped = state === "stopped" ? `stopped after ${curve.length} of ${epochs} epochs · ` : "";
  return `${head}  ${figures.join("  ")}  ${stopped}${describe(architecture)}`;
}
