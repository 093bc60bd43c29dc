/**
 * Our exports against torchvision's on the same ONNX Runtime, in one process.
 *
 *     python3 bench/torchvision/export.py FOLDER
 *     npx jiti bench/torchvision/compare.ts FOLDER --date 2026-01-31     # prints a table, adds to results.csv
 *     npx jiti bench/torchvision/compare.ts FOLDER --profile             # where the time goes, by type of op
 *
 * `--pixels` takes our networks as they are shipped, from bytes to probabilities; `--loads` and `--network` make it shorter.
 *
 * Where a session's buffers happen to lie changes its speed by some percent, for as long as it lives. So both sides are loaded
 * anew several times, and the interval is over those loads. A second session of torchvision's file stands beside the two: its
 * ratio to the first shows what the method cannot tell apart.
 */
import "../../src/runtime/no-telemetry.js";
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
    loads: { type: "string", default: "10" },
    network: { type: "string", multiple: true, default: [...networks] },
  },
});
const folder = positionals[0];
if (folder === undefined || !(options.profile || options.date !== undefined)) {
  throw new Error("usage: compare.ts FOLDER (--date DATE | --profile) [--pixels] [--loads N] [--network NAME]");
}
const input: Input = options.pixels ? "pixels" : "image";
const batches = [1, 16];
const threadCounts = [1, 2].filter((threads) => threads <= availableParallelism());

/** Runs of a round. Those before them are not timed: the threads of the other side may still spin. */
const TIMED = { 1: 10, 16: 2 } as Readonly<Record<number, number>>;
const UNTIMED = 2;

/** Rounds of one load; who goes first changes from round to round. */
const ROUNDS = 3;

const COLUMNS =
  "date,machine,onnxruntime,network,input,batch,threads,ours_ms,theirs_ms,ratio,ratio_low,ratio_high,control,control_low,control_high";

for (const network of options.network) {
  const models = [await ours(network, input), await theirs(folder, network)] as const;
  for (const threads of threadCounts) {
    for (const batch of batches) {
      if (options.profile) await showProfile(network, models, batch, threads);
      else await showTimes(network, models, batch, threads);
    }
  }
}

async function showTimes(
  network: string,
  [our, their]: readonly [Uint8Array, Uint8Array],
  batch: number,
  threads: number,
) {
  const loads: (readonly [ours: number, theirs: number, control: number])[] = [];
  for (let i = 0; i < Number(options.loads); i++) {
    const sides = [
      { session: await load(our, { batch, threads, input }), times: [] as number[] },
      { session: await load(their, { batch, threads, input: "image" }), times: [] as number[] },
      { session: await load(their, { batch, threads, input: "image" }), times: [] as number[] },
    ] as const;
    for (let round = 0; round < ROUNDS; round++) {
      const first = (i + round) % sides.length;
      for (const { session, times } of [...sides.slice(first), ...sides.slice(0, first)]) {
        times.push(...(await timed(session, TIMED[batch]!)));
      }
    }
    for (const { session } of sides) await session.end();
    loads.push([median(sides[0].times), median(sides[1].times), median(sides[2].times)]);
  }
  const [ourTime, theirTime] = [median(loads.map(([ours]) => ours)), median(loads.map(([, theirs]) => theirs))];
  const ratio = interval(loads.map(([ours, theirs, control]) => ours / Math.sqrt(theirs * control)));
  const control = interval(loads.map(([, theirs, again]) => again / theirs));
  console.log(
    `${network.padEnd(20)} batch ${String(batch).padStart(2)}  threads ${threads}  ` +
      `ours ${ourTime.toFixed(2).padStart(7)} ms  torchvision ${theirTime.toFixed(2).padStart(7)} ms  ` +
      `ratio ${shown(ratio)}  control ${shown(control)}`,
  );
  await record([network, input, batch, threads], [ourTime, theirTime, ...ratio, ...control]);
}

/** Geometric mean of ratios and its 95 % interval by Student's t over the loads, the ratios taken as log-normal. */
function interval(ratios: readonly number[]): readonly [mean: number, low: number, high: number] {
  const logs = ratios.map(Math.log);
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  const half = studentT(logs.length - 1) * Math.sqrt(variance / logs.length);
  return [Math.exp(mean), Math.exp(mean - half), Math.exp(mean + half)];
}

/** The 97.5 % point of Student's t, by the first terms of its expansion about the normal one (Abramowitz and Stegun 26.7.5). */
function studentT(freedom: number): number {
  const z = 1.959964;
  const first = (z ** 3 + z) / (4 * freedom);
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
  return z + first + second + (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3);
}

function shown([mean, low, high]: readonly [number, number, number]): string {
  return `${mean.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
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

function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}

async function record(facts: readonly (string | number)[], numbers: readonly number[]): Promise<void> {
  const file = join(import.meta.dirname, "results.csv");
  const isNew = (await stat(file).catch(() => null)) === null;
  const machine = `${availableParallelism()} × ${cpus()[0]!.model.trim().replaceAll(",", " ")}`;
  const runtime = env.versions.node ?? env.versions.common;
  const row = [options.date, machine, runtime, ...facts, ...numbers.map((x) => x.toFixed(3))].join(",");
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
