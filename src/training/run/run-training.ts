/**
 * A whole training run: epochs with validation, the best and the last state kept on disk, and a way to go on from there. A run that
 * goes wrong is put back to its best state and tried again at a lower rate, a few times.
 */
import { DivergenceError, InterruptedError } from "../../base/index.js";
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
  isWorse,
  lostEpochs,
  MOST_RETRIES,
  recipeAfter,
  type Setback,
  type Start,
  troubleOf,
} from "./setback.js";
import { createTraining, type StepProgress, type Training, type TrainingSetup } from "./training.js";

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
  /** Told where the newest checkpoint could not be gone on from, and which one it is instead. */
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

/**
 * @throws {InterruptedError} at the signal; the last finished step is on disk. @throws {DivergenceError} where no state is worth keeping,
 * or without retries naming the best state. @throws {ModelError} when the checkpoints are damaged, and cannot be gone on from.
 */
export async function runTraining(options: RunOptions): Promise<RunResult> {
  const { checkpoints, train, validation, retries = false } = options;
  const { classes } = options.architecture;
  const saved = checkpoints === undefined ? null : await readSavedRun(checkpoints);
  if (saved?.notice) options.onNotice?.(saved.notice);
  let setbacks = saved?.last.setbacks ?? [];
  const open = (state: TrainingState | undefined): Promise<Training> => {
    const recipe = recipeAfter(options.recipe, setbacks.length);
    return createTraining({ ...options, recipe, ...(state && { state }) });
  };
  let training = await open(saved?.last.state);
  try {
    for (const checkpoint of [saved?.last, saved?.best])
      if (checkpoint) requireFit(checkpoint.state, training.layout, options.recipe, checkpoints!.folder);
    const began = saved ? saved.last.start : options.tuning ? await training.evaluate(validation) : null;
    const start: Start = began === null ? chance(validation.labels, classes) : { ...began, of: "network" };
    let curve = [...(saved?.last.curve ?? [])];
    let best: TrainingState | undefined = saved?.best?.state;
    let savedAt = performance.now();
    const saveLast = async () => {
      if (checkpoints === undefined) return;
      const { folder, run } = checkpoints;
      const state = await training.snapshot();
      await saveCheckpoint(checkpointFiles(folder).last, { state, curve, start: began, setbacks, run });
      savedAt = performance.now();
    };
    const epochs = (next: number): number =>
      typeof options.epochs === "number" ? options.epochs : options.epochs(next, lostEpochs(setbacks));
    const isStartBetter = (record: EpochRecord): boolean => began !== null && isBetter(recordOf(began), record);

    /** @returns what there is of an epoch, or why its numbers ended. */
    const trainEpoch = async (epoch: number, planned: number): Promise<EpochRecord | DivergenceError> => {
      try {
        const result = await training.trainEpoch(train, {
          epochs: planned,
          signal: options.signal,
          onStep: (progress) => options.onStep?.(epoch, progress),
          afterStep: async () => {
            if (performance.now() - savedAt >= 1000 * (checkpoints?.everySeconds ?? CHECKPOINT_SECONDS))
              await saveLast();
          },
        });
        const { accuracy, loss } = await training.evaluate(validation);
        if (Number.isFinite(loss)) return { ...result, validationLoss: loss, validationAccuracy: accuracy };
        const at = `${options.architecture.name}, epoch ${epoch}`;
        return new DivergenceError({ at, expected: "a finite loss of the validation images", received: String(loss) });
      } catch (error) {
        if (error instanceof InterruptedError) await saveLast();
        // Saved as it is before the step that failed, a run would only fail there again.
        if (error instanceof DivergenceError) return error;
        throw error;
      }
    };

    const setBack = async (epoch: number, reason: string) => {
      const record = bestOf(curve);
      const isKept = record !== undefined && !isWorse(record, start, classes) && !isBetter(recordOf(start), record);
      const isLast = setbacks.length === MOST_RETRIES;
      if (isLast && !isKept && began === null) {
        // They hold nothing to go on from, and would keep the folder from a run at a lower rate.
        if (checkpoints !== undefined) await removeCheckpoints(checkpoints.folder);
        throw hopeless(options, epoch, reason);
      }
      const backTo = isKept ? record.epoch : 0;
      const { learningRate } = recipeAfter(options.recipe, setbacks.length + 1);
      const setback: Setback = { epoch, reason, backTo, learningRate: isLast ? null : learningRate };
      setbacks = [...setbacks, setback];
      curve = curve.slice(0, backTo);
      if (!isKept) best = undefined;
      await training.dispose();
      training = await open(best);
      await saveLast();
      await options.onSetback?.(setback, curve);
    };

    while (!isGivenUp(setbacks)) {
      const epoch = training.state.epoch + 1;
      const planned = training.state.within?.epochs ?? epochs(epoch);
      if (epoch > planned) break;
      const record = await trainEpoch(epoch, planned);
      if (record instanceof DivergenceError) {
        const { expected, received } = record.facts;
        if (!retries || expected === PIXELS) throw withHelp(record, best, options);
        await setBack(epoch, `${received} in place of ${expected}`);
        continue;
      }
      const trouble = retries ? troubleOf([...curve, record], start, classes, () => epochs(epoch + 1) <= epoch) : null;
      if (trouble !== null) {
        await options.onEpoch?.(record);
        await setBack(epoch, trouble);
        continue;
      }
      curve.push(record);
      const isBest = bestOf(curve) === record;
      if (isBest) best = training.state;
      if (checkpoints !== undefined) {
        const { folder, run } = checkpoints;
        // The best goes first: a stop between the two leaves a pair that can go on.
        if (isBest)
          await saveCheckpoint(checkpointFiles(folder).best, {
            ...{ state: training.state, curve, start: began, setbacks, run },
          });
        await saveLast();
      }
      await options.onEpoch?.(record);
    }
    const record = bestOf(curve);
    if (began !== null && (record === undefined || isStartBetter(record)))
      return { tensors: options.tuning!.tensors, bestEpoch: 0, best: began, curve, setbacks };
    const { epoch, validationAccuracy: accuracy, validationLoss: loss } = record!;
    return { tensors: training.tensors(best), bestEpoch: epoch, best: { accuracy, loss }, curve, setbacks };
  } finally {
    await training.dispose();
  }
}

const recordOf = ({ accuracy, loss }: Evaluation) => ({ validationAccuracy: accuracy, validationLoss: loss });

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
