/** Studies and their trials in SQL. Each trial is on disk before `add` returns, and counts once. */
import { z } from "zod";
import { FileError, ModelError, UsageError } from "../base/index.js";
import { checked } from "../folders/index.js";
import type { CostsAndLatency } from "../scaling/index.js";
import { type OpenOptions, openSql, shownPlace } from "./place.js";
import type { Row, Sql } from "./sql.js";
import { contradictionIn, trialFields } from "./trial-schema.js";

/** `scaling`: trainings of one baseline at several depths, widths and resolutions. */
export type StudyKind = "search" | "scaling";

/** A trial of any kind of study, as it is stored. */
export type StoredTrial = {
  /** Its place in the study, from 0. */
  readonly id: number;
  readonly arm: string;
  /** What was trained, as JSON: a candidate, or a scaled network. */
  readonly subject: unknown;
  readonly parent: number | null;
  readonly sameAs: number | null;
  readonly epochs: number;
  readonly costs: CostsAndLatency;
  readonly state: "finished" | "stopped" | "failed";
  readonly accuracy: number;
  readonly curve: readonly number[];
  /** Multiply-accumulates. */
  readonly compute: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  readonly error: string | null;
};

export type StudySummary = {
  readonly name: string;
  readonly kind: StudyKind;
  /** Everything its results depend on, as JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  readonly trials: number;
  readonly failed: number;
};

export interface StudyStore {
  /** In the order in which they were begun. */
  list(): Promise<readonly StudySummary[]>;
  /**
   * Begins a study, or goes on with it; until the store is closed, no other process may.
   *
   * @param overwrite removes one of that name first.
   * @returns its trials so far. @throws {FileError} when another process has it. @throws {UsageError} when there is one of that name with other settings; each is named.
   */
  open(
    name: string,
    kind: StudyKind,
    settings: StudySummary["settings"],
    overwrite?: boolean,
  ): Promise<readonly StoredTrial[]>;
  /** @throws {UsageError} when there is no study of that name. */
  read(name: string): Promise<{ readonly study: StudySummary; readonly trials: readonly StoredTrial[] }>;
  /** The same trial again changes nothing. @throws {FileError} when there is another of its number. */
  add(name: string, trial: StoredTrial): Promise<void>;
  close(): Promise<void>;
}

/**
 * The way from an empty database to today's tables. Steps are only ever added: a database remembers how many it has taken.
 *
 * Numbers are double precision throughout: exact for counts up to 2⁵³. `json` keeps the order of keys, `jsonb` would not.
 */
const STEPS: readonly string[] = [
  `create table if not exists studies (
    name text primary key,
    kind text not null,
    settings json not null,
    created_at timestamptz not null default clock_timestamp()
  )`,
  `create table if not exists trials (
    study text not null references studies (name),
    id integer not null,
    arm text not null,
    subject json not null,
    parent integer,
    same_as integer,
    epochs integer not null,
    params double precision not null,
    macs double precision not null,
    weight_bytes double precision not null,
    peak_activation_bytes double precision not null,
    state text not null check (state in ('finished', 'stopped', 'failed')),
    accuracy double precision not null,
    curve json not null,
    compute double precision not null,
    seconds double precision not null,
    images_per_second double precision not null,
    error text,
    finished_at timestamptz not null default clock_timestamp(),
    primary key (study, id)
  )`,
  "alter table trials add column if not exists latency_ms double precision",
];

const COLUMNS =
  "id, arm, subject, parent, same_as, epochs, params, macs, weight_bytes, peak_activation_bytes, latency_ms, state, accuracy, curve, compute, seconds, images_per_second, error";

/**
 * @param place a folder, or the address of a PostgreSQL server.
 * @throws {FileError} {NetworkError} {UsageError} as `openSql`.
 */
export async function openStudyStore(place: string, options: OpenOptions = { create: true }): Promise<StudyStore> {
  const sql = await openSql(place, options);
  const at = shownPlace(place);
  try {
    await migrate(sql, at, options);
    return storeOn(sql, at);
  } catch (error) {
    await sql.close().catch(() => {});
    throw error;
  }
}

