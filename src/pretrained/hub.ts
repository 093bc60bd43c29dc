/**
 * Files of the Hub, fetched once and kept in the cache that all its clients share. A download may break at any byte, by the
 * line, the server, the disk or Ctrl-C: what has arrived stays in an `.incomplete` file, and the next call goes on from there.
 * Nothing gets its final name before its length and checksum are right.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, lstat, open, readFile, rename, rm, statfs } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { toFileError } from "../base/files.js";
import { FileError, formatBytes, interruption, lastly, NetworkError, UsageError } from "../base/index.js";
import { createFolder, createHubCache, isCommit, sizeOf } from "./hub-cache.js";
import { createHubClient, type FileInfo, type HubClient, type Part } from "./hub-client.js";
import { createHubHttp, type HubHttp, type HubTimeouts, type Token, Unavailable } from "./hub-http.js";
import { withLock } from "./hub-lock.js";
import { checkReference, formatHubReference, type HubFile } from "./hub-reference.js";

export type DownloadProgress = {
  /** What an earlier call had already fetched counts too. */
  readonly receivedBytes: number;
  readonly totalBytes: number;
};

/** What is left out comes from the variables that the Hub's Python client reads. */
export type DownloadOptions = {
  /** Folder of the cache; by default HF_HUB_CACHE, or `hub` in HF_HOME, or ~/.cache/huggingface/hub. */
  readonly cache?: string | undefined;
  /** Address of the Hub or a mirror; by default HF_ENDPOINT, or https://huggingface.co. */
  readonly endpoint?: string | undefined;
  /** By default HF_TOKEN, or HUGGING_FACE_HUB_TOKEN, or the file at HF_TOKEN_PATH or `token` in HF_HOME; null for none. */
  readonly token?: string | null | undefined;
  /** Use the cache alone; by default as HF_HUB_OFFLINE says. */
  readonly offline?: boolean | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Called with a sentence when something is waited for, or a copy in the cache has to do. */
  readonly warn?: ((text: string) => void) | undefined;
  /** Stops the download; what has arrived is kept. */
  readonly signal?: AbortSignal | undefined;
  readonly timeouts?: Partial<HubTimeouts> | undefined;
  /** By default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
};

const defaultTimeouts: HubTimeouts = { stallMs: 30_000, retryMs: 1_000, longestWaitMs: 120_000, lockMs: 10_000 };

/** In a row, without getting further. */
const maxTries = 5;
/** Bytes by which a download has to get further for its failures to be forgiven; so a trickle does not go on for ever. */
const worthwhile = 2 ** 20;

/**
 * The local path of a file of the Hub, downloaded unless the cache has it. Several processes may ask for the same one.
 *
 * Without a network, or with HF_HUB_OFFLINE=1, a file that is in the cache is used as it was when last fetched. One that is
 * asked for by its full commit is never asked about again.
 *
 * @throws {NetworkError} when the Hub cannot be reached and the cache has no copy; when it refuses, has no such file, or sends
 *   something else than it announced. @throws {FileError} when the cache cannot be written, or the disk is full.
 * @throws {UsageError} for names or addresses that cannot be right. @throws {InterruptedError} when the signal aborts.
 * @example
 * await downloadFromHub({ repository: "timm/mobilenetv3_small_100.lamb_in1k", file: "model.safetensors" });
 */
export async function downloadFromHub(file: HubFile, options: DownloadOptions = {}): Promise<string> {
  checkReference(file);
  const job = await prepare(file, options);
  const { cache, warn, at } = job;
  throwIfStopped(job);

  const known = await cache.find();
  if (known !== null && isCommit(file.revision ?? "main")) return known;
  if (job.offline) {
    if (known === null) {
      throw new NetworkError({
        at,
        expected: `a copy in ${job.folder}`,
        received: "none, and HF_HUB_OFFLINE forbids to fetch it",
        hint: "unset HF_HUB_OFFLINE, or copy the cache of a machine that has the file",
      });
    }
    warn(`${at}: offline, so the copy in the cache is used`);
    return known;
  }

  const tries = known === null ? maxTries : 1; // nobody wants to wait for what is there
  for (let round = 1; round <= maxTries; round++) {
    let info: FileInfo;
    try {
      info = await repeating(job, tries, () => job.client.fileInfo());
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      if (known === null) throw error.error;
      warn(`${at}: the copy in the cache is used, as the Hub did not answer: ${error.error.facts.received}`);
      return known;
    }
    const path = await obtain(job, info).catch((error: unknown) => {
      throw error instanceof Unavailable ? error.error : error;
    });
    if (path !== null) return path;
  }
  const received = `another ETag at each of ${maxTries} tries`;
  throw job.http.problem("a file that stays the same while it is fetched", received, "try again later");
}

type Job = {
  readonly at: string;
  readonly folder: string;
  readonly offline: boolean;
  readonly timeouts: HubTimeouts;
  readonly signal: AbortSignal | undefined;
  readonly warn: (text: string) => void;
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly cache: ReturnType<typeof createHubCache>;
  readonly http: HubHttp;
  readonly client: HubClient;
};

async function prepare(file: HubFile, options: DownloadOptions): Promise<Job> {
  const { env = process.env, signal, warn = () => {}, onProgress = () => {} } = options;
  const home = expanded(env.HF_HOME || join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface"));
  const folder = expanded(options.cache ?? (env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, "hub")));
  const endpoint = checkedEndpoint(options.endpoint ?? (env.HF_ENDPOINT || "https://huggingface.co"));
  const token = await findToken(options.token, env, home);
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const at = formatHubReference(file);
  const http = createHubHttp(at, { endpoint, token, signal, timeouts });
  return {
    at,
    folder,
    offline: options.offline ?? /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE ?? ""),
    timeouts,
    signal,
    warn,
    onProgress,
    cache: createHubCache(folder, file),
    http,
    client: createHubClient(file, endpoint, token, http),
  };
}

