/**
 * A folder is one job's: it goes on there, begins there, or is told whose the folder is. One process at a time works in it, and a
 * job that fails before it has anything leaves nothing.
 */

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureWritableFolder, removeEmptyFolders, removeHalfWritten, requireWritable } from "../base/files.js";
import { InterruptedError, lastly, ModelError, UsageError } from "../base/index.js";
import { differences, type Words } from "./differences.js";
import { foldersOf, foundOf, holdsWork, isShared, type JobKind, removeOwn, requirePlaces } from "./job-files.js";
import { acquireLock, requireUnlocked } from "./lock.js";
import { keyOf, type RanOn, type RunFile, ranOnInWords, readRunFile, runFilePath, saveRunFile } from "./run-file.js";

export type FolderJob = {
  readonly kind: JobKind;
  readonly version: string;
  /** Everything that results depend on, engine and threads excepted. */
  readonly facts: object;
  /** As they were given. */
  readonly settings: object;
  readonly words: Words;
  /** Begins anew, whatever the folder holds. */
  readonly overwrite?: boolean | undefined;
  /** Keys of the runs whose work lies in the folder, as the work itself tells: a run's own, or that with more after a `-`. */
  readonly marks?: () => Promise<readonly string[]>;
  /** Told why the results may be other than they were to be. */
  readonly warn: (text: string) => void;
};

export type Folder = {
  /** Identifies the facts. */
  readonly key: string;
  /** The run file as it was found, where the job goes on; null where it begins. */
  readonly earlier: RunFile | null;
  /** Keeps what was found out, in the run file. */
  keep(found: Readonly<Record<string, unknown>>): Promise<void>;
  /** Keeps what it runs on; a line where that is another engine than before. */
  runsOn(engine: RanOn): Promise<void>;
  /**
   * Lets the folder go, once: what comes later does nothing.
   *
   * @param error that ended the job. One that has nothing to show for it leaves nothing, unless it was stopped.
   */
  close(error?: unknown): Promise<void>;
};

/**
 * Before any work, and without creating anything: that the folder can be written, nothing stands in the way, nobody works there and
 * it is not another kind of job's.
 *
 * @param files that will be written there beside those of the kind.
 * @throws {FileError} {UsageError}
 */
export async function requireFolder(
  out: string,
  {
    kind,
    overwrite,
    files = [],
  }: Pick<FolderJob, "kind" | "overwrite"> & { readonly files?: readonly string[] | undefined },
): Promise<void> {
  await requireWritable(out);
  await requirePlaces(out, kind, files);
  await requireUnlocked(lockFile(out), out);
  if (overwrite) return;
  const earlier = await readRunFile(out).catch(() => null); // said when it is opened
  if (earlier !== null && earlier.kind !== kind && (await holdsWork(out, earlier.kind)))
    throw otherKind(out, earlier, kind);
}

/**
 * Holds the folder until it is closed.
 *
 * @throws {UsageError} when the folder holds another job, with what differs. @throws {ModelError} when its run file is damaged and
 *   nothing else tells whose it is. @throws {FileError} when another process works in it, or it cannot be written.
 */
export async function openFolder(out: string, job: FolderJob): Promise<Folder> {
  const created = await ensureWritableFolder(out);
  const lock = await acquireLock(lockFile(out), out);
  const letGo = () => lock.release().finally(() => removeEmptyFolders(created));
  let isOpen = true;
  const close = async (error?: unknown) => {
    if (!isOpen) return;
    isOpen = false;
    await lastly(async () => {
      // After a stop, the options in the run file are what `--resume` needs.
      const isLeft = error === undefined || error instanceof InterruptedError || (await holdsWork(out, job.kind));
      if (!isLeft) await removeTraces(out, job);
    }, letGo);
  };
  try {
    await cleanUp(out, job.kind);
    return { ...(await open(out, job)), close };
  } catch (error) {
    isOpen = false;
    await letGo().catch(() => {});
    throw error;
  }
}

/** As if a job that has nothing had never been. */
async function removeTraces(out: string, { kind, facts }: FolderJob): Promise<void> {
  const file = await readRunFile(out).catch(() => null);
  if (file?.kind !== kind || file.key !== keyOf(plain(facts))) return;
  await removeOwn(out, kind);
  await rm(runFilePath(out), { force: true });
}

const lockFile = (out: string) => join(out, "run.lock");

/** What killed processes were writing. A database has its own way of clearing up. */
async function cleanUp(out: string, kind: JobKind): Promise<void> {
  await removeHalfWritten(out);
  for (const name of foldersOf(kind)) if (name !== "database") await cleanUpBelow(join(out, name));
}

async function cleanUpBelow(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
  if (entries === null) return;
  await removeHalfWritten(folder);
  for (const entry of entries) if (entry.isDirectory()) await cleanUpBelow(join(folder, entry.name));
}

