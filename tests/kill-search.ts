/** A search that is killed with SIGKILL at random moments and goes on each time, held against one that was never stopped. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createRng, type Rng } from "../src/base/index.js";
import { costsOfProfile } from "../src/cost/index.js";
import { countArchitecture } from "../src/networks/index.js";
import { createStrategy, runSearch, type SearchRun, type SearchSpace, type Trial } from "../src/search/index.js";
import { parseTable, replay } from "../src/search/tabular.js";
import { openStudyStore, type StoredTrial, searchInStudy } from "../src/study/index.js";

/** All trials of the search are replayed on the small space: a few milliseconds each. */
export type KilledSearch = { readonly strategy: string; readonly seed: number; readonly trials: number };

export type KillReport = {
  readonly kills: number;
  /** Trials that each process found on disk, of those that came so far. */
  readonly found: readonly number[];
  /** What is in the study at the end, and what an unbroken search has, a line a trial. */
  readonly broken: readonly string[];
  readonly whole: readonly string[];
};

const results = new URL("../results/small-space/", import.meta.url);
const script = fileURLToPath(new URL("../scripts/kill-search.ts", import.meta.url));
const jiti = fileURLToPath(import.meta.resolve("jiti/package.json")).replace("package.json", "lib/jiti-cli.mjs");
const STUDY = "kill";
/** Of a training, ms, so that most kills meet one. */
const PAUSE = 20;

/**
 * @param onKill told after each kill how many trials are known to be on disk.
 * @throws {Error} when a trial that a process said to be on disk is not, or a search ends of its own before it is through.
 */
export async function killSearch(
  search: KilledSearch,
  kills: number,
  onKill: (trials: number) => void = () => {},
): Promise<KillReport> {
  const folder = await mkdtemp(join(tmpdir(), "bantam-kill-"));
  try {
    const moments = createRng(search.seed).fork("moments");
    const found: number[] = [];
    let [done, onDisk] = [0, 0];
    const see = (count: number) => {
      if (count < onDisk) throw new Error(`${onDisk} trials were said to be on disk; there are ${count}`);
      found.push(count);
      onDisk = count;
    };
    while (done < kills) {
      const { start, trials, ended } = await runAndKill(folder, search, moments);
      if (start !== null) see(start);
      onDisk = Math.max(onDisk, ...trials.map((id) => id + 1));
      if (ended) break;
      onKill(onDisk);
      done++;
    }
    await searchIn(folder, search, 0, { open: see });
    const broken = (await trialsIn(folder)).map((trial) => line(trial, trial.subject));
    const whole = (await unbroken(search)).map((trial) => line(trial, trial.candidate));
    return { kills: done, found, broken, whole };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What a process of its own does: says how many trials it finds, does as many as it can, with a line for each that is on disk. */
export async function work(folder: string, search: KilledSearch): Promise<void> {
  const say = (words: string) => process.stdout.write(`${words}\n`);
  await searchIn(folder, search, PAUSE, {
    open: (count) => say(`start ${count}`),
    record: ({ id }) => say(`trial ${id}`),
  });
  say("end");
}

async function runAndKill(folder: string, { strategy, seed, trials }: KilledSearch, moments: Rng) {
  const words = ["--worker", folder, "--strategy", strategy, "--seed", String(seed), "--trials", String(trials)];
  const child = spawn(process.execPath, [jiti, script, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  const exit = once(child, "exit");
  await Promise.race([exit, moment(child, () => text.includes("trial"), moments)]);
  child.kill("SIGKILL");
  const [code] = await exit;
  const ended = text.endsWith("end\n");
  if (!ended && code !== null) throw new Error(`the search ended with ${code} of its own`);
  const start = /^start (\d+)\n/.exec(text);
  const told = [...text.matchAll(/^trial (\d+)\n/gm)].map(([, id]) => Number(id));
  return { ended, start: start && Number(start[1]), trials: told };
}

/** Anywhere in the opening of a study, or, more often, a few trials later: in a training, or in a write. */
async function moment(child: ChildProcess, began: () => boolean, moments: Rng): Promise<void> {
  if (moments.uniform() < 0.25) return void (await wait(1500 * moments.uniform()));
  while (!began() && child.exitCode === null) await wait(5);
  await wait(300 * moments.uniform());
}

async function runOf({ strategy, seed, trials }: KilledSearch, pause: number) {
  const space = JSON.parse(await readFile(new URL("space.json", results), "utf8")) as SearchSpace;
  const table = parseTable(await readFile(new URL("trials-0.csv", results), "utf8"), space, "trials-0.csv");
  return {
    arms: [createStrategy(strategy), ...(strategy === "random" ? [] : [createStrategy("random")])],
    gate: { space, budget: {}, costsOf: (architecture) => costsOfProfile(countArchitecture(architecture)) },
    objective: { costs: ["macs", "params"], reward: ({ accuracy }) => accuracy },
    epochs: 3,
    images: 6000,
    rng: createRng(seed),
    async train(assignment) {
      await wait(pause);
      return replay(table, space)(assignment);
    },
    until: (done) => done.length >= trials,
  } satisfies Omit<SearchRun, "recorded" | "record">;
}

type Told = { readonly open?: (trials: number) => void; readonly record?: (trial: Trial) => void };

async function searchIn(folder: string, search: KilledSearch, pause: number, { open, record }: Told): Promise<void> {
  const run = await runOf(search, pause);
  const store = await openStudyStore(join(folder, "study"));
  try {
    const [study] = await store.list();
    open?.(study?.trials ?? 0);
    const settings = { seed: search.seed, strategy: search.strategy };
    await searchInStudy(store, { name: STUDY, settings }, { ...run, record: async (trial) => record?.(trial) });
  } finally {
    await store.close();
  }
}

const unbroken = async (search: KilledSearch) =>
  runSearch({ ...(await runOf(search, 0)), recorded: [], record: async () => {} });

async function trialsIn(folder: string): Promise<readonly StoredTrial[]> {
  const store = await openStudyStore(join(folder, "study"), { create: false });
  try {
    return (await store.read(STUDY)).trials;
  } finally {
    await store.close();
  }
}

const line = (trial: Trial | StoredTrial, candidate: unknown) =>
  [
    ...[trial.id, trial.arm, trial.parent, trial.sameAs, trial.state, trial.epochs],
    ...[trial.accuracy, trial.curve.join(" "), trial.compute, JSON.stringify(candidate)],
  ].join(", ");