/** Step and count are one statement each: a process killed in between repeats a step, which changes nothing the second time. */
async function migrate(sql: Sql, place: string, { create }: { readonly create: boolean }): Promise<void> {
  const [known] = await sql.query("select to_regclass('bantam_steps') is not null as there");
  if (known?.there !== true) {
    if (!create) throw new FileError({ at: place, expected: "a database with studies", received: "none" });
    await sql.query("create table if not exists bantam_steps (taken integer primary key)");
  }
  const [row] = await sql.query("select coalesce(max(taken), 0) as taken from bantam_steps");
  const taken = row!.taken as number;
  if (taken > STEPS.length) {
    throw new FileError({
      at: place,
      expected: `tables of ${STEPS.length} steps or fewer`,
      received: `${taken}, of a newer Bantam`,
      hint: "use that one, or update",
    });
  }
  for (const [i, step] of STEPS.entries()) {
    if (i < taken) continue;
    await sql.query(step);
    await sql.query("insert into bantam_steps values ($1) on conflict do nothing", [i + 1]);
  }
}

function storeOn(sql: Sql, at: string): StudyStore {
  const list = async (): Promise<readonly StudySummary[]> => {
    const rows = await sql.query(
      `select s.name, s.kind, s.settings, s.created_at, count(t.id)::int as trials, (count(*) filter (where t.state = 'failed'))::int as failed
       from studies s left join trials t on t.study = s.name group by s.name order by s.created_at, s.name`,
    );
    return rows.map((row) => summaryOf(row, at));
  };
  const trialsOf = async (name: string): Promise<readonly StoredTrial[]> =>
    (await sql.query(`select ${COLUMNS} from trials where study = $1 order by id`, [name])).map((row, place) =>
      trialOf(row, place, `${at}, study ${name}, trial ${place + 1}`),
    );

  return {
    list,
    async open(name, kind, settings, overwrite = false) {
      requireName(name, at);
      await sql.hold(name);
      if (overwrite) {
        await sql.query("delete from trials where study = $1", [name]);
        await sql.query("delete from studies where name = $1", [name]);
      }
      const known = (await list()).find((study) => study.name === name);
      if (known === undefined) {
        const row = [name, kind, JSON.stringify(settings)];
        await sql.query("insert into studies (name, kind, settings) values ($1, $2, $3)", row);
        return [];
      }
      requireSame(`${at}, study ${name}`, known, { kind, ...settings });
      return trialsOf(name);
    },
    async read(name) {
      const studies = await list();
      const study = studies.find((each) => each.name === name);
      if (study !== undefined) return { study, trials: await trialsOf(name) };
      const there = studies.map((each) => each.name).join(", ") || "none";
      throw new UsageError({ at, expected: "the name of a study", received: name, hint: `there: ${there}` });
    },
    async add(name, trial) {
      const values = valuesOf(trial);
      const places = values.map((_, i) => `$${i + 2}`).join(", ");
      const insert = `insert into trials (study, ${COLUMNS}) values ($1, ${places}) on conflict do nothing returning id`;
      if ((await sql.query(insert, [name, ...values])).length > 0) return;
      // It is there: this one, whose confirmation was lost with a connection, or another's.
      const there = (await trialsOf(name)).find(({ id }) => id === trial.id);
      if (there !== undefined && JSON.stringify(valuesOf(there)) === JSON.stringify(values)) return;
      throw new FileError({
        at: `${at}, study ${name}, trial ${trial.id + 1}`,
        expected: "no trial of this number",
        received: "one of another process",
        hint: "begin the search again: it goes on after what is there",
      });
    },
    close: () => sql.close(),
  };
}

