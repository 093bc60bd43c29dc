/** Stored studies for other eyes: beside each other, and as files for other programs. */
import { UsageError } from "../base/index.js";
import type { LimitName } from "../scaling/index.js";
import {
  type Candidate,
  decode,
  describe,
  errorAndCosts,
  paretoFront,
  type SearchSpace,
  volumeShare,
} from "../search/index.js";
import type { StoredTrial, StudySummary } from "../study/index.js";

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

/** The study with each trial's network in a line: a candidate as it was built, or the multipliers of a scaled one and its seed. */
export function showStudy({ study, trials }: ReadStudy) {
  const { space } = study.settings as { readonly space?: SearchSpace };
  const networkOf = ({ subject }: StoredTrial) => {
    if (space !== undefined) return describe(decode(space, subject as Candidate));
    const { key, seed } = subject as { readonly key: string; readonly seed: number };
    return `${key}, seed ${seed}`;
  };
  return { study, trials: trials.map((trial) => ({ ...trial, network: networkOf(trial) })) };
}

/** All trials as CSV (RFC 4180, nested values as JSON) or as one JSON document with the study's settings. */
export function exportStudy({ study, trials }: ReadStudy, format: "csv" | "json"): string {
  if (format === "json") return `${JSON.stringify({ study, trials }, null, 1)}\n`;
  const rows = trials.map(({ costs, ...trial }) => ({ latencyMs: null, ...trial, ...costs }));
  const names =
    "id,arm,state,accuracy,params,macs,weightBytes,peakActivationBytes,latencyMs,epochs,curve,parent,sameAs,compute,seconds,imagesPerSecond,error,subject".split(
      ",",
    ) as (keyof (typeof rows)[number])[];
  const lines = rows.map((row) => names.map((name) => cell(row[name])).join(","));
  return `${[names.join(","), ...lines].join("\r\n")}\r\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
