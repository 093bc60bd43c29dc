/**
 * Kills a search with SIGKILL at fifty random moments and lets it go on; then compares it with one that was never stopped.
 *
 *     npx jiti scripts/kill-search.ts [--kills 50] [--strategy evolution] [--seed 0]
 *
 * The search is replayed on the small space of `results/small-space`, a few milliseconds a trial, in a process of its own, with its
 * trials in a study on disk. Exits with 1 when a finished trial was lost, counted twice, or another candidate proposed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRng, type Rng } from "../src/base/index.js";
import { costsOfProfile } from "../src/cost/index.js";
import { countArchitecture } from "../src/networks/index.js";
import { createStrategy, type SearchSpace, type Trial } from "../src/search/index.js";
import { parseTable, replay } from "../src/search/tabular.js";
import { openStudyStore, type StoredTrial, searchInStudy } from "../src/study/index.js";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    strategy: { type: "string", default: "evolution" },
    seed: { type: "string", default: "0" },
    worker: { type: "string" },
    trials: { type: "string", default: "400" },
  },
});
const results = new URL("../results/small-space/", import.meta.url);
const seed = Number(values.seed);
const jiti = fileURLToPath(import.meta.resolve("jiti/package.json")).replace("package.json", "lib/jiti-cli.mjs");

/** One search in the study at `place`, as far as it comes; a line for each trial that is on disk. */
async function search(place: string, pause: number): Promise<readonly Trial[]> {
  const space = JSON.parse(await readFile(new URL("space.json", results), "utf8")) as SearchSpace;
  const table = parseTable(await readFile(new URL("trials-0.csv", results), "utf8"), space, "trials-0.csv");
  const store = await openStudyStore(place);
  try {
    return await searchInStudy(
      store,
      { name: "kill", settings: { seed, strategy: values.strategy } },
      {
        arms: [createStrategy(values.strategy), ...(values.strategy === "random" ? [] : [createStrategy("random")])],
        gate: { space, budget: {}, costsOf: (architecture) => costsOfProfile(countArchitecture(architecture)) },
        objective: { costs: ["macs", "params"], reward: ({ accuracy }) => accuracy },
        ...{ epochs: 3, images: 6000, rng: createRng(seed) },
        async train(assignment) {
          await wait(pause);
          return replay(table, space)(assignment);
        },
        until: (trials) => trials.length >= Number(values.trials),
        record: async ({ id }) => void process.stdout.write(`${id}\n`),
      },
    );
  } finally {
    await store.close();
  }
}

if (values.worker !== undefined) {
  await search(values.worker, 20);
  process.stdout.write("end\n");
} else {
  const folder = await mkdtemp(join(tmpdir(), "bantam-kill-"));
  const broken = join(folder, "broken");
  const moments = createRng(seed).fork("moments");
  let [kills, finished] = [0, -1];
  let ended = false;
  while (!ended) {
    const child = spawn(
      process.execPath,
      [
        jiti,
        fileURLToPath(import.meta.url),
        "--worker",
        broken,
        "--strategy",
        values.strategy,
        "--seed",
        values.seed,
        "--trials",
        values.trials,
      ],
      { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env } },
    );
    let text = "";
    child.stdout!.on("data", (chunk: Buffer) => {
      text += chunk;
    });
    const exit = once(child, "exit");
    if (kills < Number(values.kills)) {
      await Promise.race([exit, moment(child, () => text.length > 0, moments)]);
      child.kill("SIGKILL");
      kills++;
    }
    const [code] = await exit;
    ended = text.endsWith("end\n");
    if (!ended && code !== null) throw new Error(`the search ended with ${code} of its own`);
    const said = text
      .split("\n")
      .slice(0, -1)
      .filter((line) => line !== "end")
      .map(Number);
    finished = Math.max(finished, ...said);
    const trials = await trialsIn(broken);
    if (trials.length <= finished)
      throw new Error(`trial ${finished} was said to be on disk; there are ${trials.length}`);
    process.stderr.write(`kill ${kills}: ${trials.length} trials\n`);
  }
  const whole = await search(join(folder, "whole"), 0);
  const trials = await trialsIn(broken);
  const facts = (trial: {
    id: number;
    arm: string;
    accuracy: number;
    parent: number | null;
    sameAs: number | null;
    compute: number;
  }) => [trial.id, trial.arm, trial.accuracy, trial.parent, trial.sameAs, trial.compute].join(" ");
  const same =
    trials.length === whole.length &&
    trials.every(
      (trial, i) =>
        facts(trial) === facts(whole[i]!) && JSON.stringify(trial.subject) === JSON.stringify(whole[i]!.candidate),
    );
  await rm(folder, { recursive: true });
  process.stderr.write(
    `${kills} kills, ${trials.length} trials, ${same ? "the same as" : "OTHER THAN"} those of an unbroken search\n`,
  );
  process.exitCode = same ? 0 : 1;
}

/** None where it was killed before there was a study. */
async function trialsIn(place: string): Promise<readonly StoredTrial[]> {
  const store = await openStudyStore(place);
  try {
    const studies = await store.list();
    return studies.length === 0 ? [] : (await store.read("kill")).trials;
  } finally {
    await store.close();
  }
}

/** Anywhere in the opening of a study, or, more often, a few trials later: in a training, or in a write. */
async function moment(child: ChildProcess, began: () => boolean, moments: Rng): Promise<void> {
  if (moments.uniform() < 0.25) return void (await wait(1500 * moments.uniform()));
  while (!began() && child.exitCode === null) await wait(5);
  await wait(300 * moments.uniform());
}
