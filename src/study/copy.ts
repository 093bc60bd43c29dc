/** A database to look into, while its owner may be writing. */
import { copyFile, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { toFileError } from "../base/files.js";
import { FileError } from "../base/index.js";

/** How often it is copied while it changes. */
const TRIES = 20;

/**
 * Copies the database into a folder of its own below the temporary one; the copy is removed by who asked for it. PGlite writes only when
 * it is asked something, so that files of which none changed meanwhile are those of one moment, and PostgreSQL starts from them
 * as after a pulled plug.
 *
 * @returns the folder in which `database` lies. @throws {FileError} when there is none, or the temporary folder takes no copy.
 */
export async function copyOf(database: string): Promise<string> {
  const place = join(tmpdir(), "bantam-study-");
  const folder = await mkdtemp(place).catch((error: unknown) => {
    throw toFileError(error, tmpdir(), "folder");
  });
  try {
    for (let tried = 0; tried < TRIES; tried++) {
      const before = await filesOf(database);
      await rm(join(folder, "database"), { recursive: true, force: true });
      if (await copied(database, join(folder, "database"), before)) return folder;
      await wait(50 * tried);
    }
    throw new FileError({
      at: dirname(database),
      expected: "a study that can be copied to be read",
      received: `one that another process changed during each of ${TRIES} copies`,
      hint: "wait for it, or stop it first",
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/** @returns false where anything changed meanwhile. */
async function copied(from: string, to: string, files: ReadonlyMap<string, string>): Promise<boolean> {
  for (const [name, state] of files) {
    try {
      if (state === "folder") await mkdir(join(to, name), { recursive: true });
      else if (name !== "postmaster.pid") await copyFile(join(from, name), join(to, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      // The source was just looked at: what fails for want of room or of permission to write is the copy.
      throw toFileError(error, isReading(error) ? join(from, name) : dirname(to), isReading(error) ? "read" : "folder");
    }
  }
  const after = await filesOf(from);
  return files.size === after.size && [...files].every(([name, state]) => after.get(name) === state);
}

const isReading = (error: unknown) =>
  ["EACCES", "EPERM", "EIO"].includes(String((error as NodeJS.ErrnoException).code));

/** Size and time of change of every file below, by its path; folders before what is in them. */
async function filesOf(database: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const visit = async (path: string): Promise<void> => {
    found.set(path, "folder");
    for (const entry of await readdir(join(database, path), { withFileTypes: true })) {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) await visit(inner);
      else {
        const { size, mtimeNs } = await stat(join(database, inner), { bigint: true });
        found.set(inner, `${size} ${mtimeNs}`);
      }
    }
  };
  try {
    await visit("");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      if (found.size === 1) throw none(database);
      return new Map(); // a file has gone since its folder was listed
    }
    throw toFileError(error, database, "read");
  }
  return found;
}

const none = (database: string) =>
  new FileError({
    at: dirname(database),
    expected: "a folder with studies",
    received: "none",
    hint: "`bantam search DATA --study DIR` begins one",
  });
