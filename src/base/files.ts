/**
 * Writing files so that a crash, a full disk or a pulled plug leaves either the old file or the new one, never half of one.
 * Node only, and so not part of `base/index.ts`.
 */
import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { FileError } from "./errors.js";
import { lastly } from "./lastly.js";
import { lives, thisProcess } from "./living.js";
import { sha256 } from "./sha256.js";
import { messageOf } from "./thrown.js";

export { lives, type ProcessMark, thisProcess } from "./living.js";

/** Chunks of a file too large to hold at once are given as an iterable. */
export type FileData = Uint8Array | string | Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

/**
 * Write a whole file: to a temporary name in the same folder, flushed to the disk, then renamed over `path`.
 * A symbolic link is followed; a device or a pipe is written directly, as it has no content to protect.
 *
 * @param path its folder must exist.
 * @throws {FileError} when it cannot be written. The old file is untouched and the temporary one is gone.
 *   What `data` throws while it is iterated passes through, after the same cleaning up.
 */
export async function writeFileAtomic(path: string, data: FileData): Promise<void> {
  try {
    const old = await stat(path).catch(absent);
    if (old?.isDirectory()) throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
    if (old !== null && !old.isFile()) return await withHandle(await open(path, "w"), (file) => writeFile(file, data));
    await replace(old === null ? path : await realpath(path), data, old?.mode);
  } catch (error) {
    throw toFileError(error, path, "write");
  }
}

/**
 * Create the folder (and those above it) where missing and prove by a small file that it can be written:
 * to be called before hours of work whose result goes there.
 *
 * @returns those that were created, the innermost first.
 * @throws {FileError} when it cannot be created or written.
 */
export async function ensureWritableFolder(path: string): Promise<readonly string[]> {
  try {
    const created = await createFolder(path);
    await probe(path);
    return created;
  } catch (error) {
    throw toFileError(error, path, "folder");
  }
}

/**
 * That `ensureWritableFolder` will succeed: before it is known whether there will be anything to write. What is made to see it is taken
 * away again, and lies nowhere but on the way to `path`.
 *
 * @throws {FileError} when it would not.
 */
export async function requireWritable(path: string, patience = 3): Promise<void> {
  try {
    const created = await createFolder(path);
    await probe(path).finally(() => removeEmptyFolders(created));
  } catch (error) {
    // Another process may have taken away what both of them tried.
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && patience > 1) return requireWritable(path, patience - 1);
    throw toFileError(error, path, "folder");
  }
}

/** Removes those of the folders that are empty, in their order. */
export async function removeEmptyFolders(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rmdir(path).catch(() => {});
}

async function probe(folder: string): Promise<void> {
  const file = temporaryIn(folder);
  await lastly(
    // A byte, as a full disk may still take an empty file.
    () => writeFile(file, "\n", { flag: "wx" }),
    () => rm(file, { force: true }),
  );
}

/**
 * Removes what processes that were killed while writing have left in a folder; a living one's files stay. Of those whose process
 * cannot be known, only the old ones go.
 *
 * @throws {FileError} when it cannot be removed.
 */
export async function removeHalfWritten(path: string): Promise<void> {
  try {
    for (const name of await readdir(path)) {
      if (!temporaryName.test(name)) continue;
      const file = join(path, name);
      const status = await stat(file).catch(absent);
      if (status !== null && isLeft(name, status.mtimeMs)) await rm(file, { force: true });
    }
  } catch (error) {
    throw toFileError(error, path, "folder");
  }
}

/** Earlier versions wrote random digits alone. */
const temporaryName = /^\.bantam-(?:[0-9a-f-]{13}|(?<host>[0-9a-f]{8})-(?<pid>\d+)-(?<start>\d+|x)-[0-9a-f]{8})\.tmp$/;
const HOURS_OF_DOUBT = 24;

function isLeft(name: string, changedMs: number): boolean {
  const { host, pid, start } = temporaryName.exec(name)?.groups ?? {};
  const own = thisProcess();
  if (host === hostDigits(own.host)) {
    return lives({ host: own.host, pid: Number(pid), start: start === "x" ? null : start! }) === false;
  }
  return Date.now() - changedMs > HOURS_OF_DOUBT * 3_600_000;
}

/**
 * The `FileError` for what Node's file system threw; anything else comes back as it is.
 *
 * @param purpose what was being done with `path`: reading the file, writing it, or writing into the folder.
 */
export function toFileError(error: unknown, path: string, purpose: "read" | "write" | "folder"): unknown {
  const code = fileErrorCode(error);
  const known = causes[code];
  if (known === undefined && !(error instanceof Error && "syscall" in error)) return error;
  const expected = {
    read: "a file that can be read",
    write: "a file that can be written",
    folder: "a folder that can be written",
  };
  const [received, hint] = known ?? [withoutCode(messageOf(error))];
  const facts = { at: path, expected: expected[purpose], received, errno: code };
  return new FileError(hint === undefined ? facts : { ...facts, hint }, { cause: error });
}

