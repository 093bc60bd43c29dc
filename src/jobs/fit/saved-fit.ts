/**
 * What a fit has done so far, on disk after every trial: a stopped run goes on from here.
 *
 * How many trials and epochs fit into a time budget depends on the machine's mood. The amounts that a run came to are its plan; a
 * fit that is asked to repeat it follows the plan instead of the clock, and ends in the same network.
 */
import { join } from "node:path";
import { z } from "zod";
import { readDocument, readSealed, type Wording, writeSealed } from "../../folders/index.js";
import { decode, isCandidate, type SearchSpace, type Trial } from "../../search/index.js";
import { contradictionIn, trialFields } from "../../study/index.js";
import { MOST_RETRIES } from "../../training/index.js";
import type { Mirroring } from "../shared/mirroring.js";

/** Amounts of work, decided by the clock the first time. An absent one is still to be decided. */
export type Plan = {
  readonly trialEpochs?: number;
  /** Whether pictures are mirrored, and why. */
  readonly mirror?: Mirroring;
  /** Training images of a trial. */
  readonly trialImages?: number;
  /** Of those that are trained. */
  readonly trials?: number;
  /** The trial, by its id, whose network is scaled, and how many activations it may be scaled to so that it can be trained in time. */
  readonly choice?: { readonly trial: number; readonly mostActivations: number | null };
  /** Without a search: `trainingWork` of a network that can be trained well in the time there is; null where that is no limit. */
  readonly work?: number | null;
  /**
   * The length of the final schedule as it stood in each epoch, and so as many entries as epochs, lost ones included: it is laid out anew
   * before each epoch, for the time that is left.
   */
  readonly schedule?: readonly number[];
};