const expanded = (path: string) => (/^~(?=$|[/\\])/.test(path) ? join(homedir(), path.slice(1)) : path);

function checkedEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain = url !== null && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  if (isPlain && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, "");
  throw new UsageError({
    at: "HF_ENDPOINT",
    expected: "an address such as https://huggingface.co, without user, password or query",
    // What stands before the host may be a password.
    received: url === null ? JSON.stringify(text.replace(/^.*@/s, "…@")) : `${url.protocol}//${url.host}`,
  });
}

async function findToken(
  given: string | null | undefined,
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): Promise<Token | null> {
  const file = expanded(env.HF_TOKEN_PATH || join(home, "token"));
  const places: [from: string, value: () => string | undefined | Promise<string>][] = [
    ["HF_TOKEN", () => env.HF_TOKEN],
    ["HUGGING_FACE_HUB_TOKEN", () => env.HUGGING_FACE_HUB_TOKEN],
    [file, () => readFile(file, "utf8").catch(() => "")],
  ];
  if (given === null) return null;
  for (const [from, value] of given === undefined ? places : ([["the option token", () => given]] as typeof places)) {
    const text = ((await value()) ?? "").trim();
    if (text === "") continue;
    if (/^[\x21-\x7e]+$/.test(text)) return { value: text, from };
    throw new UsageError({ at: from, expected: "a token of plain characters", received: "others among them" });
  }
  return null;
}

/** `work`, again where it may then succeed. @throws {Unavailable} the last one. */
async function repeating<T>(job: Job, tries: number, work: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Unavailable) || !error.passes || failures >= tries) throw error;
      await pauseAfter(error, failures, job);
    }
  }
}

async function pauseAfter({ error, waitMs }: Unavailable, failures: number, job: Job): Promise<void> {
  const pause = Math.max(waitMs ?? 0, job.timeouts.retryMs * 2 ** (failures - 1));
  job.warn(`${job.at}: ${error.facts.received}; trying again in ${Math.ceil(pause / 1000)} s`);
  await wait(pause, undefined, { signal: job.signal }).catch(() => {});
  throwIfStopped(job);
}

