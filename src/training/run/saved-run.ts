/** What a run left in its folder, and from which of it another call goes on. */
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { filesBelow } from "../../base/files.js";
import { ModelError } from "../../base/index.js";
import { openSafetensors } from "../../weights/index.js";
import { type Checkpoint, loadCheckpoint } from "./checkpoint.js";
import { bestOf } from "./setback.js";

export type CheckpointFolder = {
  readonly folder: string;
  /** Identifies network, recipe, data and seed: checkpoints of another run are passed over. */
  readonly run: string;
};

export type SavedRun = {
  readonly last: Checkpoint;
  /** null in a run's first epoch. */
  readonly best: Checkpoint | null;
  /** For people: why the last state could not be taken. */
  readonly notice: string | null;
};

export const checkpointFiles = (folder: string) => ({
  best: join(folder, "best.safetensors"),
  last: join(folder, "last.safetensors"),
});

export async function removeCheckpoints(folder: string): Promise<void> {
  for (const file of Object.values(checkpointFiles(folder))) await rm(file, { force: true });
}

/**
 * The newest state that can be read: where the last one is damaged or gone, the best.
 *
 * @returns null when there is nothing of this run. @throws {ModelError} when what there is cannot be gone on from.
 */
export async function readSavedRun({ folder, run }: CheckpointFolder): Promise<SavedRun | null> {
  const files = checkpointFiles(folder);
  const [best, last] = await Promise.all([attempt(files.best, run), attempt(files.last, run)]);
  if (last instanceof ModelError || last === null) {
    if (best !== null && !(best instanceof ModelError)) {
      const why = last === null ? `${files.last}: no such file of this run` : last.message.split("\n")[0];
      return { last: best, best, notice: `${why}; going on from ${files.best}, epoch ${best.state.epoch}` };
    }
    if (last === null && best === null) return null;
    const damaged = (last ?? best) as ModelError;
    const whole = `there is no other state of the run: remove ${files.last} and ${files.best} to begin anew`;
    throw new ModelError({ ...damaged.facts, hint: whole }, { cause: damaged });
  }
  if (last.curve.length === 0) return { last, best: null, notice: null };
  if (best !== null && !(best instanceof ModelError)) return { last, best, notice: null };
  const { epoch: bestEpoch } = bestOf(last.curve)!;
  // Written after the epoch that is the best: the same state.
  if (bestEpoch === last.state.epoch && last.state.within === null) return { last, best: last, notice: null };
  throw new ModelError({
    at: files.best,
    expected: `epoch ${bestEpoch}, the best of the run that ${files.last} holds`,
    received: best === null ? "no such file of this run" : best.facts.received,
    hint: `put it back, or remove ${files.last} to begin anew`,
  });
}

const attempt = (path: string, run: string): Promise<Checkpoint | null | ModelError> =>
  loadCheckpoint(path, run).catch((error: unknown) => {
    if (error instanceof ModelError) return error;
    throw error;
  });

/**
 * Which runs the checkpoints in a folder, and in the folders in it, belong to; those that cannot be read are left out.
 *
 * @throws {FileError} when the folder cannot be read.
 */
export async function runsIn(folder: string): Promise<readonly string[]> {
  const paths = await checkpointsBelow(folder);
  const runs = await Promise.all(
    paths.map(async (path) => {
      const file = await openSafetensors(path).catch(() => null);
      await file?.close();
      return file?.metadata.run ?? null;
    }),
  );
  return [...new Set(runs.filter((run) => run !== null))];
}

/** Every checkpoint in a folder and the folders in it. @throws {FileError} when the folder cannot be read. */
const checkpointsBelow = async (folder: string) =>
  (await filesBelow(folder)).filter((path) => ["best.safetensors", "last.safetensors"].includes(basename(path)));
