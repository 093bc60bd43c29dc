/**
 * A whole training run: epochs with validation, the best and the last state kept on disk, and a way to go on from there. A run that
 * goes wrong is put back to its best state and tried again at a lower rate, a few times.
 */
import { DivergenceError, InterruptedError, lastly, messageOf } from "../../base/index.js";
import type { ImageSet } from "../../data/index.js";
import type { TrainingState } from "../step/state.js";
import { requireFit, saveCheckpoint } from "./checkpoint.js";
import { PIXELS } from "./divergence.js";
import type { EpochRecord } from "./epoch-record.js";
import type { Evaluation } from "./evaluation.js";
import { type CheckpointFolder, checkpointFiles, readSavedRun, removeCheckpoints } from "./saved-run.js";
import {
  bestOf,
  chance,
  isBetter,
  isGivenUp,
  judgedAs,
  lostEpochs,
  MOST_RETRIES,
  recipeAfter,
  type Setback,
  type Start,
  troubleOf,
  worthKeeping,
} from "./setback.js";
import type { StepProgress } from "./train-epoch.js";
import { createTraining, type Training, type TrainingSetup } from "./training.js";

export type RunOptions = Omit<TrainingSetup, "state"> & {
  /**
   * How many epochs the run has in all, or a function that says so before each epoch: the learning rate then falls to zero
   * over what is left, and the run ends when as many are done. It is told how many epochs were lost by setbacks.
   */
  readonly epochs: number | ((next: number, lost: number) => number);
  readonly train: ImageSet;
  readonly validation: ImageSet;
  /** Where `best.safetensors` and `last.safetensors` go; none are written without it. */
  readonly checkpoints?: CheckpointFolder & {
    /** Within an epoch the last state is written after so many seconds; by default 60. */
    readonly everySeconds?: number | undefined;
  };
  /** Whether a run that goes wrong is tried again; else it ends with an error where numbers are no longer finite. */
  readonly retries?: boolean | undefined;
  /** What the user can do about a run that diverges, in words of the command at hand. */
  readonly remedy?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: (epoch: number, progress: StepProgress) => void;
  readonly onEpoch?: (record: EpochRecord) => void | Promise<void>;
  /** @param curve what is left of it. */
  readonly onSetback?: (setback: Setback, curve: readonly EpochRecord[]) => void | Promise<void>;
  /** Told where the newest checkpoint could not be gone on from, and which one it is instead; and where none could be written at a stop. */
  readonly onNotice?: (text: string) => void;
};

export type RunResult = {
  /** Weights and batch-norm statistics of the best state: by validation accuracy, of equals by the loss. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
  /** 0 where that is the trained network that the run began with. */
  readonly bestEpoch: number;
  /** Of the best state. */
  readonly best: Evaluation;
  readonly curve: readonly EpochRecord[];
  readonly setbacks: readonly Setback[];
};

const CHECKPOINT_SECONDS = 60;

/** A run under way: what stays, and what each epoch changes. */
type Run = {
  readonly options: RunOptions;
  /** Of the trained network that it began with; null where weights were random. */
  readonly began: Evaluation | null;
  readonly start: Start;
  training: Training;
  setbacks: readonly Setback[];
  curve: readonly EpochRecord[];
  best: TrainingState | undefined;
  /** When a state was written, in milliseconds. */
  savedAt: number;
};

/**
 * @throws {InterruptedError} at the signal; the last finished step is on disk, where it can be written. @throws {DivergenceError} where no state is worth keeping,
 * or without retries naming the best state. @throws {ModelError} when the checkpoints are damaged, and cannot be gone on from.
 */
