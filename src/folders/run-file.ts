/** `run.json`: whose a folder is, what it was asked for, and everything that its results depend on. */
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../base/files.js";
import { sha256OfJson } from "../base/index.js";
import { checked, readDocument } from "./document.js";
import { type JobKind, jobKinds } from "./job-files.js";

type Json = Readonly<Record<string, unknown>>;

/** What runs a job; another one rounds differently. */
export type RanOn = { readonly name: string; readonly device: "cpu" | "wasm" | "webgpu"; readonly threads: number };

export const ranOnInWords = ({ name, threads }: Pick<RanOn, "name" | "threads">): string =>
  `${name} with ${threads} ${threads === 1 ? "thread" : "threads"}`;

export type RunFile = {
  readonly kind: JobKind;
  /** Version that began it. */
  readonly bantam: string;
  /** Identifies `facts`. */
  readonly key: string;
  /** As they were given. */
  readonly settings: Json;
  /** Everything that results depend on, engine and threads excepted. */
  readonly facts: Json;
  /** null before one is chosen. */
  readonly engine: RanOn | null;
  /** What the job found out and keeps to. */
  readonly [found: string]: unknown;
};

const FORMAT = "bantam-run-1";

const json = z.record(z.string(), z.unknown());

const schema = z.looseObject({
  format: z.literal(FORMAT),
  // Before there were others, all were trainings.
  kind: z.enum(jobKinds as [JobKind, ...JobKind[]]).default("train"),
  bantam: z.string(),
  key: z.string(),
  settings: json,
  facts: json,
  engine: z
    .object({ name: z.string(), device: z.literal(["cpu", "wasm", "webgpu"]), threads: z.int().min(1) })
    .nullable()
    .default(null),
});

export const keyOf = (facts: unknown): string => sha256OfJson(facts).slice(0, 32);

export const runFilePath = (folder: string) => join(folder, "run.json");

const wording = (folder: string) => ({
  at: runFilePath(folder),
  expected: `a run as this version writes it (${FORMAT})`,
  hint: "remove it and give the options of the run again: what the folder holds of it is gone on from",
});

export async function saveRunFile(folder: string, run: RunFile): Promise<void> {
  await writeFileAtomic(runFilePath(folder), `${JSON.stringify({ format: FORMAT, ...run }, null, 1)}\n`);
}

/** @returns null when there is none. @throws {ModelError} when it is not one of this version. */
export async function readRunFile(folder: string): Promise<RunFile | null> {
  const document = await readDocument(schema, wording(folder));
  if (document === null) return null;
  const { format: _, ...run } = document;
  return run;
}

/** The run with what its kind keeps, as that kind's schema has it. @throws {ModelError} naming the field that is wrong. */
export const checkedRun = <T>(folder: string, run: RunFile, kept: z.ZodType<T>): T =>
  checked(run, kept, wording(folder));
