/** Stored studies for other eyes: beside each other, and as files for other programs. */
import { csv, UsageError } from "../base/index.js";
import type { LimitName } from "../scaling/index.js";
import { describe, errorAndCosts, paretoFront, type SearchSpace, volumeShare } from "../search/index.js";
import { fromStored, type StoredTrial, type StudySummary } from "../study/index.js";
import { subjectOf } from "./scaling/points.js";

type ReadStudy = { readonly study: StudySummary; readonly trials: readonly StoredTrial[] };

/** Fronts of several studies in one box, from perfection to a little beyond the dearest trial of any. */
export function compareStudies(studies: readonly ReadStudy[], axes: readonly LimitName[]) {
  const usable = ({ trials }: ReadStudy) => trials.filter(({ state }) => state !== "failed");
  const without = studies.find((read) => usable(read).some(({ costs }) => costs.latencyMs === undefined));
  if (axes.includes("latencyMs") && without !== undefined) {
    const hint = "`bantam search --latency-table FILE` predicts it";
    throw new UsageError({ at: without.study.name, expected: "trials with a latency", received: "none", hint });
  }
  const pointOf = ({ accuracy, costs }: StoredTrial) => errorAndCosts(accuracy, costs, axes);
  const volume = volumeShare(studies.flatMap(usable).map(pointOf));
  return studies.map((read) => {
    const trials = usable(read);
    return {
      name: read.study.name,
      trials: read.trials.length,
      front: paretoFront(
        trials.filter(({ sameAs }) => sameAs === null),
        pointOf,
      ).length,
      accuracy: Math.max(0, ...trials.map(({ accuracy }) => accuracy)),
      volume: volume(trials.map(pointOf)),
      compute: read.trials.reduce((sum, { sameAs, compute }) => sum + (sameAs === null ? compute : 0), 0),
    };
  });
}

/**
 * The study with each trial's network in a line: a candidate as it was built, and its layers, or the multipliers of a scaled one
 * and its seed.
 */
export function showStudy({ study, trials }: ReadStudy) {
  const networkOf = (trial: StoredTrial) => {
    if (study.kind === "search") {
      const architecture = architectureOf(study, trial);
      return { network: describe(architecture), architecture };
    }
    const { key, seed } = subjectOf(trial);
    return { network: `${key}, seed ${seed}` };
  };
  return { study, trials: trials.map((trial) => ({ ...counted(trial), ...networkOf(trial) })) };
}

/** @throws {ModelError} when the trial's subject is no candidate of the study's space. */
const architectureOf = ({ settings, name }: StudySummary, trial: StoredTrial) =>
  fromStored(settings.space as SearchSpace, trial, name).architecture;

/** Wherever people or other programs meet trials, they count from 1; in the store they count from 0. */
const counted = ({ id, parent, sameAs, ...trial }: StoredTrial): StoredTrial => ({
  id: id + 1,
  ...trial,
  parent: parent === null ? null : parent + 1,
  sameAs: sameAs === null ? null : sameAs + 1,
});

/**
 * The network of one trial of a search, as JSON that `train`, `profile` and `bench` take.
 *
 * @param number from 1, as trials are shown.
 * @throws {UsageError} when there is no such trial, or the study is no search.
 */
export function exportTrial({ study, trials }: ReadStudy, number: number): string {
  if (study.kind !== "search") {
    throw new UsageError({ at: study.name, expected: "a search, whose trials are networks", received: study.kind });
  }
  const trial = trials.find(({ id }) => id === number - 1);
  if (trial === undefined) {
    const expected = trials.length === 0 ? "a study with trials" : `a trial, 1 to ${trials.length}`;
    throw new UsageError({ at: "--trial", expected, received: String(number) });
  }
  const name = `${study.name}-trial-${number}`;
  return `${JSON.stringify({ ...architectureOf(study, trial), name }, null, 1)}\n`;
}

/** All trials as CSV (RFC 4180, nested values as JSON) or as one JSON document with the study's settings and each network's layers. */
export function exportStudy(read: ReadStudy, format: "csv" | "json"): string {
  if (format === "json") return `${JSON.stringify(showStudy(read), null, 1)}\n`;
  const rows = read.trials.map(counted).map(({ costs, ...trial }) => ({ latencyMs: null, ...trial, ...costs }));
  const names =
    "id,arm,state,accuracy,params,macs,weightBytes,peakActivationBytes,latencyMs,epochs,curve,parent,sameAs,compute,seconds,imagesPerSecond,error,subject".split(
      ",",
    ) as (keyof (typeof rows)[number])[];
  const cell = (value: unknown) =>
    (typeof value === "object" && value !== null ? JSON.stringify(value) : value) as string | number | null;
  return csv([names, ...rows.map((row) => names.map((name) => cell(row[name])))]);
}
