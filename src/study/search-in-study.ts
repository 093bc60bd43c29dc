import { runSearch, type SearchRun, type Trial } from "../search/index.js";
import type { StudyStore, StudySummary } from "./store.js";
import { fromStored, toStored } from "./stored-trials.js";

/**
 * A search whose trials lie in a study: one that was stopped, in whatever way, goes on after its last finished trial.
 *
 * @throws {UsageError} when the study was begun with other settings. @throws {InterruptedError} as `runSearch`.
 */
export async function searchInStudy(
  store: StudyStore,
  { name, settings }: Pick<StudySummary, "name" | "settings">,
  { record, ...run }: Omit<SearchRun, "recorded" | "record"> & Partial<Pick<SearchRun, "record">>,
): Promise<readonly Trial[]> {
  const stored = await store.open(name, "search", settings);
  return runSearch({
    ...run,
    recorded: stored.map((trial) => fromStored(run.gate.space, trial, name)),
    async record(trial) {
      await store.add(name, toStored(trial));
      await record?.(trial);
    },
  });
}
