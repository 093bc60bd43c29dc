/**
 * Our exports against torchvision's on the same ONNX Runtime, in one process.
 *
 *     python3 bench/torchvision/export.py FOLDER
 *     npx jiti bench/torchvision/compare.ts FOLDER --date 2026-01-31     # prints a table, adds to results.csv
 *     npx jiti bench/torchvision/compare.ts FOLDER --profile             # where the time goes, by type of op
 *
 * `--pixels` takes our networks as they are shipped, from bytes to probabilities; `--rounds` and `--network` make it shorter.
 * Rounds alternate between the two sides, so that a machine that slows down slows both.
 */
import { appendFile, stat } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { env } from "onnxruntime-node";
import { type Input, networks, ours, theirs } from "./networks.js";
import { profile } from "./profile.js";
import { load, type Runnable } from "./session.js";

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    date: { type: "string" },
    profile: { type: "boolean", default: false },
    pixels: { type: "boolean", default: false },
    rounds: { type: "string", default: "15" },
    network: { type: "string", multiple: true, default: [...networks] },
  },
});
const folder = positionals[0];
if (folder === undefined || !(options.profile || options.date !== undefined)) {
  throw new Error("usage: compare.ts FOLDER (--date DATE | --profile) [--pixels] [--rounds N] [--network NAME]");
}
const input: Input = options.pixels ? "pixels" : "image";
const batches = [1, 16];
const threadCounts = [1, 2].filter((threads) => threads <= availableParallelism());

/** Runs of a round. Those before them are not timed: the threads of the other side may still spin. */
const TIMED = { 1: 10, 16: 2 } as Readonly<Record<number, number>>;
const UNTIMED = 2;

const COLUMNS =
  "date,machine,onnxruntime,network,input,batch,threads,ours_ms,theirs_ms,ratio,ours_q1,ours_q3,theirs_q1,theirs_q3";

type Quartiles = readonly [lower: number, median: number, upper: number];

for (const network of options.network) {
  const models = [await ours(network, input), await theirs(folder, network)] as const;
  for (const threads of threadCounts) {
    for (const batch of batches) {
      if (options.profile) await showProfile(network, models, batch, threads);
      else await showTimes(network, models, batch, threads);
    }
  }
}

async function showTimes(network: string, models: readonly [Uint8Array, Uint8Array], batch: number, threads: number) {
  const sides = [
    { session: await load(models[0], { batch, threads, input }), times: [] as number[] },
    { session: await load(models[1], { batch, threads, input: "image" }), times: [] as number[] },
  ] as const;
  for (let round = 0; round < Number(options.rounds); round++) {
    // Who goes first changes too.
    for (const { session, times } of round % 2 === 0 ? sides : sides.toReversed()) {
      times.push(...(await timed(session, TIMED[batch]!)));
    }
  }
  for (const { session } of sides) await session.end();
  const [our, their] = [quartilesOf(sides[0].times), quartilesOf(sides[1].times)];
  const shown = ([lower, median, upper]: Quartiles) =>
    `${median.toFixed(2)} ms (${lower.toFixed(2)} to ${upper.toFixed(2)})`.padEnd(30);
  console.log(
    `${network.padEnd(20)} batch ${String(batch).padStart(2)}  threads ${threads}  ` +
      `ours ${shown(our)} torchvision ${shown(their)} ratio ${(our[1] / their[1]).toFixed(3)}`,
  );
  await record([network, input, batch, threads], our, their);
}

/** Milliseconds of each run. */
async function timed({ run }: Runnable, runs: number): Promise<number[]> {
  for (let i = 0; i < UNTIMED; i++) await run();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  return times;
}

function quartilesOf(times: readonly number[]): Quartiles {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const above = sorted[Math.min(below + 1, sorted.length - 1)]!;
    return sorted[below]! + (place - below) * (above - sorted[below]!);
  };
  return [at(0.25), at(0.5), at(0.75)];
}

async function record(facts: readonly (string | number)[], our: Quartiles, their: Quartiles): Promise<void> {
  const file = join(import.meta.dirname, "results.csv");
  const isNew = (await stat(file).catch(() => null)) === null;
  const machine = `${availableParallelism()} × ${cpus()[0]!.model.trim().replaceAll(",", " ")}`;
  const numbers = [our[1], their[1], our[1] / their[1], our[0], our[2], their[0], their[2]].map((x) => x.toFixed(3));
  const row = [options.date, machine, env.versions.node ?? env.versions.common, ...facts, ...numbers].join(",");
  await appendFile(file, `${isNew ? `${COLUMNS}\n` : ""}${row}\n`);
}

async function showProfile(network: string, models: readonly [Uint8Array, Uint8Array], batch: number, threads: number) {
  const our = await profile(models[0], { batch, threads, input });
  const their = await profile(models[1], { batch, threads, input: "image" });
  console.log(`\n${network}, batch ${batch}, ${threads} threads: ms per run (nodes)`);
  console.log(`  ${"op".padEnd(24)}${"ours".padStart(18)}${"torchvision".padStart(18)}`);
  const cell = (sums: typeof our, type: string) => {
    const { milliseconds, nodes } = sums.get(type) ?? { milliseconds: 0, nodes: 0 };
    return `${milliseconds.toFixed(3)} (${String(nodes).padStart(3)})`.padStart(18);
  };
  for (const type of new Set([...our.keys(), ...their.keys()])) {
    console.log(`  ${type.padEnd(24)}${cell(our, type)}${cell(their, type)}`);
  }
  const total = (sums: typeof our) => [...sums.values()].reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  console.log(`  ${"all".padEnd(24)}${total(our).toFixed(3).padStart(12)}${total(their).toFixed(3).padStart(18)}`);
}
