/**
 * Our training step beside others', in turn in one run.
 *
 *     npx jiti bench/training/run.ts --date 2026-01-31                        # all but TensorFlow.js; prints, adds to results.csv
 *     npx jiti bench/training/run.ts --date 2026-01-31 --only mobilenet-v2-224 --threads 2
 *     npx jiti bench/training/run.ts --date 2026-01-31 --only block --slow    # TensorFlow.js, too: a minute a step
 *     npx jiti bench/training/run.ts --date 2026-01-31 --device webgpu --machine "NVIDIA H100" --python python3  # beside PyTorch's CUDA
 *
 * glibc gives large blocks back to the system after each step and PyTorch then pays for them again, several times its own time where
 * fresh memory is slow. It is told to keep them, as ONNX Runtime does by itself.
 *
 * PyTorch and torchvision come from Debian (python3-torch, python3-torchvision); jax-js and TensorFlow.js from
 * `npm install --ignore-scripts` in bench/training/peers. A peer that is missing is named and left out.
 */
import { appendFile, stat } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Side, startSide } from "./side.js";

type Case = { readonly network: string; readonly batch: number; readonly resolution: number; readonly classes: number };

const cases: Readonly<Record<string, Case>> = {
  block: { network: "block", batch: 16, resolution: 56, classes: 0 },
  "mobilenet-v2-224": { network: "mobilenet-v2", batch: 16, resolution: 224, classes: 1000 },
  "mobilenet-v3-large-224": { network: "mobilenet-v3-large", batch: 16, resolution: 224, classes: 1000 },
  "efficientnet-b0-224": { network: "efficientnet-b0", batch: 16, resolution: 224, classes: 1000 },
  "mobilenet-v2-32": { network: "mobilenet-v2", batch: 128, resolution: 32, classes: 1000 },
  "mobilenet-v3-large-64": { network: "mobilenet-v3-large", batch: 128, resolution: 64, classes: 10 },
  "efficientnet-b0-32": { network: "efficientnet-b0", batch: 128, resolution: 32, classes: 1000 },
};

const { values: options } = parseArgs({
  options: {
    date: { type: "string" },
    only: { type: "string", multiple: true, default: Object.keys(cases) },
    threads: { type: "string", multiple: true, default: ["1", "2"] },
    rounds: { type: "string", default: "4" },
    slow: { type: "boolean", default: false },
    device: { type: "string", default: "cpu" },
    machine: { type: "string", default: cpus()[0]!.model },
    python: { type: "string", default: "/usr/bin/python3" },
  },
});
if (options.date === undefined)
  throw new Error("usage: run.ts --date DATE [--only CASE] [--threads N] [--rounds N] [--slow]");

/** Memory that a process touches for the first time is slow for the first dozen steps. */
const UNTIMED = 12;
const PER_ROUND = 4;
const COLUMNS =
  "date,machine,network,batch,resolution,threads,peer,version,variant,ours_ms,ours_low,ours_high,peer_ms,peer_low,peer_high,ratio,rounds";

const here = import.meta.dirname;
const jiti = join(here, "..", "..", "node_modules", "jiti", "lib", "jiti-cli.mjs");
const onChip = options.device === "webgpu";
const file = onChip ? join(here, "..", "..", "results", "training-gpu.csv") : join(here, "results.csv");
if (!(await stat(file).catch(() => null))) await appendFile(file, `${COLUMNS}\n`);

for (const name of options.only) {
  const chosen = cases[name];
  if (chosen === undefined) throw new Error(`--only: ${name} is none of ${Object.keys(cases).join(", ")}`);
  for (const threads of onChip ? ["1"] : options.threads) {
    if (Number(threads) <= availableParallelism()) await compare(name, chosen, threads);
  }
}

async function compare(name: string, { network, batch, resolution, classes }: Case, threads: string): Promise<void> {
  const sizes = [network, batch, resolution, classes, threads].map(String);
  const starts: (() => Promise<Side>)[] = [
    () => startSide(process.execPath, [jiti, join(here, "ours.ts"), ...sizes, options.device]),
    ...["nchw", "channels_last", ...(onChip ? ["channels_last-tf32"] : [])].map(
      (layout) => () =>
        startSide(options.python, [join(here, "torch_step.py"), ...sizes, layout, onChip ? "cuda" : "cpu"]),
    ),
  ];
  // They run on one thread.
  if (network === "block" && threads === "1" && !onChip) {
    const peers = options.slow ? ["jax.js", "tensorflow.js"] : ["jax.js"];
    starts.push(...peers.map((peer) => () => startSide(process.execPath, [join(here, "peers", peer), String(batch)])));
  }
  const started = await Promise.all(
    starts.map((start) =>
      start().catch((error: Error) => {
        console.error(`left out: ${error.message.trim().split("\n").at(-1)}`);
        return null;
      }),
    ),
  );
  const sides = started.filter((side) => side !== null);
  const times = sides.map(() => [] as number[]);
  const isSlow = ({ facts }: Side) => facts.peer === "TensorFlow.js";
  for (const side of sides) if (!isSlow(side)) await side.run(UNTIMED);
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const [i, side] of sides.entries()) {
      if (!isSlow(side)) times[i]!.push(...(await side.run(PER_ROUND)));
      else if (round === 0) times[i]!.push(...(await side.run(1)));
    }
  }
  for (const side of sides) side.end();
  const [ours, ...peers] = sides;
  for (const [i, { facts }] of peers.entries()) {
    if (facts.params !== ours!.facts.params && network !== "block")
      throw new Error(`${name}: ${facts.peer} has ${facts.params} parameters, ours ${ours!.facts.params}`);
    const [a, b] = [summary(times[0]!), summary(times[i + 1]!)];
    const ratio = b.median / a.median;
    const label = `${facts.peer} ${facts.version.split("+")[0]} ${facts.variant}`;
    console.log(
      `${name.padEnd(24)} ${threads} thread${threads === "1" ? " " : "s"} ${label.padEnd(34)} ours ${ms(a.median)} (${ms(a.low)} – ${ms(a.high)})  peer ${ms(b.median)} (${ms(b.low)} – ${ms(b.high)})  ${ratio.toFixed(2)} times as fast`,
    );
    const row = [
      ...[options.date, JSON.stringify(options.machine), network, batch, resolution, threads],
      ...[facts.peer, facts.version, facts.variant, a.median, a.low, a.high, b.median, b.low, b.high],
    ].map((cell) => (typeof cell === "number" && !Number.isInteger(cell) ? cell.toFixed(1) : cell));
    await appendFile(file, `${[...row, ratio.toFixed(3), options.rounds].join(",")}\n`);
  }
}

/** Median and quartiles: single steps are at the mercy of the machine. */
function summary(times: readonly number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

function ms(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`.padStart(8);
}
