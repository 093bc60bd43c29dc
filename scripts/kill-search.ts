/**
 * Kills a search with SIGKILL at fifty random moments and lets it go on; then compares it with one that was never stopped.
 *
 *     npx jiti scripts/kill-search.ts [--kills 50] [--strategy evolution] [--seed 0] [--trials 400]
 *
 * The search is replayed on the small space of `results/small-space`, a few milliseconds a trial, in a process of its own, with its
 * trials in a study on disk. Exits with 1 when a finished trial was lost, counted twice, or another candidate proposed. The test
 * `tests/kill-search.test.ts` does the same with a few kills.
 */
import { parseArgs } from "node:util";
import { killSearch, work } from "../tests/kill-search.js";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    strategy: { type: "string", default: "evolution" },
    seed: { type: "string", default: "0" },
    trials: { type: "string", default: "400" },
    worker: { type: "string" },
  },
});
const search = { strategy: values.strategy, seed: Number(values.seed), trials: Number(values.trials) };

if (values.worker !== undefined) {
  await work(values.worker, search);
} else {
  let done = 0;
  const { kills, broken, whole } = await killSearch(search, Number(values.kills), (trials) => {
    process.stderr.write(`kill ${++done}: ${trials} trials\n`);
  });
  const same = JSON.stringify(broken) === JSON.stringify(whole);
  process.stderr.write(
    `${kills} kills, ${broken.length} trials, ${same ? "the same as" : "OTHER THAN"} those of an unbroken search\n`,
  );
  process.exitCode = same && kills === Number(values.kills) ? 0 : 1;
}