export type Study = {
  /** Identifies everything that results depend on, engine and threads excepted. */
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

/** What a study can hold: more was never asked for. */
export type StudyBounds = {
  readonly key: string;
  readonly space: SearchSpace;
  readonly searches: boolean;
  /** As they were given. */
  readonly trials: number | undefined;
  readonly epochs: number | undefined;
  readonly mostTrialEpochs: number;
  readonly mostTrialImages: number;
};

export const MOST_FINAL_EPOCHS = 300;
/** In a month, the longest time, an hour has some hundreds. */
const MOST_TRIALS = 1_000_000;

const FORMAT = "bantam-study-3";
const studyFile = (out: string) => join(out, "study.json");

const wording = (out: string): Wording => ({
  at: studyFile(out),
  expected: `a study as this version writes it (${FORMAT})`,
  hint: "nothing was deleted: put the file back from a copy, or begin anew with --overwrite",
});

export const saveStudy = (out: string, study: Study): Promise<void> =>
  writeSealed(studyFile(out), { format: FORMAT, ...study });

/**
 * @returns null when there is none.
 * @throws {ModelError} naming the field that is damaged, or asks for more than `bounds`. @throws {FileError} when it cannot be read.
 */
export async function readStudy(out: string, bounds: StudyBounds): Promise<Study | null> {
  const document = await readSealed(schemaOf(bounds), wording(out));
  if (document === null) return null;
  const { format: _, ...study } = document;
  return study as Study;
}

function schemaOf(bounds: StudyBounds) {
  return z
    .strictObject({
      format: z.literal(FORMAT),
      key: z.literal(bounds.key, "of other options than run.json has"),
      plan: planSchema(bounds),
      follows: z.boolean(),
      trials: z.array(trialSchema(bounds.space)),
      rejected: z.int().min(0),
      spentSeconds: z.number().min(0).max(1e9),
      finished: z.boolean(),
    })
    .superRefine((study, context) => {
      for (const [path, message] of contradictionsIn(study, bounds))
        context.addIssue({ code: "custom", path: [...path], message });
    });
}

function planSchema({ searches, mostTrialEpochs, mostTrialImages, trials, epochs = MOST_FINAL_EPOCHS }: StudyBounds) {
  const upTo = (most: number) => z.int().min(1).max(most);
  const most = z.number().positive().nullable();
  const schedule = z
    .array(upTo(epochs))
    .max(epochs * (1 + MOST_RETRIES))
    .optional();
  const mirror = z.strictObject({ on: z.boolean(), why: z.string().max(1000) }).optional();
  if (!searches) return z.strictObject({ mirror, work: most.optional(), schedule });
  return z.strictObject({
    mirror,
    trialEpochs: upTo(mostTrialEpochs).optional(),
    trialImages: upTo(mostTrialImages).optional(),
    trials: upTo(trials ?? MOST_TRIALS).optional(),
    choice: z.strictObject({ trial: z.int().min(0), mostActivations: most }).optional(),
    schedule,
  });
}

function trialSchema(space: SearchSpace) {
  const candidate = z.custom<Trial["candidate"]>((value) => isCandidate(space, value), "no candidate of the space");
  return z
    .strictObject({ ...trialFields, arm: z.literal(["evolution", "random"]), candidate, architecture: z.unknown() })
    .transform((row, context) => {
      const architecture = decode(space, row.candidate);
      if (JSON.stringify(architecture) !== JSON.stringify(row.architecture))
        context.addIssue({ code: "custom", path: ["architecture"], message: "not that of its candidate" });
      return { ...row, architecture };
    });
}

type Contradiction = readonly [path: readonly (string | number)[], message: string];
/** Each field of which is as it should be. */
type ReadStudy = Pick<Study, "finished" | "follows"> & {
  readonly plan: { readonly [Amount in keyof Plan]?: Plan[Amount] | undefined };
  readonly trials: readonly Pick<Trial, "id" | "parent" | "sameAs" | "epochs" | "state" | "accuracy" | "curve">[];
};

/** What no field shows by itself. */
function* contradictionsIn(study: ReadStudy, bounds: StudyBounds): Generator<Contradiction> {
  const { plan, trials, finished, follows } = study;
  yield* contradictionsInTrials(study);
  const trained = trials.filter(({ sameAs }) => sameAs === null).length;
  if (trained > (plan.trials ?? Number.POSITIVE_INFINITY))
    yield [["plan", "trials"], `expected at least the ${trained} there are, received ${plan.trials}`];
  // Decided by the clock, it is known when the search has ended.
  if (bounds.trials === undefined && !follows && plan.trials !== undefined && plan.trials !== trained)
    yield [["plan", "trials"], `expected the ${trained} there are, received ${plan.trials}`];
  const chosen = plan.choice?.trial;
  if (chosen !== undefined && (finished || !follows) && trials[chosen]?.sameAs !== null)
    yield [["plan", "choice", "trial"], `expected a trial that was trained, received ${chosen}`];
  const isComplete = Object.keys(plan).length === (bounds.searches ? 6 : 3) && (plan.schedule?.length ?? 0) > 0;
  if ((finished || follows) && !isComplete) yield [["plan"], "expected all amounts, received a part of them"];
  if (finished && trained !== (plan.trials ?? 0))
    yield [["trials"], `expected ${plan.trials ?? 0} that were trained, received ${trained}`];
}
function* contradictionsInTrials({ plan, trials }: ReadStudy): Generator<Contradiction> {
  const isEarlier = (id: number | null, than: number) => id === null || id < than;
  for (const [i, trial] of trials.entries()) {
    const { id, parent, sameAs, epochs } = trial;
    const contradiction = contradictionIn(trial);
    if (contradiction !== null) yield [["trials", i, contradiction[0]], contradiction[1]];
    if (id !== i) yield [["trials", i, "id"], `expected ${i}, received ${id}`];
    if (!isEarlier(parent, i)) yield [["trials", i, "parent"], `expected an earlier trial, received ${parent}`];
    if (!isEarlier(sameAs, i) || (sameAs !== null && trials[sameAs]?.sameAs !== null))
      yield [["trials", i, "sameAs"], `expected an earlier trial that was trained, received ${sameAs}`];
    if (epochs !== plan.trialEpochs)
      yield [["trials", i, "epochs"], `expected ${plan.trialEpochs}, as planned, received ${epochs}`];
  }
}

/** The run that a study tells it is of, damaged or not; none where it does not. */
export async function studyMarks(out: string): Promise<readonly string[]> {
  const named = z.looseObject({ key: z.string() });
  const study = await readDocument(named, wording(out)).catch(() => null);
  return study === null ? [] : [study.key];
}
