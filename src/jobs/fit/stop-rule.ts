import type { Trial } from "../../search/index.js";
import type { Clock } from "./job.js";
import { EVOLUTION, searchEnd } from "./plan.js";
import { trainedTrials } from "./trials.js";

/**
 * Whether the trials are enough: as many as are wanted or, where nobody says, until another would not end in time.
 *
 * @param wanted of those that are trained. @param recorded those there are before this run begins.
 */
export function stopRule(
  clock: Pick<Clock, "total" | "spent" | "reading">,
  wanted: number | undefined,
  recorded: readonly Trial[],
): (trials: readonly Trial[]) => boolean {
  const limit = searchEnd(clock);
  const began = { at: clock.spent(), trials: trainedTrials(recorded).length };
  return (trials) => {
    const trained = trainedTrials(trials).length;
    if (wanted !== undefined) return trained >= wanted;
    const average = (clock.spent() - began.at) / Math.max(1, trained - began.trials);
    if (trained > EVOLUTION.population + 1 && clock.spent() + average > limit) return true;
    return trained > 0 && clock.spent() - clock.reading() > (limit - clock.reading()) * 1.3;
  };
}
