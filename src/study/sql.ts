/** Where studies lie: a folder, through PGlite, which is PostgreSQL in this process; or a PostgreSQL server. One dialect. */
import { stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { ensureWritableFolder, toFileError } from "../base/files.js";
import { FileError, NetworkError } from "../base/index.js";
import { openDurably } from "./durable.js";
import { acquireLock } from "./lock.js";

export type Row = Readonly<Record<string, unknown>>;

export interface Sql {
  /** @param values for `$1`, `$2` … */
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

/**
 * @param place a folder or an address `postgres://user:password@host/database`.
 * @param create whether a folder without studies becomes one with them.
 * @throws {FileError} when another process has the folder open, or there are no studies and none may be made.
 * @throws {NetworkError} when the server cannot be reached.
 */
export const openSql = (place: string, { create }: { readonly create: boolean }): Promise<Sql> =>
  isServer(place) ? openServer(place) : openFolder(place, create);

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
      query: async (text, values = []) => (await database.query<Row>(text, [...values])).rows,
      hold: async () => {},
      async close() {
        await database.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    const known = toFileError(error, data, "write");
    if (known instanceof FileError) throw known;
    throw new FileError(
      { at: data, expected: "a database that PostgreSQL can open", received: String(error) },
      { cause: error },
    );
  }
}

/** Advisory locks of PostgreSQL are two numbers; the first stands for Bantam's studies, the second for the one of a name. */
const LOCKS = 0x62616e74;

async function openServer(address: string): Promise<Sql> {
  const at = address.replace(/\/\/[^@/]*@/, "//"); // a password is nobody's business
  const { default: pg } = await import("pg");
  const name = `bantam, process ${process.pid} on ${hostname()}`;
  const client = new pg.Client({ connectionString: address, application_name: name, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {}); // the query under way fails, and says so
  try {
    await client.connect();
  } catch (error) {
    throw new NetworkError(
      { at, expected: "a PostgreSQL server", received: error instanceof Error ? error.message : String(error) },
      { cause: error },
    );
  }
  const query = async (text: string, values: readonly unknown[] = []): Promise<readonly Row[]> =>
    (await client.query<Row>(text, [...values])).rows;
  const hold = async (study: string) => {
    const [held] = await query("select pg_try_advisory_lock($1, hashtext($2)) as mine", [LOCKS, study]);
    if (held?.mine === true) return;
    const [owner] = await query(
      `select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
       where l.locktype = 'advisory' and l.granted and l.classid::bigint = $1 and l.objid::bigint = hashtext($2)::bigint & 4294967295`,
      [LOCKS, study],
    );
    throw new FileError({
      at: `${at}, study ${study}`,
      expected: "a study that no other process writes to",
      received: `one that is open in ${owner?.name ?? "another process"}`,
      hint: "wait for it, or stop it first",
    });
  };
  return { query, hold, close: () => client.end() };
}
