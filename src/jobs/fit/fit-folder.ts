/** A fit's folder: what makes it this fit's, the study that goes on in it, and the plan of another folder that is to be repeated. */
import { join, resolve } from "node:path";
import { ensureWritableFolder } from "../../base/files.js";
import { formatDurationExactly, UsageError } from "../../base/index.js";
import type { Dataset } from "../../data/index.js";
import {
  type Asked,
  byName,
  type Difference,
  imagesOf,
  keyOf,
  ranOnInWords,
  requireSameRun,
} from "../../folders/index.js";
import type { Engine } from "../../runtime/index.js";
import type { SearchSpace } from "../../search/index.js";
import { quickRecipe, runsIn } from "../../training/index.js";
import { recipeFor } from "../shared/choices.js";
import type { Held, Work } from "../shared/open-work.js";
import type { Progress } from "../shared/progress.js";
import { VERSION } from "../shared/version.js";
import { type FitOptions, isSearch, isTimed } from "./job.js";
import { mostTrialEpochs } from "./plan.js";
import { type Plan, readStudy, type Study, type StudyBounds, studyMarks } from "./saved-fit.js";
import { trainedTrials } from "./trials.js";

function heldBy(options: FitOptions, dataset: Dataset): Held {
  const { data, exclude, shape, out, budget, seconds, seed, trials, epochs, resolutions, latency } = options;
  const given = {
    budget,
    seconds,
    seed,
    search: options.search || undefined,
    trials,
    epochs,
    resolutions,
    mirror: options.mirror,
    metric: options.metric,
  };
  return {
    settings: { ...given, data: resolve(data), exclude: exclude && resolve(exclude), shape, latency: latency?.on },
    facts: {
      ...given,
      data: dataset.fingerprint,
      shape: dataset.shape,
      latency: latency?.fingerprint,
      recipe: quickRecipe,
    },
    words: { options: optionNames, special: { data: imagesOf, latency: tablesOf }, show },
    marks: async () => [...(await studyMarks(out)), ...(await runsIn(join(out, "checkpoints")))],
  };
}

/**
 * Takes the folder, and gives the study to go on with: the one in there, or a new one.
 *
 * @throws {UsageError} when the folder is another job's, or a fit with other amounts than those to be repeated has begun in it.
 * @throws {ModelError} when what it holds is damaged.
 */
export async function openStudy(
  options: FitOptions,
  dataset: Dataset,
  space: SearchSpace,
  { hold, resumeBy, progress }: Work,
): Promise<Study> {
  const { out, repeat, engine } = options;
  const own = heldBy(options, dataset);
  const bounds = boundsOf(options, dataset, space, own);
  // Before anything is removed: it may be this very folder.
  const repeated = repeat === undefined ? null : await planToRepeat(repeat, own, bounds, engine, progress);
  const held = await hold(out, own);
  resumeBy(`everything finished is in ${out}; the same command goes on from there`);
  await held.runsOn(engine);
  const study = goneOnWith(await readStudy(out, bounds), options, bounds, repeated, progress);
  await ensureWritableFolder(join(out, "checkpoints"));
  return study;
}

function goneOnWith(
  earlier: Study | null,
  { out, trials }: FitOptions,
  { key }: StudyBounds,
  repeated: Plan | null,
  progress: Progress,
): Study {
  if (earlier === null) {
    const plan: Plan = repeated ?? (trials === undefined ? {} : { trials });
    return { key, plan, follows: repeated !== null, trials: [], rejected: 0, spentSeconds: 0, finished: false };
  }
  if (repeated !== null && JSON.stringify(earlier.plan) !== JSON.stringify(repeated)) {
    throw new UsageError({
      at: "--repeat",
      expected: `a folder for the results in which no fit has begun with other amounts`,
      received: out,
      hint: "give another --out, or --overwrite to begin anew in this one",
    });
  }
  const done = doneInWords(earlier);
  if (!earlier.finished) progress.line(`going on in ${out} after ${done}`);
  else progress.line(`the fit in ${out} is finished, with ${done}: only its files are written anew`);
  // What has ended takes no time that happens to be left.
  return { ...earlier, follows: earlier.follows || earlier.finished };
}

function doneInWords({ trials, plan }: Pick<Study, "trials" | "plan">): string {
  const trained = trainedTrials(trials).length;
  return trained > 0 ? `${trained} finished trials` : `${plan.schedule?.length ?? 0} epochs begun`;
}

/** As it would be typed. */
function show(path: string, value: unknown): string | null {
  if (typeof value !== "number") return null;
  if (path === "seconds") return formatDurationExactly(value);
  return path === "budget.latencyMs" ? `${value}ms` : null;
}

const optionNames: Readonly<Record<string, string>> = {
  shape: "--shape",
  "budget.params": "--max-params",
  "budget.macs": "--max-macs",
  "budget.peakActivationBytes": "--max-memory",
  "budget.weightBytes": "--max-size",
  "budget.latencyMs": "--max-latency",
  seconds: "--time",
  seed: "--seed",
  search: "--search",
  mirror: "--mirror",
  metric: "--metric",
  trials: "--trials",
  epochs: "--epochs",
};

/** Of a table there is a hash, and the machine it was measured on. */
function tablesOf(there: Asked, asked: Asked): Difference[] {
  const [before, now] = [there.settings.latency ?? "none", asked.settings.latency ?? "none"].map(String);
  return [byName("--latency-table", before!, now!, { there: `of ${before}`, asked: "other measurements" })];
}

function boundsOf(options: FitOptions, dataset: Dataset, space: SearchSpace, { facts }: Held): StudyBounds {
  const images = dataset.splits.train.length;
  return {
    key: keyOf(facts),
    space,
    searches: isSearch(options),
    trials: options.trials,
    epochs: options.epochs,
    mostTrialEpochs: isTimed(options) ? mostTrialEpochs(recipeFor(dataset), images) : 1,
    mostTrialImages: images,
  };
}

/**
 * The amounts of work that a finished fit came to.
 *
 * @throws {UsageError} when the folder holds no finished fit with the same options. @throws {ModelError} when it is damaged.
 */
async function planToRepeat(
  folder: string,
  job: Held,
  bounds: StudyBounds,
  engine: Engine,
  progress: Progress,
): Promise<Plan> {
  const { engine: before, bantam } = await requireSameRun("--repeat", folder, { ...job, kind: "fit" });
  const warn = (text: string) => progress.line(text, "warning");
  const study = await readStudy(folder, bounds);
  if (study?.finished !== true) {
    const received = study === null ? `${folder}, which has no study.json` : `${folder}, in which one was stopped`;
    const hint = "the same command without --repeat goes on with it";
    throw new UsageError({ at: "--repeat", expected: "the folder of a finished fit", received, hint });
  }
  const { plan } = study;
  const search = plan.trials === undefined ? "" : `${plan.trials} trials of ${plan.trialEpochs} epochs, then `;
  progress.line(`repeating ${folder}: ${search}${plan.schedule!.length} epochs`);
  if (before !== null && ranOnInWords(before) !== ranOnInWords(engine))
    warn(`${folder} ran on ${ranOnInWords(before)}: here the results will be rounded differently`);
  if (bantam !== VERSION) warn(`${folder} was made by Bantam ${bantam}: ${VERSION} may come to others`);
  return plan;
}
