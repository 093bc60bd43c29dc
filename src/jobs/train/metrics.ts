/** Figures of a training as they come, for other programs: a JSON document a line, and TensorBoard's event files. */
import { appendFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { ensureWritableFolder, toFileError } from "../../base/files.js";
import type { EpochRecord } from "../../training/index.js";
import { encodeScalars, fileVersion } from "./tensorboard.js";

export interface Metrics {
  add(record: EpochRecord): Promise<void>;
  /** What is left of the epochs after a setback. */
  replace(curve: readonly EpochRecord[]): Promise<void>;
}

/**
 * `metrics.jsonl` in the folder, written anew with the epochs that a run which goes on has behind it; the same in `tensorboard/` where
 * that is asked for.
 */
export async function openMetrics(
  folder: string,
  { earlier, tensorboard }: { readonly earlier: readonly EpochRecord[]; readonly tensorboard: boolean },
): Promise<Metrics> {
  const lines = join(folder, "metrics.jsonl");
  const replace = (curve: readonly EpochRecord[]) =>
    guarded(lines, () => writeFile(lines, curve.map((record) => `${JSON.stringify(record)}\n`).join("")));
  await replace(earlier);
  const events = tensorboard ? await openEvents(join(folder, "tensorboard")) : null;
  for (const record of earlier) await events?.(record);
  return {
    replace,
    async add(record) {
      await guarded(lines, () => appendFile(lines, `${JSON.stringify(record)}\n`));
      await events?.(record);
    },
  };
}

async function openEvents(folder: string) {
  await ensureWritableFolder(folder);
  const seconds = () => Date.now() / 1000;
  // TensorBoard reads all files of a folder whose names begin so, and lets the later ones win.
  const path = join(folder, `events.out.tfevents.${Math.floor(seconds())}.${hostname()}`);
  await guarded(path, () => writeFile(path, fileVersion(seconds())));
  return async ({ epoch, ...record }: EpochRecord) => {
    const scalars = {
      "loss/train": record.trainLoss,
      "loss/validation": record.validationLoss,
      "accuracy/train": record.trainAccuracy,
      "accuracy/validation": record.validationAccuracy,
      "learning rate": record.learningRate,
      "images per second": record.imagesPerSecond,
      "waiting for data": record.waitingForData,
    };
    await guarded(path, () => appendFile(path, encodeScalars(seconds(), epoch, scalars)));
  };
}

const guarded = (path: string, write: () => Promise<void>): Promise<void> =>
  write().catch((error: unknown) => {
    throw toFileError(error, path, "write");
  });
