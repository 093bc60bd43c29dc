/** A whole training run: epochs with validation, the best and the last state kept on disk, and a way to go on from there. */
import { DivergenceError, InterruptedError } from "../base/index.js";
import type { ImageSet } from "../data/index.js";
import { requireFit, saveCheckpoint } from "./checkpoint.js";
import type { EpochRecord } from "./epoch-record.js";
import { type CheckpointFolder, checkpointFiles, readSavedRun } from "./saved-run.js";
import type { TrainingState } from "./state.js";
import { createTraining, type StepProgress, type TrainingSetup } from "./training.js";

export type RunOptions = Omit<TrainingSetup, "state"> & {
  /**
   * How many epochs the run has in all, or a function that says so before each epoch: the learning rate then falls to zero
   * over what is left, and the run ends when as many are done.
   */
  readonly epochs: number | ((next: number) => number);
  readonly train: ImageSet;
  readonly validation: ImageSet;
  /** Where `best.safetensors` and `last.safetensors` go; none are written without it. */
  readonly checkpoints?: CheckpointFolder & {
    /** Within an epoch the last state is written after so many seconds; by default 60. */
    readonly everySeconds?: number | undefined;
  };
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: (epoch: number, progress: StepProgress) => void;
  readonly onEpoch?: (record: EpochRecord) => void | Promise<void>;
  /** Told where the newest checkpoint could not be gone on from, and which one it is instead. */
  readonly onNotice?: (text: string) => void;
};

export type RunResult = {
  /** Weights and batch-norm statistics of the epoch with the best validation accuracy, the later of equals. */
  readonly tensors: Map<string, Float32Array>;
  readonly bestEpoch: number;
  readonly curve: readonly EpochRecord[];
};

const CHECKPOINT_SECONDS = 60;

/**
 * @throws {InterruptedError} at the signal; the last finished step is on disk. @throws {DivergenceError} naming the best state.
 * @throws {ModelError} when the checkpoints are damaged, and cannot be gone on from.
 */
export async function runTraining(options: RunOptions): Promise<RunResult> {
  const { checkpoints, train, validation } = options;
  const saved = checkpoints === undefined ? null : await readSavedRun(checkpoints);
  if (saved?.notice) options.onNotice?.(saved.notice);
  const training = await createTraining({ ...options, ...(saved && { state: saved.last.state }) });
  try {
    for (const checkpoint of [saved?.last, saved?.best])
      if (checkpoint) requireFit(checkpoint.state, training.layout, options.recipe, checkpoints!.folder);
    const curve = [...(saved?.last.curve ?? [])];
    let best: TrainingState | undefined = saved?.best?.state;
    let savedAt = performance.now();
    const saveLast = async () => {
      if (checkpoints === undefined) return;
      await saveCheckpoint(checkpointFiles(checkpoints.folder).last, {
        state: await training.snapshot(),
        curve,
        run: checkpoints.run,
      });
      savedAt = performance.now();
    };
    const total = typeof options.epochs === "number" ? () => options.epochs as number : options.epochs;
    for (;;) {
      const epoch = training.state.epoch + 1;
      const epochs = training.state.within?.epochs ?? total(epoch);
      if (epoch > epochs) break;
      const result = await training
        .trainEpoch(train, {
          epochs,
          signal: options.signal,
          onStep: (progress) => options.onStep?.(epoch, progress),
          afterStep: async () => {
            if (performance.now() - savedAt >= 1000 * (checkpoints?.everySeconds ?? CHECKPOINT_SECONDS))
              await saveLast();
          },
        })
        .catch(async (error: unknown) => {
          if (error instanceof InterruptedError) await saveLast();
          // Saved as it is before the step that failed, a run would only fail there again.
          throw error instanceof DivergenceError ? withLastGood(error, best, checkpoints?.folder) : error;
        });
      const { accuracy, loss } = await training.evaluate(validation);
      const record = { ...result, validationLoss: loss, validationAccuracy: accuracy };
      const isBest = curve.every(({ validationAccuracy }) => validationAccuracy <= accuracy);
      curve.push(record);
      if (isBest) best = training.state;
      if (checkpoints !== undefined) {
        const { folder, run } = checkpoints;
        // The best goes first: a stop between the two leaves a pair that can go on.
        if (isBest) await saveCheckpoint(checkpointFiles(folder).best, { state: training.state, curve, run });
        await saveLast();
      }
      await options.onEpoch?.(record);
    }
    return { tensors: training.tensors(best), bestEpoch: best!.epoch, curve };
  } finally {
    await training.dispose();
  }
}

/** The same error, with where the best state before it lies. */
function withLastGood(error: DivergenceError, best: TrainingState | undefined, folder: string | undefined) {
  if (best === undefined || folder === undefined) return error;
  const kept = `${checkpointFiles(folder).best} holds epoch ${best.epoch}, the best before`;
  return new DivergenceError({ ...error.facts, hint: `${error.facts.hint}; ${kept}` }, { cause: error });
}

/** Epochs that a stopped run has behind it. */
export async function finishedEpochs(checkpoints: CheckpointFolder): Promise<readonly EpochRecord[]> {
  return (await readSavedRun(checkpoints))?.last.curve ?? [];
}
