/** A folder is one run's: it goes on there, begins there, or is told which run the folder holds. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { removeHalfWritten, toFileError } from "../base/files.js";
import { ModelError, UsageError } from "../base/index.js";
import type { Architecture } from "../networks/index.js";
import type { Engine } from "../runtime/index.js";
import { checkpointsBelow, runsIn } from "../training/index.js";
import type { Progress } from "./progress.js";
import { type RunFile, type RunSettings, readRunFile, runFilePath, saveRunFile } from "./run-file.js";
import { studyKey } from "./study.js";

export interface OpenRun {
  /** For the checkpoints. */
  readonly key: string;
  /** Found by the range test of an earlier call. */
  readonly learningRate: number | null;
  keepLearningRate(rate: number): Promise<void>;
  /** Chosen by the memory there was. */
  readonly parts: number | null;
  keepParts(parts: number): Promise<void>;
  /** Keeps what it runs on; a line where that is another engine than before. */
  runsOn(engine: Pick<Engine, "name" | "device" | "threads">, progress: Progress): Promise<void>;
}

/**
 * @param out the folder, which can be written. @param overwrite begins anew, whatever it holds.
 * @throws {UsageError} when the folder holds checkpoints of another run, with what differs.
 */
export async function openRun(
  out: string,
  run: Pick<RunFile, "settings" | "facts"> & {
    readonly overwrite?: boolean | undefined;
  },
): Promise<OpenRun> {
  const { settings } = run;
  const facts = JSON.parse(JSON.stringify(run.facts)) as RunFile["facts"];
  const key = studyKey(facts);
  const folder = join(out, "checkpoints");
  for (const place of [out, folder]) await removeHalfWritten(place);
  if (run.overwrite) await discard(out);
  const earlier = await readRunFile(out).catch((error: unknown) => {
    // The checkpoints tell whose they are.
    if (error instanceof ModelError) return null;
    throw error;
  });
  // Phases of a run have the run's key and a number.
  const isOurs = (saved: string) => saved === key || saved.startsWith(`${key}-`);
  const others = (await runsIn(folder)).filter((saved) => !isOurs(saved));
  if (others.length > 0) throw refusal(out, earlier, { key, settings, facts });

  const goesOn = earlier?.key === key ? earlier : null;
  const { engine = null, learningRate = null, parts = null } = goesOn ?? {};
  let file: RunFile = { key, settings, facts, engine, learningRate, parts };
  const keep = async (changes: Partial<RunFile>) => {
    file = { ...file, ...changes };
    await saveRunFile(out, file);
  };
  await keep({});
  return {
    ...{ key, learningRate, parts },
    keepLearningRate: (learningRate) => keep({ learningRate }),
    keepParts: (parts) => keep({ parts }),
    async runsOn({ name, device, threads }, progress) {
      if (engine !== null && engine.name !== name)
        progress.line(`begun on ${engine.name}, going on on ${name}: the results will be rounded differently`);
      await keep({ engine: { name, device, threads } });
    },
  };
}

/** @throws {ModelError} when the folder holds no run. */
export async function resumableRun(folder: string): Promise<Pick<RunFile, "settings" | "engine">> {
  const run = await readRunFile(folder);
  if (run !== null) return run;
  const hint = "give the --out folder of a `bantam train`, by default runs/DATA-NETWORK";
  throw new ModelError({ at: runFilePath(folder), expected: "a training's folder", received: "no such file", hint });
}

async function discard(out: string): Promise<void> {
  const folder = join(out, "checkpoints");
  for (const path of [...(await checkpointsBelow(folder)), join(folder, "device.json"), runFilePath(out)]) {
    await rm(path, { force: true }).catch((error: unknown) => {
      throw toFileError(error, path, "write");
    });
  }
}

type Asked = Pick<RunFile, "key" | "settings" | "facts">;

