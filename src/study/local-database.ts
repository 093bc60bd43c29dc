/** Studies in a folder, through PGlite, which is PostgreSQL in this process. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureWritableFolder, toFileError } from "../base/files.js";
import { BantamError, FileError, messageOf } from "../base/index.js";
import { acquireLock } from "../folders/index.js";
import { copyOf } from "./copy.js";
import { openDurably } from "./durable.js";
import type { Row, Sql } from "./sql.js";

/** @throws {FileError} when another process has the folder open to write. */
export async function openToWrite(folder: string): Promise<Sql> {
  const data = join(folder, "database");
  await ensureWritableFolder(folder);
  const lock = await acquireLock(join(folder, "lock"), folder);
  try {
    return sqlOn(await openDurably(data), data, () => lock.release());
  } catch (error) {
    await lock.release().catch(() => {});
    throw refused(data, error);
  }
}

/** Of a copy: PostgreSQL writes even where it is asked to read, and the folder may be another's, or of a disk that takes nothing. */
export async function openToRead(folder: string): Promise<Sql> {
  const copy = await copyOf(join(folder, "database"));
  const remove = () => rm(copy, { recursive: true, force: true });
  try {
    const at = join(copy, "database");
    return sqlOn(await openDurably(at, () => {}), at, remove);
  } catch (error) {
    await remove().catch(() => {});
    throw refused(copy, error);
  }
}

function sqlOn(database: Awaited<ReturnType<typeof openDurably>>, at: string, closed: () => Promise<void>): Sql {
  return {
    query: async (text, values = []) => {
      try {
        return (await database.query<Row>(text, [...values])).rows;
      } catch (error) {
        throw refused(at, error);
      }
    },
    hold: async () => {},
    async close() {
      // A full disk may refuse even that; what was recorded is in the log, and the next to open it goes on from there.
      await database.close().catch(() => {});
      await closed();
    },
  };
}

/** What the C library calls what the file system says, in messages of PostgreSQL. */
const spoken: readonly (readonly [RegExp, string])[] = [
  [/no space left on device/i, "ENOSPC"],
  [/quota exceeded/i, "EDQUOT"],
  [/read-only file system/i, "EROFS"],
  [/input\/output error|i\/o error/i, "EIO"],
  [/permission denied/i, "EACCES"],
  [/too many open files|no file descriptors available/i, "EMFILE"],
];

function refused(at: string, error: unknown): unknown {
  if (error instanceof BantamError) return error;
  const received = messageOf(error);
  const code = spoken.find(([words]) => words.test(received))?.[1];
  const known = toFileError(code === undefined ? error : Object.assign(new Error(received), { code }), at, "write");
  if (known instanceof FileError) return known;
  return new FileError({ at, expected: "a database that does as it is asked", received }, { cause: error });
}