export async function runTraining(options: RunOptions): Promise<RunResult> {
  const run = await openRun(options);
  const toTheEnd = async () => {
    while (!isGivenUp(run.setbacks)) {
      const epoch = run.training.state.epoch + 1;
      const planned = run.training.state.within?.epochs ?? plannedEpochs(run, epoch);
      if (epoch > planned) break;
      const record = await trainEpoch(run, epoch, planned);
      if (record instanceof DivergenceError) {
        await setBack(run, epoch, reasonOf(record, run));
        continue;
      }
      const trouble = troubleAfter(record, run);
      if (trouble === null) await keep(record, run);
      await options.onEpoch?.(record);
      if (trouble !== null) await setBack(run, epoch, trouble);
    }
    return resultOf(run);
  };
  return lastly(toTheEnd, () => run.training.dispose());
}

/** Begins, or goes on from what the folder holds. */
async function openRun(options: RunOptions): Promise<Run> {
  const { checkpoints, validation, architecture } = options;
  const saved = checkpoints === undefined ? null : await readSavedRun(checkpoints);
  if (saved?.notice) options.onNotice?.(saved.notice);
  const { setbacks = [], curve = [] } = saved?.last ?? {};
  const training = await openTraining(options, setbacks, saved?.last.state);
  try {
    for (const checkpoint of [saved?.last, saved?.best])
      if (checkpoint) requireFit(checkpoint.state, training.layout, options.recipe, checkpoints!.folder);
    const began = saved ? saved.last.start : options.tuning ? await training.evaluate(validation) : null;
    const start: Start = began === null ? chance(validation.labels, architecture.classes) : { ...began, of: "network" };
    const best = saved?.best?.state;
    return { options, began, start, training, setbacks, curve, best, savedAt: performance.now() };
  } catch (error) {
    await training.dispose().catch(() => {}); // the error before it tells more
    throw error;
  }
}

function openTraining(options: RunOptions, setbacks: readonly Setback[], state: TrainingState | undefined) {
  const recipe = recipeAfter(options.recipe, setbacks.length);
  return createTraining({ ...options, recipe, ...(state && { state }) });
}

const plannedEpochs = ({ options: { epochs }, setbacks }: Run, next: number): number =>
  typeof epochs === "number" ? epochs : epochs(next, lostEpochs(setbacks));

/** @returns what there is of an epoch, or why its numbers ended. */
async function trainEpoch(run: Run, epoch: number, planned: number): Promise<EpochRecord | DivergenceError> {
  const { options, training } = run;
  const { checkpoints, train, validation, signal, onStep } = options;
  const everySeconds = checkpoints?.everySeconds ?? CHECKPOINT_SECONDS;
  try {
    const result = await training.trainEpoch(train, {
      epochs: planned,
      signal,
      onStep: (progress) => onStep?.(epoch, progress),
      afterStep: async () => {
        if (performance.now() - run.savedAt >= 1000 * everySeconds) await save(run, "last");
      },
    });
    const { accuracy, loss } = await training.evaluate(validation);
    if (Number.isFinite(loss)) return { ...result, validationLoss: loss, validationAccuracy: accuracy };
    const at = `${options.architecture.name}, epoch ${epoch}`;
    return new DivergenceError({ at, expected: "a finite loss of the validation images", received: String(loss) });
  } catch (error) {
    if (error instanceof InterruptedError)
      await save(run, "last").catch((why) => options.onNotice?.(`not saved at the stop: ${messageOf(why)}`));
    // Saved as it is before the step that failed, a run would only fail there again.
    if (error instanceof DivergenceError) return error;
    throw error;
  }
}

/** For people. @throws {DivergenceError} where no lower rate is to be tried, or none would help. */
function reasonOf(divergence: DivergenceError, { options, best }: Run): string {
  const { expected, received } = divergence.facts;
  if (!options.retries || expected === PIXELS) throw withHelp(divergence, best, options);
  return `${received} in place of ${expected}`;
}

function troubleAfter(record: EpochRecord, run: Run): string | null {
  if (!run.options.retries) return null;
  const isLast = () => plannedEpochs(run, record.epoch + 1) <= record.epoch;
  return troubleOf([...run.curve, record], run.start, run.options.architecture.classes, isLast);
}

async function keep(record: EpochRecord, run: Run): Promise<void> {
  run.curve = [...run.curve, record];
  // The best goes first: a stop between the two leaves a pair that can go on.
  if (bestOf(run.curve) === record) {
    run.best = run.training.state;
    await save(run, "best");
  }
  await save(run, "last");
}