function refusal(out: string, there: RunFile | null, asked: Asked): UsageError {
  const hint = "give another --out, or --overwrite to begin anew in this one";
  // Of a fit, of an earlier version, or its file was lost.
  if (there === null || there.key === asked.key) {
    const received = "checkpoints of another training, without a run.json that tells of it";
    return new UsageError({ at: out, expected: "an empty folder or one of this training", received, hint });
  }
  const found = differences(there, asked);
  const list = (side: "there" | "asked") => found.map(({ what, ...values }) => `${what} ${values[side]}`).join(", ");
  const expected = `the options of the training that it holds (${list("there")})`;
  return new UsageError({ at: out, expected, received: list("asked"), hint });
}

type Difference = { readonly what: string; readonly there: string; readonly asked: string };

const MOST_SHOWN = 6;

/** What two runs differ in, in the words of the command line. */
function differences(there: Asked, asked: Asked): Difference[] {
  const leaves = [leavesOf(there.facts), leavesOf(asked.facts)] as const;
  const paths = [...new Set([...leaves[0].keys(), ...leaves[1].keys()])];
  const different = paths.filter((path) => leaves[0].get(path) !== leaves[1].get(path));
  const found: Difference[] = [];
  if (different.includes("data")) found.push({ what: "images", ...imagesOf(there, asked) });
  if (different.some((path) => path.startsWith("network."))) {
    const networks = { there: networkText(there.settings), asked: networkText(asked.settings) };
    // The same words for another network: other classes, or other tables of another version.
    if (networks.there !== networks.asked) found.push({ what: "--network", ...networks });
    else if (!different.includes("data")) found.push({ what: "layers", there: "as they were", asked: "others" });
  }
  for (const path of different) {
    if (path === "data" || path.startsWith("network.")) continue;
    const source = sources[path];
    if (source !== undefined) {
      found.push({ what: source, ...filesOf(there.settings, asked.settings, path === "weights" ? "from" : "teacher") });
      continue;
    }
    const value = (side: 0 | 1) => leaves[side].get(path) ?? "none";
    found.push({ what: options[path] ?? path, there: value(0), asked: value(1) });
  }
  return found.slice(0, MOST_SHOWN);
}

const options: Readonly<Record<string, string>> = {
  epochs: "--epochs",
  seed: "--seed",
  "recipe.batchSize": "--batch-size",
  "recipe.accumulate": "--accumulate",
  "recipe.learningRate": "--learning-rate",
};

/** Of whose contents there is a hash. */
const sources: Readonly<Record<string, string>> = { weights: "--from", "distillation.teacher": "--teacher" };

function filesOf(there: RunSettings, asked: RunSettings, option: "from" | "teacher"): Omit<Difference, "what"> {
  const [before, now] = [there[option]?.weights ?? "none", asked[option]?.weights ?? "none"];
  return before === now ? { there: `${before} as it was`, asked: "other contents" } : { there: before, asked: now };
}

function imagesOf(there: Asked, asked: Asked): Omit<Difference, "what"> {
  const [before, now] = [there.settings.data, asked.settings.data];
  return before === now ? { there: `of ${before} as they were`, asked: "others there" } : { there: before, asked: now };
}

const networkText = ({ network }: RunSettings) =>
  Object.entries(network ?? {})
    .filter(([key, value]) => value !== undefined && !(key === "depth" && value === 1))
    .map(([key, value]) => {
      if (key === "name") return value;
      return key === "table" ? (value as Architecture).name : `${key} ${value}`;
    })
    .join(" ");

/** By path, as JSON. */
function leavesOf(value: unknown, path = ""): Map<string, string> {
  if (typeof value !== "object" || value === null) return new Map([[path, JSON.stringify(value)]]);
  const below = Object.entries(value).flatMap(([key, part]) => [
    ...leavesOf(part, path === "" ? key : `${path}.${key}`),
  ]);
  return new Map(below.length === 0 ? [[path, JSON.stringify(value)]] : below);
}
