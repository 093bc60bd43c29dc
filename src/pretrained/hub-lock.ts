/**
 * One writer at a time, among processes. Node has no locks of the operating system, so a file that can be created only once is
 * the lock, and its owner touches it to show that it lives. A lock spares work; that nothing gets corrupted must not hang on
 * it, as an owner that was suspended may wake up after another has taken over. (The lock of a folder of results refuses where this one
 * waits, and needs links, which the disks that people keep downloads on may lack.)
 */
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { lives, type ProcessMark, thisProcess, toFileError } from "../base/files.js";
import { interruption, lastly } from "../base/index.js";

/**
 * Do `work` while holding the lock.
 *
 * @param path of the lock file; its folder is created.
 * @param staleMs without a sign of life after which an owner counts as dead.
 * @param onWait called once when another process holds it.
 * @throws {FileError} when the lock file cannot be created. @throws {InterruptedError} when the signal aborts while waiting.
 */
export async function withLock<T>(
  path: string,
  { staleMs, signal, onWait }: { staleMs: number; signal: AbortSignal | undefined; onWait: () => void },
  work: () => Promise<T>,
): Promise<T> {
  const own = JSON.stringify({ ...thisProcess(), id: randomUUID() });
  await acquire(path, own, { staleMs, signal, onWait });
  const beat = setInterval(() => utimes(path, new Date(), new Date()).catch(() => {}), staleMs / 4);
  return lastly(work, async () => {
    clearInterval(beat);
    // Whoever took over meanwhile keeps it.
    if ((await contentOf(path)) === own) await rm(path, { force: true });
  });
}

async function acquire(
  path: string,
  own: string,
  { staleMs, signal, onWait }: { staleMs: number; signal: AbortSignal | undefined; onWait: () => void },
): Promise<void> {
  let lastSign = "";
  let seenAt = performance.now();
  let waiting = false;
  while (!(await create(path, own))) {
    // Signs of life are compared with each other, never with this machine's clock: the disk may be another's.
    const sign = await signOf(path);
    if (sign !== lastSign) {
      lastSign = sign;
      seenAt = performance.now();
    }
    const content = await contentOf(path);
    if (performance.now() - seenAt > staleMs || isOfDeadProcess(content)) {
      if ((await contentOf(path)) === content) await rm(path, { force: true });
      continue;
    }
    if (!waiting) onWait();
    waiting = true;
    await wait(Math.min(staleMs / 20, 500), undefined, { signal }).catch(() => {});
    if (signal?.aborted) throw interruption(signal, path, "the lock to become free");
  }
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw toFileError(error, path, "write");
  }
}

const contentOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

async function signOf(path: string): Promise<string> {
  const stats = await stat(path).catch(() => null);
  return `${stats?.ino} ${stats?.mtimeMs}`;
}

function isOfDeadProcess(content: string): boolean {
  try {
    return lives({ start: null, ...(JSON.parse(content) as Omit<ProcessMark, "start">) }) === false;
  } catch {
    return false; // another program's, or half written
  }
}
