/** A fit's folder: what makes it this fit's, what its study can hold, and the plan of another folder that is to be repeated. */
import { join, resolve } from "node:path";
import { formatDurationExactly, UsageError } from "../../base/index.js";
import type { Dataset } from "../../data/index.js";
import {
  type Asked,
  type Difference,
  type FolderJob,
  imagesOf,
  keyOf,
  ranOnInWords,
  requireSameRun,
} from "../../folders/index.js";
import type { Engine } from "../../runtime/index.js";
import type { SearchSpace } from "../../search/index.js";
import { quickRecipe, runsIn } from "../../training/index.js";
import { recipeFor } from "../shared/choices.js";
import type { Progress } from "../shared/progress.js";
import { VERSION } from "../shared/version.js";
import type { FitOptions } from "./job.js";
import { mostTrialEpochs } from "./plan.js";
import { type Plan, readStudy, type StudyBounds, studyMarks } from "./saved-fit.js";

export function fitJob(
  options: FitOptions,
  dataset: Dataset,
  progress: Progress,
): FolderJob & { readonly facts: object } {
  const { data, out, budget, seconds, seed, trials, epochs, resolutions, latency, overwrite } = options;
  const given = { budget, seconds, seed, trials, epochs, resolutions };
  return {
    kind: "fit",
    version: VERSION,
    settings: { ...given, data: resolve(data), latency: latency?.on },
    facts: { ...given, data: dataset.fingerprint, latency: latency?.fingerprint, recipe: quickRecipe },
    words: { options: optionNames, special: { data: imagesOf, latency: tablesOf }, show },
    overwrite,
    marks: async () => [...(await studyMarks(out)), ...(await runsIn(join(out, "checkpoints")))],
    warn: (text) => progress.line(text, "warning"),
  };
}

/** As it would be typed. */
function show(path: string, value: unknown): string | null {
  if (typeof value !== "number") return null;
  if (path === "seconds") return formatDurationExactly(value);
  return path === "budget.latencyMs" ? `${value}ms` : null;
}

const optionNames: Readonly<Record<string, string>> = {
  "budget.params": "--max-params",
  "budget.macs": "--max-macs",
  "budget.peakActivationBytes": "--max-memory",
  "budget.weightBytes": "--max-size",
  "budget.latencyMs": "--max-latency",
  seconds: "--time",
  seed: "--seed",
  trials: "--trials",
  epochs: "--epochs",
};

/** Of a table there is a hash, and the machine it was measured on. */
function tablesOf(there: Asked, asked: Asked): Difference[] {
  const [before, now] = [there.settings.latency ?? "none", asked.settings.latency ?? "none"].map(String);
  const texts =
    before === now ? { there: `of ${before}`, asked: "other measurements" } : { there: before!, asked: now! };
  return [{ what: "--latency-table", ...texts }];
}

export function boundsOf(
  { trials, epochs }: FitOptions,
  dataset: Dataset,
  space: SearchSpace,
  { facts }: FolderJob,
): StudyBounds {
  const images = dataset.splits.train.length;
  const isTimed = trials === undefined || epochs === undefined;
  return {
    ...{ key: keyOf(facts), space, trials, epochs },
    mostTrialEpochs: isTimed ? mostTrialEpochs(recipeFor(dataset), images) : 1,
    mostTrialImages: images,
  };
}

/**
 * The amounts of work that a finished fit came to.
 *
 * @throws {UsageError} when the folder holds no finished fit with the same options. @throws {ModelError} when it is damaged.
 */
export async function planToRepeat(
  folder: string,
  job: FolderJob,
  bounds: StudyBounds,
  { engine, progress }: { readonly engine: Engine; readonly progress: Progress },
): Promise<Plan> {
  const { engine: before, bantam } = await requireSameRun("--repeat", folder, job);
  const study = await readStudy(folder, bounds);
  if (study?.finished !== true) {
    const received = study === null ? `${folder}, which has no study.json` : `${folder}, in which one was stopped`;
    const hint = "the same command without --repeat goes on with it";
    throw new UsageError({ at: "--repeat", expected: "the folder of a finished fit", received, hint });
  }
  const { plan } = study;
  progress.line(
    `repeating ${folder}: ${plan.trials} trials of ${plan.trialEpochs} epochs, then ${plan.schedule!.length} epochs`,
  );
  if (before !== null && ranOnInWords(before) !== ranOnInWords(engine))
    job.warn(`${folder} ran on ${ranOnInWords(before)}: here the results will be rounded differently`);
  if (bantam !== VERSION) job.warn(`${folder} was made by Bantam ${bantam}: ${VERSION} may come to others`);
  return plan;
}
