/**
 * One process at a time in a folder. The second is told who the first is, and a lock whose owner has died is taken over: by a
 * number alone a process could be mistaken for a later one, so its start counts too, where the system tells it.
 */
import { randomUUID } from "node:crypto";
import { link, open, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { toFileError } from "../base/files.js";
import { FileError } from "../base/index.js";

type Owner = { readonly pid: number; readonly host: string; readonly start: string | null; readonly since: string };

export type Lock = { release(): Promise<void> };

/** @throws {FileError} naming the process that holds it, or when the file cannot be written. */
export async function acquireLock(path: string, at: string): Promise<Lock> {
  const start = await startOf(process.pid);
  const own: Owner = { pid: process.pid, host: hostname(), start, since: new Date().toISOString() };
  const text = JSON.stringify(own);
  while (!(await create(path, text))) {
    const found = await contentOf(path);
    if (found === null) continue; // released meanwhile
    const owner = parseOwner(found);
    if (owner !== null && (await lives(owner))) throw inUse(at, path, owner);
    await takeAway(path, found, text);
  }
  return {
    async release() {
      if ((await contentOf(path)) === text) await rm(path, { force: true });
    },
  };
}

const inUse = (at: string, path: string, { pid, host, since }: Owner) =>
  new FileError({
    at,
    expected: "a study that no other process has open",
    received: `one that process ${pid} on ${host} has had open since ${since}`,
    hint: host === hostname() ? "wait for it, or stop it first" : `if that process is gone, delete ${path}`,
  });

/** Whole from the first moment on: it is written under another name and linked. */
async function create(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = await open(draft, "wx");
    await file.writeFile(text).finally(() => file.close());
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw toFileError(error, path, "write");
  } finally {
    await rm(draft, { force: true });
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
  const owner = parseOwner(found);
  if (owner === null || !(await lives(owner))) return takeAway(guard, found, own);
  await wait(5);
}

async function lives({ pid, host, start }: Owner): Promise<boolean> {
  if (host !== hostname()) return true; // nothing can be known of it from here
  try {
    process.kill(pid, 0); // sends nothing, and throws where there is no such process
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = await startOf(pid);
  return start === null || now === null || start === now;
}

/** When a process began, in the system's own ticks; null where the system does not say. */
async function startOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  // The name of the process, in parentheses, may hold spaces; the start is the 20th field after it.
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

/** null where it is not there. @throws {FileError} when it cannot be read. */
const contentOf = (path: string): Promise<string | null> =>
  readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw toFileError(error, path, "read");
  });

function parseOwner(text: string): Owner | null {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return null;
  }
}