/** @throws {UsageError} when a database, a terminal or a person could not tell it from another. */
function requireName(name: string, at: string): void {
  if (
    name.trim() !== "" &&
    name.length <= 200 &&
    !/[\p{Cc}\p{Surrogate}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(name)
  )
    return;
  throw new UsageError({
    at,
    expected: "a name of a study: 1 to 200 characters, none of them a control character",
    received: name.length > 200 ? `${name.length} characters` : JSON.stringify(name),
    hint: "give another --name",
  });
}

/** @throws {UsageError} naming every setting that differs. */
function requireSame(at: string, { kind, settings }: StudySummary, wanted: Readonly<Record<string, unknown>>): void {
  const before: Readonly<Record<string, unknown>> = { kind, ...settings };
  // Through JSON, where what is undefined is not there.
  const now = JSON.parse(JSON.stringify(wanted)) as typeof wanted;
  const text = (value: unknown) => (value === undefined ? "none" : JSON.stringify(value));
  const other = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
    (key) => text(before[key]) !== text(now[key]),
  );
  if (other.length === 0) return;
  const line = (from: typeof before) => other.map((key) => `${key} ${shortened(text(from[key]))}`).join(", ");
  throw new UsageError({
    at,
    expected: line(before),
    received: line(now),
    hint: "a study goes on with the settings it was begun with; give another --name or --study, or --overwrite to begin anew",
  });
}

export const shortened = (text: string) => (text.length <= 60 ? text : `${text.slice(0, 57)}...`);

const valuesOf = (trial: StoredTrial): readonly unknown[] => [
  ...[trial.id, trial.arm, JSON.stringify(trial.subject), trial.parent, trial.sameAs, trial.epochs],
  ...[trial.costs.params, trial.costs.macs, trial.costs.weightBytes, trial.costs.peakActivationBytes],
  trial.costs.latencyMs ?? null,
  ...[trial.state, trial.accuracy, JSON.stringify(trial.curve), trial.compute],
  // A text of PostgreSQL cannot hold the character 0, and an engine's message may.
  ...[trial.seconds, trial.imagesPerSecond, trial.error?.replaceAll("\0", "\ufffd") ?? null],
];

/** @param place its own in the study. @throws {ModelError} naming the column that is damaged. */
function trialOf(row: Row, place: number, at: string): StoredTrial {
  const { params, macs, weight_bytes, peak_activation_bytes, latency_ms, same_as, images_per_second, ...same } = row;
  const latency = latency_ms === null ? {} : { latencyMs: latency_ms };
  const costs = { params, macs, weightBytes: weight_bytes, peakActivationBytes: peak_activation_bytes, ...latency };
  const fields = { ...same, costs, sameAs: same_as, imagesPerSecond: images_per_second };
  const trial = checked(fields, storedTrial, { at, expected: "a trial as it was recorded", hint: rescue });
  if (trial.id === place) return trial as StoredTrial;
  const received = `trial ${trial.id + 1}`;
  throw new ModelError({ at, expected: "the next of those before it", received, hint: rescue });
}

const rescue = "the table was changed by something else: restore it, or begin anew with --overwrite or another --name";

const storedTrial = z.strictObject({ ...trialFields, subject: z.unknown() }).superRefine((trial, context) => {
  const found = contradictionIn(trial);
  if (found !== null) context.addIssue({ code: "custom", path: [found[0]], message: found[1] });
  for (const path of ["parent", "sameAs"] as const) {
    if ((trial[path] ?? -1) >= trial.id)
      context.addIssue({ code: "custom", path: [path], message: `expected an earlier trial, received ${trial[path]}` });
  }
});

const summaryOf = (row: Row, at: string): StudySummary =>
  checked({ ...row, created_at: undefined, createdAt: (row.created_at as Date).toISOString() }, summary, {
    at: `${at}, study ${row.name}`,
    expected: "a study as it was begun",
    hint: rescue,
  });

const summary = z.object({
  name: z.string(),
  kind: z.literal(["search", "scaling"]),
  settings: z.record(z.string(), z.unknown()),
  createdAt: z.string(),
  trials: z.int().min(0),
  failed: z.int().min(0),
});