function throwIfStopped({ signal, at }: Job): void {
  if (signal?.aborted) throw interruption(signal, at, "to finish the download");
}

/** @returns the path in the cache, or null when the file on the Hub turned into another one meanwhile. */
async function obtain(job: Job, info: FileInfo): Promise<string | null> {
  const { cache, at } = job;
  const there = await cache.findAt(info.commit, info.bytes);
  if (there !== null) {
    // A cache that cannot be written serves what it has.
    await cache.remember(info.commit).catch(() => {});
    return there;
  }
  const blob = cache.blobPath(info.etag);
  await createFolder(dirname(blob));
  const lock = {
    staleMs: job.timeouts.lockMs,
    signal: job.signal,
    onWait: () => job.warn(`${at}: waiting for another process that is downloading it`),
  };
  return await withLock(cache.lockPath(info.etag), lock, async () => {
    // Another process may have finished it, or another file or commit may have the same content.
    if ((await sizeOf(blob)) !== info.bytes && !(await fetchBlob(job, info, blob))) return null;
    const path = await cache.publish(info.etag, info.commit);
    await cache.remember(info.commit);
    return path;
  });
}

/** Download, check, name. @returns false when the file on the Hub turned into another one meanwhile. */
async function fetchBlob(job: Job, info: FileInfo, blob: string): Promise<boolean> {
  const incomplete = `${blob}.incomplete`;
  for (let attempt = 1; ; attempt++) {
    if (!(await complete(job, info, incomplete))) {
      await rm(incomplete, { force: true }); // of a file that is no more
      return false;
    }
    // The owner of a lock that was taken over finds that the other one has finished.
    if ((await sizeOf(incomplete)) === null && (await sizeOf(blob)) === info.bytes) return true;
    const fault = await findFault(incomplete, info);
    if (fault === null) break;
    await rm(incomplete, { force: true });
    // The first part may stem from an earlier call and a worse line, so what was wrong once is fetched once more.
    if (attempt === 2) {
      const hint =
        "a proxy or mirror changes the file, or the Hub's copy is damaged; try another network or HF_ENDPOINT";
      throw job.http.problem(fault.expected, `${fault.received}, twice`, hint);
    }
    job.warn(`${job.at}: the checksum is wrong; downloading it once more`);
  }
  await onDisk(blob, rename(incomplete, blob));
  return true;
}

/** Bring the incomplete file to its full length. @returns false when the file on the Hub turned into another one meanwhile. */
async function complete(job: Job, info: FileInfo, path: string): Promise<boolean> {
  let furthest = 0;
  for (let failures = 0; ; ) {
    try {
      return await goOn(job, info, path);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      const arrived = (await sizeOf(path)) ?? 0;
      failures = arrived >= furthest + worthwhile ? 1 : failures + 1;
      furthest = Math.max(furthest, arrived);
      if (!error.passes || failures >= maxTries) throw error;
      await pauseAfter(error, failures, job);
    }
  }
}

/**
 * One request for what is missing, appended as it comes.
 *
 * @returns false when the file on the Hub turned into another one meanwhile. @throws {Unavailable} when it ends too early.
 */
async function goOn(job: Job, info: FileInfo, path: string): Promise<boolean> {
  const kept = await usableBytes(path, info.bytes);
  if (kept === info.bytes && kept > 0) return true;
  await checkSpace(dirname(path), info.bytes - kept);
  const part = await job.client.openPart(info.commit, kept);
  return lastly(
    async () => {
      if (part.etag !== null && part.etag !== info.etag) return false;
      if (part.start === null || (part.start !== kept && part.start !== 0)) {
        await rm(path, { force: true });
        throw misfit(job, part, `bytes from ${kept} on`, part.start === null ? "none" : `bytes from ${part.start} on`);
      }
      if (part.total !== null && part.total !== info.bytes)
        throw misfit(job, part, `a file of ${info.bytes} bytes`, `one of ${part.total} bytes`);
      // A server without ranges sends all of it again.
      if (part.start === 0) await rm(path, { force: true });
      await append(job, part, part.start, info.bytes, path);
      return true;
    },
    () => part.discard(),
  );
}