async function open(out: string, job: FolderJob): Promise<Omit<Folder, "close">> {
  const { kind, version, settings, warn } = job;
  const facts = plain(job.facts);
  const key = keyOf(facts);
  const earlier = await whoseIs(out, job, key, facts);
  const { engine = null, ...found } = earlier ?? {};
  let file: RunFile = { ...found, kind, bantam: version, key, settings: plain(settings), facts, engine };
  const keep = async (changes: Readonly<Record<string, unknown>>) => {
    file = { ...file, ...changes };
    await saveRunFile(out, file);
  };
  await keep({});
  if (earlier !== null && earlier.bantam !== version)
    warn(`begun with Bantam ${earlier.bantam}, going on with ${version}: the results may be others`);
  return {
    key,
    earlier,
    keep,
    async runsOn({ name, device, threads }) {
      const now = { name, device, threads };
      if (engine !== null && ranOnInWords(engine) !== ranOnInWords(now))
        warn(
          `begun on ${ranOnInWords(engine)}, going on on ${ranOnInWords(now)}: the results will be rounded differently`,
        );
      await keep({ engine: now });
    },
  };
}

/** @returns the run file of the same run; null where the job begins, or goes on from work that tells its run. */
async function whoseIs(out: string, job: FolderJob, key: string, facts: RunFile["facts"]): Promise<RunFile | null> {
  const { kind, overwrite = false, warn } = job;
  const earlier = await readRunFile(out).catch((error: unknown) => {
    if (error instanceof ModelError) return error;
    throw error;
  });
  const run = earlier instanceof ModelError ? null : earlier;
  const holder = run?.kind ?? kind;
  if (overwrite) {
    await clear(out, holder, kind);
    return null;
  }
  const marks = (await job.marks?.()) ?? [];
  const areOurs = marks.every((mark) => mark === key || mark.startsWith(`${key}-`));
  if (run?.kind === kind && run.key === key && areOurs) return run;
  if (run !== null && !(await holdsWork(out, holder))) {
    await clear(out, holder, kind);
    return null;
  }
  if (run !== null && holder !== kind) throw otherKind(out, run, kind);
  if (marks.length > 0 && areOurs) {
    // The work is ours; the file that says so was lost.
    if (earlier instanceof ModelError)
      warn(`${firstLine(earlier)}; what ${out} holds is of this ${nouns[kind]}, and is gone on from`);
    return null;
  }
  if (run !== null && run.key !== key) throw otherOptions(out, run, job, facts);
  if (earlier instanceof ModelError) throw earlier;
  const found = await foundOf(out, kind);
  // Databases tell themselves whose their studies are.
  if (found.length === 0 || (isShared(kind) && found.includes("database"))) return null;
  const whose =
    run === null ? "without a run.json that tells whose they are" : "not all of the run that run.json tells of";
  throw unnamed(out, kind, `${found.join(", ")}, ${whose}`);
}

/**
 * The run file of another folder, with the same options.
 *
 * @throws {UsageError} when it holds no such job, with what differs.
 */
export async function requireSameRun(
  at: string,
  folder: string,
  job: Pick<FolderJob, "kind" | "facts" | "settings" | "words">,
): Promise<RunFile> {
  const { kind } = job;
  const run = await readRunFile(folder);
  if (run?.kind !== kind) {
    const received = `${folder}, which holds ${run === null ? "none" : `a ${nouns[run.kind]}`}`;
    throw new UsageError({ at, expected: `the folder of a ${nouns[kind]}`, received });
  }
  const facts = plain(job.facts);
  if (run.key === keyOf(facts)) return run;
  throw otherOptions(at, run, job, facts, `give those, or leave out ${at}`);
}

/** What a run of this kind left; a folder that others of the job's kind share stays theirs. */
async function clear(out: string, holder: JobKind, kind: JobKind): Promise<void> {
  if (holder !== kind || !isShared(kind)) {
    await removeOwn(out, holder);
    if (holder !== kind) await removeOwn(out, kind);
  }
  await rm(runFilePath(out), { force: true });
}

const nouns: Readonly<Record<JobKind, string>> = {
  fit: "fit",
  train: "training",
  search: "search",
  scaling: "scaling experiment",
};

const hintOf = (kind: JobKind) =>
  isShared(kind)
    ? "give another --study, or --overwrite to begin anew in this one"
    : "give another --out, or --overwrite to begin anew in this one";

function otherKind(at: string, there: RunFile, kind: JobKind): UsageError {
  const received = `one that holds a ${nouns[there.kind]} of ${there.settings.data}`;
  return new UsageError({ at, expected: `an empty folder or one of a ${nouns[kind]}`, received, hint: hintOf(kind) });
}

function otherOptions(
  at: string,
  there: RunFile,
  { kind, words, settings }: Pick<FolderJob, "kind" | "words" | "settings">,
  facts: RunFile["facts"],
  hint = hintOf(kind),
): UsageError {
  const found = differences(there, { settings: plain(settings), facts }, words);
  const list = (side: "there" | "asked") => found.map(({ what, ...values }) => `${what} ${values[side]}`).join(", ");
  const expected = `the options of the ${nouns[kind]} that it holds (${list("there")})`;
  return new UsageError({ at, expected, received: list("asked"), hint });
}

/** Of an earlier version, or the user's own, or its run file was lost. */
const unnamed = (at: string, kind: JobKind, received: string) =>
  new UsageError({
    at,
    received,
    expected: `an empty folder or one of this ${nouns[kind]}`,
    hint: `${hintOf(kind)}, in place of these`,
  });

/** Through JSON, as it will be read. */
const plain = (value: object) => JSON.parse(JSON.stringify(value)) as Readonly<Record<string, unknown>>;

const firstLine = (error: Error) => error.message.split("\n")[0];
