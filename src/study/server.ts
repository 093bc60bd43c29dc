/**
 * Studies on a PostgreSQL server. A search takes hours, and servers are restarted and networks fail meanwhile: what is asked of one
 * that is away waits until it is back, and only then goes on where this process still holds its studies.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Client } from "pg";
import { BantamError, FileError, interruption, messageOf, NetworkError, type ServerAddress } from "../base/index.js";
import type { Row, Sql } from "./sql.js";

/** Advisory locks of PostgreSQL are two numbers; the first stands for Bantam's studies, the second for the one of a name. */
const LOCKS = 0x62616e74;

/** No question of a study takes nearly as long, ms: a server that says nothing is as good as away. */
const PATIENCE = 30_000;
/** After Ctrl-C, ms. */
const LAST_PATIENCE = 2000;

/** How long to wait before each try to connect again, s: two minutes in all. */
const PAUSES = [1, 2, 4, 8, 15, 30, 60] as const;

export type ServerOptions = {
  /** Ends all waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Before each try to connect again, s. */
  readonly pauses?: readonly number[];
  /** For an answer, ms. */
  readonly patience?: number;
};

/** Who speaks with what server. */
type Line = ServerAddress &
  Required<Omit<ServerOptions, "signal">> & {
    /** What this process is called there. */
    readonly session: string;
    /** Studies that it keeps others from writing to. */
    readonly held: Set<string>;
    readonly signal: AbortSignal | undefined;
  };

/**
 * @throws {NetworkError} when the server cannot be reached. @throws {FileError} when it has no such database, or not for this user.
 * @throws {InterruptedError} soon after the signal.
 */
export async function openServer(
  address: ServerAddress,
  { signal, pauses = PAUSES, patience = PATIENCE }: ServerOptions = {},
): Promise<Sql> {
  const session = `bantam ${randomUUID().slice(0, 8)}`;
  const line: Line = { ...address, session, held: new Set(), signal, pauses, patience };
  if (signal?.aborted) throw stopped(line);
  let client = await connect(line).catch((error: unknown) => {
    throw lasting(line, error) ?? unreachable(line, error);
  });
  /** Does it once more after a connection was lost. */
  const patiently = async <T>(ask: (client: Client) => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await inTime(line, ask(client));
      } catch (error) {
        const stays = lasting(line, error);
        if (stays !== null) throw stays;
        void leave(client);
        client = await reconnect(line, error);
      }
    }
  };
  return {
    query: (text, values = []) => patiently(async (client) => (await client.query<Row>(text, [...values])).rows),
    async hold(study) {
      if (line.held.has(study)) return;
      await patiently((client) => lock(line, client, study));
      line.held.add(study);
    },
    close: () => leave(client),
  };
}

/** With every study held that was before. */
async function connect(line: Line): Promise<Client> {
  const { default: pg } = await import("pg");
  const client: Client = new pg.Client({
    connectionString: line.full,
    application_name: `${line.session}, process ${process.pid} on ${hostname()}`,
    connectionTimeoutMillis: 10_000,
    query_timeout: line.patience,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
  });
  client.on("error", () => {}); // the query under way fails, and says so
  try {
    await inTime(line, client.connect());
    for (const study of line.held) await inTime(line, lock(line, client, study));
    return client;
  } catch (error) {
    void leave(client);
    throw error;
  }
}

/** Tries until the pauses are over. */
async function reconnect(line: Line, lost: unknown): Promise<Client> {
  const { pauses, signal } = line;
  let last = lost;
  for (const pause of pauses) {
    await wait(pause * 1000, undefined, { signal }).catch(() => {});
    if (signal?.aborted) throw stopped(line);
    try {
      return await connect(line);
    } catch (error) {
      // A database that is gone does not come back, as a server does.
      const stays = lasting(line, error);
      if (stays !== null) throw stays;
      last = error;
    }
  }
  throw unreachable(line, last, "what was recorded is kept; the same command goes on when the server is back");
}

async function lock({ session, shown }: Line, client: Client, study: string): Promise<void> {
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
    at: `${shown}, study ${study}`,
    expected: "a study that no other process writes to",
    received: `one that is open in ${name}`,
    hint: "wait for it, or stop it first",
  });
}

/** The error that asking again would not mend; null where the server is away. */
function lasting({ shown }: Line, error: unknown): unknown {
  if (error instanceof BantamError) return error;
  if (!isRefusal(error)) return null;
  const expected = "a database where studies can be read and written";
  return new FileError({ at: shown, expected, received: messageOf(error) }, { cause: error });
}

const unreachable = ({ shown }: Line, error: unknown, hint?: string): NetworkError =>
  new NetworkError(
    { at: shown, expected: "a PostgreSQL server", received: messageOf(error), ...(hint !== undefined && { hint }) },
    { cause: error },
  );

const stopped = ({ shown, signal }: Line) => interruption(signal, shown, "the work with its studies to finish");

/** What is asked goes on for a moment after Ctrl-C, and no longer. @throws {InterruptedError} then. */
async function inTime<T>(line: Line, asked: Promise<T>): Promise<T> {
  const { signal } = line;
  if (signal === undefined) return asked;
  const settled = new AbortController();
  const over = (async () => {
    if (!signal.aborted) await once(signal, "abort", { signal: settled.signal });
    await wait(LAST_PATIENCE, undefined, { signal: settled.signal });
    throw stopped(line);
  })();
  over.catch(() => {});
  try {
    return await Promise.race([asked, over]);
  } finally {
    settled.abort();
  }
}

/** A server that is away does not say goodbye: it is waited for a moment, and its connection keeps no process from ending. */
async function leave(client: Client): Promise<void> {
  (client as Client & { unref(): void }).unref(); // the types lack it
  await Promise.race([client.end().catch(() => {}), wait(LAST_PATIENCE)]);
}

/**
 * The server's answer, where it stays: not that it shuts down or starts (class 57P), that its connection broke (08), or that it has too
 * many of them or too little memory at the moment (53), but for a full disk.
 */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error &&
  "severity" in error &&
  !/^(57P|08|53(?!100))/.test(String((error as { code?: unknown }).code));
