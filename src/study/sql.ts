/** Where studies lie: a folder, through PGlite, which is PostgreSQL in this process; or a PostgreSQL server. One dialect. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ensureWritableFolder, toFileError } from "../base/files.js";
import { FileError } from "../base/index.js";
import { acquireLock } from "../folders/index.js";
import { openDurably } from "./durable.js";
import { openServer } from "./server.js";

export type Row = Readonly<Record<string, unknown>>;

export interface Sql {
  /**
   * @param values for `$1`, `$2` …
   * @throws {FileError} when the database refuses, or its disk does. @throws {NetworkError} when a server stays away.
   */
  query(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /**
   * Keeps other processes from writing to this study until all is closed; the server's others may read it. A folder is held as
   * a whole, from the start.
   *
   * @throws {FileError} when another process has it.
   */
  hold(study: string): Promise<void>;
  close(): Promise<void>;
}

export const isServer = (place: string): boolean => /^postgres(ql)?:\/\//.test(place);

/** As it may be shown: a password is nobody's business. */
export function shownPlace(place: string): string {
  if (!isServer(place)) return place;
  if (!URL.canParse(place)) return place.replace(/\/\/.*@/, "//");
  const url = new URL(place);
  url.password = "";
  url.searchParams.delete("password");
  return url.href;
}

/**
 * @param place a folder or an address `postgres://user:password@host/database`.
 * @param create whether a folder without studies becomes one with them.
 * @throws {FileError} when another process has the folder open, or there is none and none may be made.
 * @throws {NetworkError} when the server cannot be reached.
 */
export const openSql = (place: string, { create }: { readonly create: boolean }): Promise<Sql> =>
  isServer(place) ? openServer(place, shownPlace(place)) : openFolder(place, create);

async function openFolder(folder: string, create: boolean): Promise<Sql> {
  const data = join(folder, "database");
  if (!create && (await stat(data).catch(() => null)) === null) {
    throw new FileError({
      at: folder,
      expected: "a folder with studies",
      received: "none",
      hint: "`bantam search DATA --study DIR` begins one",
    });
  }
  await ensureWritableFolder(folder);
  const lock = await acquireLock(join(folder, "lock"), folder);
  try {
    const database = await openDurably(data);
    return {
      query: async (text, values = []) => {
        try {
          return (await database.query<Row>(text, [...values])).rows;
        } catch (error) {
          throw refused(data, error);
        }
      },
      hold: async () => {},
      async close() {
        await database.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw refused(data, error);
  }
}

function refused(at: string, error: unknown): FileError {
  const known = toFileError(error, at, "write");
  if (known instanceof FileError) return known;
  const received = error instanceof Error ? error.message : String(error);
  return new FileError({ at, expected: "a database that does as it is asked", received }, { cause: error });
}
