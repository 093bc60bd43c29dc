/** How every job that learns from images begins and ends: what it needs is looked at first, opened in one order and closed in the other. */
import { requireWritable } from "../../base/files.js";
import { InterruptedError, lastly, messageOf } from "../../base/index.js";
import { type Dataset, type Shape, shapeOf } from "../../data/index.js";
import { type Folder, type FolderJob, openFolder, requireApart, requireFolder } from "../../folders/index.js";
import { createImagePool, type ImagePool, type PoolOptions } from "./image-pool.js";
import { noProgress, type Progress } from "./progress.js";
import { type ReadOptions, readData } from "./read-data.js";
import { VERSION } from "./version.js";

/** What each of them is asked for. */
export type WorkOptions = {
  /** A folder of class folders, or of IDX files. */
  readonly data: string;
  /** A list of pictures to leave out, as `bantam check` writes it. */
  readonly exclude?: string | undefined;
  /** How pictures become squares; by default as their shapes suggest, or as pretrained weights were shown theirs. */
  readonly shape?: Shape | undefined;
  /** Decoded images; may be deleted at any time. */
  readonly cacheDir: string;
  readonly overwrite?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
};

/** Where the results go. */
export type Place = Pick<FolderJob, "kind"> & {
  /** The option that names it. */
  readonly at: "--out" | "--study";
  readonly out: string | undefined;
  /** Of the job there, beside those of its kind. */
  readonly files?: readonly string[] | undefined;
};

/** What makes a folder this job's. */
export type Held = Pick<FolderJob, "facts" | "settings" | "words" | "marks">;

export type Work = {
  readonly progress: Progress;
  /** Once: the images, and a pool of them. Says what was read. @throws as `readData` */
  read(
    options: Omit<ReadOptions, "cacheDir" | "signal"> & PoolOptions,
  ): Promise<{ readonly dataset: Dataset; readonly pool: ImagePool }>;
  /** Once: takes the folder for the job. @throws as `openFolder` */
  hold(folder: string, job: Held): Promise<Folder>;
  /** Whoever stops the work from here on is told so. */
  resumeBy(hint: string): void;
};

/**
 * Runs `job`, and then closes the folder that it held and its pictures, whatever came of it.
 *
 * @throws {UsageError} when the results would lie in the images, or another kind of job is there. @throws {FileError} when they cannot be
 *   written there. @throws {InterruptedError} after the signal, whatever its reason is.
 */
export async function openWork<T>(place: Place, options: WorkOptions, job: (work: Work) => Promise<T>): Promise<T> {
  const { kind, at, out, files } = place;
  const { data, exclude, shape, cacheDir, overwrite, signal, progress = noProgress } = options;
  await requireApart(data, { [at]: out, "--cache": cacheDir });
  if (out !== undefined) await requireFolder(out, { kind, overwrite, files });
  await requireWritable(cacheDir);
  const warn = (text: string) => progress.line(text, "warning");
  let pool: ImagePool | undefined;
  let held: Folder | undefined;
  let hint: string | undefined;
  const work: Work = {
    progress,
    async read({ geometry, derive, ...asked }) {
      const own = geometry === undefined ? shape : shapeOf(geometry.resize);
      const dataset = await readData(data, { ...asked, exclude, shape: own, cacheDir, signal }, progress);
      pool = createImagePool(dataset, { geometry, derive, cacheDir, signal, progress });
      return { dataset, pool };
    },
    async hold(folder, own) {
      held = await openFolder(folder, { ...own, kind, version: VERSION, overwrite, warn });
      return held;
    },
    resumeBy(text) {
      hint = text;
    },
  };
  const run = () =>
    job(work).catch((error: unknown) => {
      throw asStop(error, kind, signal, hint);
    });
  return lastly(
    () => lastly(run, (error) => held?.close(error)),
    () => pool?.close(),
  );
}

/** A stop says how to go on, and is told as one also where the reason that a program gave was thrown as it is. */
function asStop(error: unknown, at: string, signal: AbortSignal | undefined, hint: string | undefined): unknown {
  const own = error instanceof InterruptedError ? error.facts : undefined;
  const isReason = signal?.aborted === true && error === signal.reason;
  if (own === undefined && !isReason) return error;
  const facts = own ?? { at, expected: "to run to the end", received: messageOf(error) };
  return new InterruptedError(hint === undefined ? facts : { ...facts, hint }, { cause: error });
}