/** `ENOSPC` and the like, of what Node threw, or a program compiled to WebAssembly on top of it; "" of anything else. */
export function fileErrorCode(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  if ("name" in error && error.name === "ErrnoError" && "errno" in error) return wasiCodes[Number(error.errno)] ?? "";
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Emscripten's `ErrnoError` is no `Error` and has a number alone. @source WASI, preview 1, `errno` */
const wasiCodes: Readonly<Record<number, string>> = {
  2: "EACCES",
  19: "EDQUOT",
  20: "EEXIST",
  22: "EFBIG",
  29: "EIO",
  31: "EISDIR",
  32: "ELOOP",
  33: "EMFILE",
  37: "ENAMETOOLONG",
  41: "ENFILE",
  44: "ENOENT",
  48: "ENOMEM",
  51: "ENOSPC",
  54: "ENOTDIR",
  63: "EPERM",
  69: "EROFS",
};

/** `ENXIO: no such device or address, open '/dev/a'` → `no such device or address`. */
const withoutCode = (message: string) => message.replace(/^E[A-Z\d]+: /, "").replace(/, \w+( '.*')?$/s, "");

const causes: Readonly<Record<string, readonly [what: string, hint?: string]>> = {
  ENOSPC: ["a full disk", "free some space or choose a folder on another disk"],
  EDQUOT: ["a used-up disk quota", "free some of your space or choose a folder on another disk"],
  EFBIG: [
    "a file larger than the file system or `ulimit -f` allows",
    "choose a folder on another disk or raise the limit",
  ],
  EACCES: ["no permission", "check the owner and mode of the file and its folders, or choose another place"],
  EPERM: ["no permission", "check the owner, mode and attributes of the file and its folders, or choose another place"],
  EROFS: ["a read-only file system", "choose a folder on a disk that can be written"],
  ENOENT: ["a path that does not exist", "check the spelling; the folder must exist first"],
  ENOTDIR: ["a path that goes through a file as if it were a folder", "rename that file or choose another path"],
  EEXIST: ["a file where the folder should be", "rename that file or choose another folder"],
  EISDIR: ["a folder", "name a file inside it"],
  ENAMETOOLONG: ["a name too long for the file system", "choose a shorter one"],
  ELOOP: ["symbolic links that go in a circle", "check the links with `ls -l`"],
  EMFILE: ["too many open files", "close some programs or raise `ulimit -n`"],
  EIO: ["an input/output error of the disk", "check the disk and its connection"],
};

async function replace(path: string, data: FileData, mode = 0o666): Promise<void> {
  const folder = dirname(path);
  const temporary = temporaryIn(folder);
  try {
    await withHandle(await open(temporary, "wx", mode & 0o777), async (file) => {
      await writeFile(file, data);
      await file.sync(); // before the rename: some file systems would else order an empty file under the new name first
    });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  // Makes the rename itself durable. Not every platform can open a folder, and the file is complete either way.
  await open(folder, "r")
    .then(
      (handle) => withHandle(handle, (opened) => opened.sync()),
      () => {},
    )
    .catch(() => {});
}

/** As `mkdir` with `recursive`, which reports a read-only disk as "no such file". @returns what was created, the innermost first. */
async function createFolder(path: string): Promise<string[]> {
  const above = dirname(path);
  try {
    await mkdir(path);
    return [path];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A root of the file system may answer otherwise than with EEXIST.
    if ((await stat(path).catch(() => undefined))?.isDirectory()) return [];
    if (code !== "ENOENT" || above === path) throw error;
    const created = await createFolder(above);
    await mkdir(path).catch(async (late: NodeJS.ErrnoException) => {
      if (late.code === "EEXIST") return; // another process was faster
      await removeEmptyFolders(created);
      throw late;
    });
    return [path, ...created];
  }
}

/** Closes in every case; closing may itself report a write that failed late. */
const withHandle = (handle: FileHandle, use: (handle: FileHandle) => Promise<void>): Promise<void> =>
  lastly(
    () => use(handle),
    () => handle.close(),
  );

/** Tells whose it is; without the target's name, which may be long. */
function temporaryIn(folder: string): string {
  const { host, pid, start } = thisProcess();
  return join(folder, `.bantam-${hostDigits(host)}-${pid}-${start ?? "x"}-${randomUUID().slice(0, 8)}.tmp`);
}

const hostDigits = (host: string) => sha256(host).slice(0, 8);

/** For a `catch` where it is no fault that there is no such file or folder. */
function absent(error: NodeJS.ErrnoException): null {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
  return null;
}

/** null where there is no such file. @throws {FileError} when it cannot be read. */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path).catch(absent);
  } catch (error) {
    throw toFileError(error, path, "read");
  }
}

/** Paths of all files at any depth; none where there is no such folder. @throws {FileError} when it cannot be read. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  try {
    const entries = (await readdir(folder, { recursive: true, withFileTypes: true }).catch(absent)) ?? [];
    return entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
  } catch (error) {
    throw toFileError(error, folder, "read");
  }
}

/** Of a text that a person gives. */
const mostBytes = 64 * 1024 * 1024;

/**
 * A text file that a person gives (a recipe, a space, a table) in UTF-8, without the mark that some editors put before the text. A pipe is read as well.
 *
 * @throws {FileError} when it cannot be read, is longer than 64 MiB or no UTF-8; a file in UTF-16 is called that.
 */
export async function readTextFile(path: string): Promise<string> {
  const bytes = await readBounded(path);
  const expected = "text in UTF-8";
  const hint = "save it as UTF-8 in your editor";
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  // Text of the Latin alphabet without the mark: every other byte is zero.
  if (utf16 || (bytes.length > 1 && (bytes[0] === 0) !== (bytes[1] === 0)))
    throw new FileError({ at: path, expected, received: "text in UTF-16", hint });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FileError({ at: path, expected, received: "bytes that are none", hint }, { cause });
  }
}

async function readBounded(path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > mostBytes)
        throw new FileError({ at: path, expected: "a text file of at most 64 MiB", received: "a larger one" });
      chunks.push(chunk);
    }
  } catch (error) {
    throw toFileError(error, path, "read");
  }
  return Buffer.concat(chunks);
}
