/**
 * What a fit has done so far, on disk after every trial: a stopped run goes on from here.
 *
 * How many trials and epochs fit into a time budget depends on the machine's mood. So that the same seed gives the same
 * network again, the amounts that one run came to are kept as its plan; the next run with the same data, budget, time, seed
 * and engine follows the plan instead of the clock.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ensureWritableFolder, writeFileAtomic } from "../base/files.js";
import type { Trial } from "../search/index.js";

/** Amounts of work, decided by the clock the first time. An absent one is still to be decided. */
export type Plan = {
  readonly trialEpochs?: number;
  /** Training images of a trial. */
  readonly trialImages?: number;
  /** Of those that are trained. */
  readonly trials?: number;
  /** The trial, by its id, whose network is scaled, and how many activations it may be scaled to so that it can be trained in time. */
  readonly choice?: { readonly trial: number; readonly mostActivations: number | null };
  /**
   * The length of the final schedule as it stood in each epoch, and so as many entries as epochs: it is laid out anew before
   * each epoch, for the time that is left.
   */
  readonly schedule?: readonly number[];
};

export type Study = {
  /** Identifies everything that results depend on. */
  readonly key: string;
  readonly plan: Plan;
  /** Whether the plan is a finished run's, to be followed, or this run's own, to be completed. */
  readonly follows: boolean;
  readonly trials: readonly Trial[];
  readonly rejected: number;
  /** Work time of earlier, stopped runs. */
  readonly spentSeconds: number;
  readonly finished: boolean;
};

/** Counted up when trials are written otherwise; part of the key, so that a study of the other form is left alone. */
export const STUDY_FORMAT = 2;

export const studyKey = (facts: unknown): string =>
  createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 32);

const planSchema = z.object({
  trialEpochs: z.int().min(1),
  trialImages: z.int().min(1),
  trials: z.int().min(1),
  choice: z.object({ trial: z.int().min(0), mostActivations: z.number().nullable() }),
  schedule: z.array(z.int().min(1)).min(1),
});

const planFile = (cacheDir: string, key: string) => join(cacheDir, "plans", `${key}.json`);

/** The plan of an earlier, finished run with the same key; null when there is none. */
export async function recallPlan(cacheDir: string, key: string): Promise<Plan | null> {
  const parsed = planSchema.safeParse(await readJson(planFile(cacheDir, key)));
  return parsed.success ? parsed.data : null;
}

export async function rememberPlan(cacheDir: string, key: string, plan: Plan): Promise<void> {
  await ensureWritableFolder(join(cacheDir, "plans"));
  await writeFileAtomic(planFile(cacheDir, key), JSON.stringify(plan));
}

const studyFile = (out: string) => join(out, "study.json");

export async function saveStudy(out: string, study: Study): Promise<void> {
  await writeFileAtomic(studyFile(out), `${JSON.stringify(study, null, 1)}\n`);
}

/** The study in this folder, where it is one of the same key that was stopped before its end. */
export async function resumableStudy(out: string, key: string): Promise<Study | null> {
  const study = (await readJson(studyFile(out))) as Study | null;
  return study?.key === key && !study.finished && Array.isArray(study.trials) ? study : null;
}

/** null where there is no file or it is not JSON: then there is nothing to go on from. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return null;
  }
}
