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

function schemaOf({ key, space, ...most }: StudyBounds) {
  const plan = z.strictObject({
    trialEpochs: z.int().min(1).max(most.mostTrialEpochs).optional(),
    trialImages: z.int().min(1).max(most.mostTrialImages).optional(),
    trials: z
      .int()
      .min(1)
      .max(most.trials ?? MOST_TRIALS)
      .optional(),
    choice: z.strictObject({ trial: z.int().min(0), mostActivations: z.number().positive().nullable() }).optional(),
    schedule: z
      .array(
        z
          .int()
          .min(1)
          .max(most.epochs ?? MOST_FINAL_EPOCHS),
      )
      .max((most.epochs ?? MOST_FINAL_EPOCHS) * (1 + MOST_RETRIES))
      .optional(),
  });
  const candidate = z.custom<Trial["candidate"]>((value) => isCandidate(space, value), "no candidate of the space");
  const trial = z
    .strictObject({ ...trialFields, arm: z.literal(["evolution", "random"]), candidate, architecture: z.unknown() })
    .transform((row, context) => {
      const architecture = decode(space, row.candidate);
      if (JSON.stringify(architecture) !== JSON.stringify(row.architecture))
        context.addIssue({ code: "custom", path: ["architecture"], message: "not that of its candidate" });
      return { ...row, architecture };
    });
  return z
    .strictObject({
      format: z.literal(FORMAT),
      key: z.literal(key, "of other options than run.json has"),
      plan,
      follows: z.boolean(),
      trials: z.array(trial),
      rejected: z.int().min(0),
      spentSeconds: z.number().min(0).max(1e9),
      finished: z.boolean(),
    })
    .superRefine(({ plan, trials, finished, follows }, context) => {
      const refuse = (path: (string | number)[], message: string) =>
        context.addIssue({ code: "custom", path, message });
      const isEarlier = (id: number | null, than: number) => id === null || id < than;
      for (const [i, trial] of trials.entries()) {
        const { id, parent, sameAs, epochs } = trial;
        const contradiction = contradictionIn(trial);
        if (contradiction !== null) refuse(["trials", i, contradiction[0]], contradiction[1]);
        if (id !== i) refuse(["trials", i, "id"], `expected ${i}, received ${id}`);
        if (!isEarlier(parent, i)) refuse(["trials", i, "parent"], `expected an earlier trial, received ${parent}`);
        if (!isEarlier(sameAs, i) || (sameAs !== null && trials[sameAs]!.sameAs !== null))
          refuse(["trials", i, "sameAs"], `expected an earlier trial that was trained, received ${sameAs}`);
        if (epochs !== plan.trialEpochs)
          refuse(["trials", i, "epochs"], `expected ${plan.trialEpochs}, as planned, received ${epochs}`);
      }
      const trained = trials.filter(({ sameAs }) => sameAs === null).length;
      if (trained > (plan.trials ?? Number.POSITIVE_INFINITY))
        refuse(["plan", "trials"], `expected at least the ${trained} there are, received ${plan.trials}`);
      // Decided by the clock, it is known when the search has ended.
      if (most.trials === undefined && !follows && plan.trials !== undefined && plan.trials !== trained)
        refuse(["plan", "trials"], `expected the ${trained} there are, received ${plan.trials}`);
      if (plan.choice !== undefined && (finished || !follows) && trials[plan.choice.trial]?.sameAs !== null)
        refuse(["plan", "choice", "trial"], `expected a trial that was trained, received ${plan.choice.trial}`);
      const isComplete = Object.keys(plan).length === 5 && (plan.schedule?.length ?? 0) > 0;
      if ((finished || follows) && !isComplete) refuse(["plan"], "expected all amounts, received a part of them");
      if (finished && trained !== plan.trials)
        refuse(["trials"], `expected ${plan.trials} that were trained, received ${trained}`);
    });
}

/** The run that a study tells it is of, damaged or not; none where it does not. */
export async function studyMarks(out: string): Promise<readonly string[]> {
  const named = z.looseObject({ key: z.string() });
  const study = await readDocument(named, wording(out)).catch(() => null);
  return study === null ? [] : [study.key];
}