function misfit({ http }: Job, { described }: Part, expected: string, received: string): Unavailable {
  const hint = "a proxy or mirror may be at fault; try another network or HF_ENDPOINT";
  return new Unavailable(http.problem(expected, `${received} (${described})`, hint));
}

async function append(job: Job, part: Part, start: number, totalBytes: number, path: string): Promise<void> {
  let receivedBytes = start;
  const file = await onDisk(path, open(path, start === 0 ? "wx" : "r+"));
  await lastly(
    async () => {
      job.onProgress({ receivedBytes, totalBytes });
      for await (const chunk of sayingHowFar(job, part, totalBytes, () => receivedBytes)) {
        if (receivedBytes + chunk.length > totalBytes) {
          await rm(path, { force: true });
          throw misfit(job, part, `${totalBytes} bytes`, "more");
        }
        await onDisk(path, writeAt(file, chunk, receivedBytes));
        receivedBytes += chunk.length;
        job.onProgress({ receivedBytes, totalBytes });
      }
      if (receivedBytes < totalBytes) throw misfit(job, part, `${totalBytes} bytes`, `${receivedBytes}, then the end`);
      await onDisk(path, file.sync()); // before it gets its name
    },
    () => onDisk(path, file.close()),
  );
}

/** The part's bytes, and in the error for a broken line how many there were. */
async function* sayingHowFar(job: Job, part: Part, total: number, received: () => number): AsyncGenerator<Uint8Array> {
  try {
    yield* part.bytes();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    const { facts } = error.error;
    const came = `${received()}, then ${facts.received}`;
    throw new Unavailable(job.http.problem(`${total} bytes`, came, facts.hint ?? "", error.error));
  }
}

/** What an earlier call left and can be gone on from; anything else in its place is removed. */
async function usableBytes(path: string, total: number): Promise<number> {
  const stats = await lstat(path).catch(() => null);
  if (stats?.isFile() && stats.size <= total) return stats.size;
  await rm(path, { force: true, recursive: true });
  return 0;
}

/**
 * At its place and not at the end: should two processes ever write the same file (the lock's owner was suspended and came
 * back), both write the same bytes to the same places.
 */
async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/** @throws {FileError} for what the file system throws. */
async function onDisk<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toFileError(error, path, "write");
  }
}

/** Better said before hours of download than after. */
async function checkSpace(folder: string, needed: number): Promise<void> {
  const { bavail, bsize, blocks } = await statfs(folder).catch(() => ({ bavail: 0, bsize: 0, blocks: 0 }));
  const free = bavail * bsize;
  if (blocks === 0 || free >= needed) return; // some file systems do not say
  throw new FileError({
    at: folder,
    expected: `${formatBytes(needed)} of free space`,
    received: formatBytes(free),
    hint: "free some space, or name a folder on another disk by HF_HUB_CACHE",
  });
}

/** Read back from the disk, so that it covers what earlier calls wrote and what the disk made of it. */
async function findFault(
  path: string,
  { bytes, etag }: FileInfo,
): Promise<{ expected: string; received: string } | null> {
  const size = await sizeOf(path);
  if (size !== bytes) return { expected: `${bytes} bytes`, received: `${size ?? 0} bytes` };
  const isSha256 = /^[0-9a-f]{64}$/.test(etag);
  if (!isSha256 && !/^[0-9a-f]{40}$/.test(etag)) return null;
  const hash = createHash(isSha256 ? "sha256" : "sha1");
  if (!isSha256) hash.update(`blob ${bytes}\0`); // as git names its blobs
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  } catch (error) {
    throw toFileError(error, path, "read");
  }
  const digest = hash.digest("hex");
  const name = isSha256 ? "sha256" : "git sha1";
  return digest === etag ? null : { expected: `bytes with ${name} ${etag}`, received: digest };
}
