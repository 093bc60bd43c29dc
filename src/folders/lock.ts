/** One process at a time in a folder. The second is told who the first is, and a lock whose owner has died is taken over. */
import { randomUUID } from "node:crypto";
import { link, rm, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { lives, type ProcessMark, readIfThere, thisProcess, toFileError } from "../base/files.js";
import { FileError } from "../base/index.js";

type Owner = ProcessMark & { readonly since: string };

export type Lock = { release(): Promise<void> };

/**
 * @param at what it guards, for the message.
 * @throws {FileError} naming the process that holds it, or when the file cannot be written.
 */
export async function acquireLock(path: string, at: string): Promise<Lock> {
  // Of two locks of one process, each knows its own.
  const text = JSON.stringify({ ...thisProcess(), since: new Date().toISOString(), id: randomUUID() });
  while (!(await create(path, text))) {
    const found = await contentOf(path);
    if (found === null) continue; // released meanwhile
    const owner = livingOwner(found);
    if (owner !== null) throw inUse(at, path, owner);
    await takeAway(path, found, text);
  }
  return {
    async release() {
      if ((await contentOf(path)) === text) await rm(path, { force: true });
    },
  };
}

/** Before anything is written: that nobody holds it now. @throws {FileError} as `acquireLock`. */
export async function requireUnlocked(path: string, at: string): Promise<void> {
  const found = await contentOf(path);
  const owner = found === null ? null : livingOwner(found);
  if (owner !== null) throw inUse(at, path, owner);
}

const inUse = (at: string, path: string, { pid, host, since }: Owner) =>
  new FileError({
    at,
    expected: "a folder that no other process works in",
    received: `one in which process ${pid} on ${host} has been at work since ${since}`,
    hint: host === thisProcess().host ? "wait for it, or stop it first" : `if that process is gone, delete ${path}`,
  });

/** Whole from the first moment on: it is written under another name and linked. */
async function create(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, text, { flag: "wx" });
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw toFileError(error, path, "write");
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}

/**
 * Removes the lock of a dead owner. Only one process at a time may: of two that found the same one, the slower would remove the
 * lock that the faster has made since.
 */
async function takeAway(path: string, dead: string, own: string): Promise<void> {
  const guard = `${path}.removing`;
  if (await create(guard, own)) {
    if ((await contentOf(path)) === dead) await rm(path, { force: true });
    return rm(guard, { force: true });
  }
  const found = await contentOf(guard);
  if (found === null) return;
  if (livingOwner(found) === null) return takeAway(guard, found, own);
  await wait(5);
}

const contentOf = async (path: string) => (await readIfThere(path))?.toString() ?? null;

const ownerSchema = z.object({
  pid: z.int().min(1),
  host: z.string(),
  start: z.string().nullable(),
  since: z.string(),
});

/** null for one who is dead, or a text that names nobody. One on another machine is taken for living. */
function livingOwner(text: string): Owner | null {
  try {
    const owner = ownerSchema.parse(JSON.parse(text));
    return lives(owner) === false ? null : owner;
  } catch {
    return null;
  }
}