/** The state as it is now. */
async function save(run: Run, which: "best" | "last"): Promise<void> {
  const { options, training, curve, began, setbacks } = run;
  if (options.checkpoints === undefined) return;
  const { folder, run: name } = options.checkpoints;
  const state = await training.snapshot();
  await saveCheckpoint(checkpointFiles(folder)[which], { state, curve, start: began, setbacks, run: name });
  run.savedAt = performance.now();
}

/** To its best state, at a lower rate. @throws {DivergenceError} when all rates were tried and there is no state worth keeping. */
async function setBack(run: Run, epoch: number, reason: string): Promise<void> {
  const { options, began, start, training, curve, setbacks } = run;
  const kept = worthKeeping(curve, start, options.architecture.classes);
  const isLast = setbacks.length === MOST_RETRIES;
  if (isLast && kept === undefined && began === null) {
    // They hold nothing to go on from, and would keep the folder from a run at a lower rate.
    if (options.checkpoints !== undefined) await removeCheckpoints(options.checkpoints.folder);
    throw hopeless(options, epoch, reason);
  }
  const backTo = kept?.epoch ?? 0;
  const { learningRate } = recipeAfter(options.recipe, setbacks.length + 1);
  const setback: Setback = { epoch, reason, backTo, learningRate: isLast ? null : learningRate };
  run.setbacks = [...setbacks, setback];
  run.curve = curve.slice(0, backTo);
  if (kept === undefined) run.best = undefined;
  await training.dispose();
  run.training = await openTraining(options, run.setbacks, run.best);
  await save(run, "last");
  await options.onSetback?.(setback, run.curve);
}

/** The best state, or the trained network that the run began with. */
function resultOf({ options, training, began, best, curve, setbacks }: Run): RunResult {
  const record = bestOf(curve);
  if (began !== null && (record === undefined || isBetter(judgedAs(began), record)))
    return { tensors: options.tuning!.tensors, bestEpoch: 0, best: began, curve, setbacks };
  const { epoch, validationAccuracy: accuracy, validationLoss: loss } = record!;
  return { tensors: training.tensors(best), bestEpoch: epoch, best: { accuracy, loss }, curve, setbacks };
}

/** The same error, with what to do and where the best state before it lies. */
function withHelp(error: DivergenceError, best: TrainingState | undefined, { checkpoints, remedy }: RunOptions) {
  const kept =
    best === undefined || checkpoints === undefined
      ? undefined
      : `${checkpointFiles(checkpoints.folder).best} holds epoch ${best.epoch}, the best before`;
  const hints = [error.facts.hint ?? remedy, kept].filter((hint) => hint !== undefined);
  if (hints.length === 0) return error;
  return new DivergenceError({ ...error.facts, hint: hints.join("; ") }, { cause: error });
}

/** No state of any try is better than the random weights it began with. */
function hopeless({ architecture, recipe, remedy }: RunOptions, epoch: number, reason: string): DivergenceError {
  const rates = Array.from({ length: MOST_RETRIES + 1 }, (_, i) =>
    Number(recipeAfter(recipe, i).learningRate.toPrecision(3)),
  );
  return new DivergenceError({
    at: `${architecture.name}, epoch ${epoch}`,
    expected: "a training that gets better than guessing",
    received: `${reason}, and no better end at any learning rate of ${rates.join(", ")}`,
    ...(remedy !== undefined && { hint: remedy }),
  });
}

/** What a stopped run has behind it: its epochs, and whether any are to come. */
export async function savedCourse(
  checkpoints: CheckpointFolder,
  epochs: number,
): Promise<{ readonly curve: readonly EpochRecord[]; readonly isOver: boolean }> {
  const { curve = [], setbacks = [] } = (await readSavedRun(checkpoints))?.last ?? {};
  return { curve, isOver: curve.length >= epochs || isGivenUp(setbacks) };
}
