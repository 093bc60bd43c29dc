import { writeFileAtomic } from "../../base/files.js";
import { lastly, UsageError } from "../../base/index.js";
import { compareStudies, exportStudy, exportTrial, showStudy } from "../../jobs/index.js";
import { renderStudies, renderStudyComparison, renderTrials } from "../../report/index.js";
import { openStudyStore, type StudyStore, shownPlace } from "../../study/index.js";
import { defineCommand } from "../command.js";
import { settled, withoutFailures } from "../several.js";
import { refuse } from "./common-options.js";
import { axesOf } from "./study-axes.js";

export const studyCommand = defineCommand({
  name: "study",
  summary: "Look into the trials of searches: ls, show, export, compare",
  examples: [
    ["bantam study ls runs/photos-search", "the studies there"],
    ["bantam study show runs/photos-search photos", "every trial of one"],
    ["bantam study export runs/photos-search photos --format csv --out trials.csv", "for another program"],
    [
      "bantam study export runs/photos-search --trial 7 --out seven.json",
      "one network, for `bantam train --network seven.json`",
    ],
    ["bantam study compare runs/photos-search small large", "fronts in one box"],
  ],
  arguments: {
    action: { kind: "choice", of: ["ls", "show", "export", "compare"], help: "what to do" },
    place: { kind: "place", help: "folder or postgres:// address" },
    names: {
      kind: "text",
      variadic: true,
      optional: true,
      help: "of studies there; where there is one, it need not be named",
    },
  },
  options: {
    format: { kind: "choice", of: ["csv", "json"], help: "of an export (by default csv)" },
    trial: {
      kind: "integer",
      min: 1,
      help: "exports the architecture of this trial alone, as .json that train, profile and bench take",
    },
    out: { kind: "path", help: "file of an export; by default it is printed" },
    axes: {
      kind: "text",
      help: "of the fronts that are compared, by default macs,params; there are also memory and size",
    },
  },
  run: async ({ action, place, names = [], format, trial, out, axes }, context) => {
    if (action !== "export") refuse({ "--format": format, "--trial": trial, "--out": out }, "export", action);
    if (trial !== undefined) refuse({ "--format": format }, "no --trial, an architecture that is always JSON,", "both");
    if (action !== "compare") refuse({ "--axes": axes }, "compare", action);
    const most = { ls: 0, show: 1, export: 1, compare: Number.POSITIVE_INFINITY }[action];
    if (names.length > most) {
      const expected = most === 0 ? "no name of a study" : "one study";
      throw new UsageError({ at: `study ${action}`, expected, received: names.join(" ") });
    }
    const store = await openStudyStore(place, { create: false, signal: context.signal });
    const at = shownPlace(place);
    return lastly(
      async () => {
        if (action === "ls") return { action, place: at, studies: await store.list() };
        const wanted = await namesIn(store, at, names);
        const { results: read, failures } = await settled(wanted, (name) => store.read(name));
        const errors = withoutFailures(failures, read.length, context);
        if (action === "compare")
          return { action, studies: compareStudies(read, axesOf(axes ?? "macs,params")), errors };
        const [first] = read;
        if (action === "show") return { action, ...showStudy(first!) };
        const text = trial === undefined ? exportStudy(first!, format ?? "csv") : exportTrial(first!, trial);
        if (out !== undefined) await writeFileAtomic(out, text);
        return { action, out: out ?? null, text };
      },
      () => store.close(),
    );
  },
  show: (result, view) => {
    switch (result.action) {
      case "ls":
        return renderStudies(result.place, result.studies, view);
      case "compare":
        return renderStudyComparison(result.studies, view);
      case "show":
        return renderTrials(result.trials, view);
      default:
        return result.out === null ? result.text.trimEnd() : result.out;
    }
  },
});

/** @throws {UsageError} when none is named and there is not exactly one. */
async function namesIn(store: StudyStore, place: string, names: readonly string[]): Promise<readonly string[]> {
  if (names.length > 0) return names;
  const studies = await store.list();
  if (studies.length === 1) return [studies[0]!.name];
  const there = studies.map(({ name }) => name).join(", ") || "none";
  throw new UsageError({ at: place, expected: "the name of a study", received: "none", hint: `there: ${there}` });
}
