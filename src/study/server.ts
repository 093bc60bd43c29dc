/**
 * Studies on a PostgreSQL server. A search takes hours, and servers are restarted and networks fail meanwhile: what is asked of one
 * that is away waits until it is back, and only then goes on where this process still holds its studies.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Client } from "pg";
import { BantamError, FileError, NetworkError } from "../base/index.js";
import type { Row, Sql } from "./sql.js";

/** Advisory locks of PostgreSQL are two numbers; the first stands for Bantam's studies, the second for the one of a name. */
const LOCKS = 0x62616e74;

/** How long to wait before each try to connect again, s: two minutes in all. */
const PAUSES = [1, 2, 4, 8, 15, 30, 60] as const;

/**
 * @param at the address, as it may be shown. @param pauses before each try to connect again, s.
 * @throws {NetworkError} when the server cannot be reached.
 */
export async function openServer(address: string, at: string, pauses: readonly number[] = PAUSES): Promise<Sql> {
  const { default: pg } = await import("pg");
  const session = `bantam ${randomUUID().slice(0, 8)}`;
  const held = new Set<string>();

  const connect = async (): Promise<Client> => {
    const opened = new pg.Client({
      connectionString: address,
      application_name: `${session}, process ${process.pid} on ${hostname()}`,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
    });
    opened.on("error", () => {}); // the query under way fails, and says so
    try {
      await opened.connect();
      for (const study of held) await lock(opened, study);
      return opened;
    } catch (error) {
      await opened.end().catch(() => {});
      throw error;
    }
  };

  const lock = async (client: Client, study: string): Promise<void> => {
    const { rows } = await client.query<Row>("select pg_try_advisory_lock($1, hashtext($2)) as mine", [LOCKS, study]);
    if (rows[0]?.mine === true) return;
    const { rows: owners } = await client.query<Row>(
      `select a.application_name as name, a.pid from pg_locks l join pg_stat_activity a using (pid)
       where l.locktype = 'advisory' and l.granted and l.classid::bigint = $1 and l.objid::bigint = hashtext($2)::bigint & 4294967295`,
      [LOCKS, study],
    );
    const [owner] = owners;
    const name = owner === undefined ? "another process" : String(owner.name);
    // Of this process itself: the server has not noticed yet that the connection is gone.
    if (name.startsWith(session)) {
      await client.query("select pg_terminate_backend($1)", [owner!.pid]);
      throw new Error(`study ${study} is still locked by the connection that was lost`);
    }
    throw new FileError({
      at: `${at}, study ${study}`,
      expected: "a study that no other process writes to",
      received: `one that is open in ${name}`,
      hint: "wait for it, or stop it first",
    });
  };

  const unreachable = (error: unknown, hint?: string) =>
    new NetworkError(
      { at, expected: "a PostgreSQL server", received: textOf(error), ...(hint !== undefined && { hint }) },
      { cause: error },
    );

  const reconnect = async (lost: unknown): Promise<Client> => {
    let last = lost;
    for (const pause of pauses) {
      await wait(pause * 1000);
      try {
        return await connect();
      } catch (error) {
        if (error instanceof BantamError) throw error;
        last = error;
      }
    }
    throw unreachable(last, "what was recorded is kept; the same command goes on when the server is back");
  };

  let client = await connect().catch((error: unknown) => {
    throw unreachable(error);
  });
  /** Does it once more after a connection was lost. */
  const patiently = async <T>(ask: (client: Client) => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await ask(client);
      } catch (error) {
        if (error instanceof BantamError) throw error;
        if (isRefusal(error)) {
          const expected = "a database where studies can be read and written";
          throw new FileError({ at, expected, received: textOf(error) }, { cause: error });
        }
        await client.end().catch(() => {});
        client = await reconnect(error);
      }
    }
  };
  return {
    query: (text, values = []) => patiently(async (client) => (await client.query<Row>(text, [...values])).rows),
    async hold(study) {
      if (held.has(study)) return;
      await patiently((client) => lock(client, study));
      held.add(study);
    },
    close: () => client.end(),
  };
}

/** The server's answer, where it stays: not that it shuts down (class 57) or that its connection broke (08). */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && "severity" in error && !/^(57P|08)/.test(String((error as { code?: unknown }).code));

const textOf = (error: unknown): string =>
  // An `AggregateError` of several addresses has no message of its own.
  error instanceof AggregateError
    ? error.errors.map(textOf).join(", ")
    : error instanceof Error
      ? error.message
      : String(error);
