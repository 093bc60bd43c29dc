import { availableParallelism } from "node:os";
import { readTextFile, writeFileAtomic } from "../../base/files.js";
import { FileError, InterruptedError, ModelError, parseJson, UsageError } from "../../base/index.js";
import { type LatencyConfiguration, type LatencyTable, type Provider, parseLatencyTable } from "../../cost/index.js";
import { isNetworkFile, readNetworkFile } from "../../jobs/index.js";
import {
  checkPredictions,
  extendConfiguration,
  measureNetwork,
  type Named,
  requireSameMachine,
  thisMachine,
} from "../../latency/index.js";
import { buildArchitecture, countArchitecture, parseNetwork } from "../../networks/index.js";
import { type LatencyCheck, type LatencyRow, renderLatency, renderLatencyCheck } from "../../report/index.js";
import { chooseEngine } from "../../runtime/index.js";
import { type Context, defineCommand } from "../command.js";
import { type FailedItem, settled, withoutFailures } from "../several.js";

/** Small and middling, of every family: their blocks cover a wide range of widths and sides. */
const spread = [
  ...["mobilenet-v1-0.25@128", "mobilenet-v1-0.5@160", "mobilenet-v2-0.35@96", "mobilenet-v2-0.5@160", "mobilenet-v2"],
  ...["mobilenet-v3-small", "mobilenet-v3-small-0.75@160", "mobilenet-v3-large@160", "mnasnet-small", "mnasnet-a1@160"],
  ...["efficientnet-lite0@160", "efficientnet-b0@160"],
];

export const benchCommand = defineCommand({
  name: "bench",
  summary: "Measure how long networks take on this machine, and predict it for networks that were never run",
  description:
    "Cold start, first run and warm median, each device and thread count in a process of its own. With --table, blocks are measured one by one into a file, and each network is predicted as if it were not in it.",
  examples: [
    ["bantam bench mobilenet-v2 efficientnet-b0@160", "every device, on one core and on all"],
    ["bantam bench mobilenet-v2 --threads 2 --device cpu", "one configuration"],
    ["bantam bench runs/photos/model.safetensors", "the network of a fit"],
    ["bantam bench --table laptop.json", "build a table of blocks, or go on with it, and check its predictions"],
    [
      "bantam bench --table laptop.json --keep-out mobilenet-v3-large",
      "and of a network that the table has never seen",
    ],
  ],
  arguments: {
    networks: {
      kind: "text",
      variadic: true,
      optional: true,
      placeholder: "NETWORK|FILE",
      help: "e.g. mobilenet-v2-0.5@160, a model (.safetensors) or an architecture (.json)",
    },
  },
  options: {
    threads: { kind: "integer", min: 1, max: 256, help: "threads; by default one, and all cores; one with --table" },
    device: { kind: "choice", of: ["cpu", "wasm"], help: "by default both; cpu with --table" },
    batch: { kind: "integer", min: 1, max: 1024, default: 1, help: "images per run" },
    seconds: { kind: "number", min: 0.05, max: 600, default: 2, help: "of warm runs for each line" },
    table: { kind: "path", help: "file of measured blocks, built where it is missing and completed where it is not" },
    "keep-out": {
      kind: "text",
      placeholder: "NETWORK,…",
      help: "with --table: networks to predict and never to build from",
    },
  },
  run: async ({ networks, table, keepOut, ...values }, context) => {
    if (table === undefined) {
      if (keepOut !== undefined)
        throw new UsageError({ at: "--keep-out", expected: "--table with it", received: "none" });
      return { kind: "measured" as const, ...(await measureAll(networks ?? [], values, context)) };
    }
    const words = networks === undefined || networks.length === 0 ? spread : networks;
    const apart = keepOut?.split(",") ?? [];
    const file = [...words, ...apart].find(isNetworkFile);
    if (file !== undefined) {
      const hint = "its name in the table would outlive its layers; without --table it is measured";
      throw new UsageError({ at: "--table", expected: "published networks beside it", received: file, hint });
    }
    const [within, kept] = [await settled(words, named), await settled(apart, named)];
    const failures = [...within.failures, ...kept.failures];
    const errors = withoutFailures(failures, within.results.length + kept.results.length, context);
    const checked = await buildAndCheck(table, within.results, kept.results, values, context);
    return { kind: "checked" as const, ...checked, errors };
  },
  show: (result, { colour, width }) =>
    result.kind === "measured"
      ? renderLatency(result.rows, { colour, width })
      : renderLatencyCheck(result, { colour, width }),
});

type Values = {
  readonly threads: number | undefined;
  readonly device: Provider | undefined;
  readonly batch: number;
  readonly seconds: number;
};

async function named(text: string): Promise<Named> {
  const word = text.trim();
  if (isNetworkFile(word)) return { word, architecture: await readNetworkFile(word) };
  const { name, ...options } = parseNetwork(word);
  return { word, architecture: buildArchitecture(name, options) };
}

/** Words that mean no network are named before anything is measured. */
async function measureAll(
  words: readonly string[],
  { threads, device, batch, seconds }: Values,
  context: Context,
): Promise<{ readonly rows: LatencyRow[]; readonly errors: FailedItem[] }> {
  const { signal, progress, warn } = context;
  if (words.length === 0) {
    throw new UsageError({ at: "bench", expected: "a network", received: "none", hint: "bantam bench mobilenet-v2" });
  }
  const found = await settled(words, named);
  const errors = withoutFailures(found.failures, found.results.length, context);
  const counts = threads === undefined ? [...new Set([1, availableParallelism()])] : [threads];
  const providers: Provider[] = device === undefined ? await availableProviders(warn) : [device];
  const settings = providers.flatMap((provider) => counts.map((count) => ({ provider, threads: count })));
  const rows: LatencyRow[] = [];
  progress.phase("bench");
  const measured = await settled(found.results, async ({ word, architecture }) => {
    for (const setting of settings) {
      progress.update({
        text: `${word}, ${setting.provider}, ${setting.threads === 1 ? "1 thread" : `${setting.threads} threads`}`,
        fraction: rows.length / (found.results.length * settings.length),
      });
      const options = { ...setting, batch, signal };
      const measured = await measureNetwork(architecture, options, { seconds, leastRuns: 5 });
      const { runtime, engineMs, loadMs, firstMs, timing } = measured;
      const { macs } = countArchitecture(architecture);
      const coldMs = engineMs + loadMs + firstMs;
      const row = { network: word, ...setting, runtime, batch, macs, coldMs, loadMs, firstMs, timing };
      rows.push(row);
    }
  });
  progress.done();
  const failures = measured.failures.map(({ item: { word }, error }) => ({ item: word, error }));
  return { rows, errors: [...errors, ...withoutFailures(failures, rows.length, context)] };
}

async function availableProviders(warn: Context["warn"]): Promise<Provider[]> {
  const { device } = await chooseEngine("auto", 1);
  if (device === "cpu") return ["cpu", "wasm"];
  warn("onnxruntime-node is not installed: only WebAssembly is measured");
  return ["wasm"];
}

async function buildAndCheck(
  file: string,
  networks: readonly Named[],
  apart: readonly Named[],
  { threads = 1, device = "cpu", batch }: Values,
  { signal, progress }: Context,
): Promise<LatencyCheck & { readonly file: string }> {
  const table = await readTable(file);
  if (table !== null) requireSameMachine(table, file);
  const isThis = (each: LatencyConfiguration) =>
    each.provider === device && each.threads === threads && each.batch === batch;
  const others = table?.configurations.filter((each) => !isThis(each)) ?? [];
  const known = table?.configurations.find(isThis);
  progress.phase("bench", "measuring blocks");
  const began = performance.now();
  const configuration = await extendConfiguration(
    known,
    networks,
    { provider: device, threads, batch, signal },
    async (extended, done, total) => {
      const document: LatencyTable = {
        format: "bantam-latency",
        version: 1,
        machine: thisMachine(),
        date: new Date().toISOString(),
        configurations: [...others, extended],
      };
      await writeFileAtomic(file, `${JSON.stringify(document, null, 1)}\n`);
      const secondsLeft = ((performance.now() - began) / 1000 / done) * (total - done);
      progress.update({ text: `${done} of ${total} graphs`, fraction: done / total, secondsLeft });
    },
  ).catch((error: unknown) => {
    throw error instanceof InterruptedError
      ? new InterruptedError({ ...error.facts, hint: `what is measured is in ${file}; the same command goes on` })
      : error;
  });
  progress.done();
  const rows = await checkPredictions(configuration, [...networks, ...apart], { signal });
  const { runtime, blocks, networks: whole } = configuration;
  return {
    file,
    configuration: { runtime, blocks: blocks.length, networks: whole.length },
    rows,
    meanAbsoluteError:
      rows.length === 0 ? null : rows.reduce((sum, { error }) => sum + Math.abs(error), 0) / rows.length,
  };
}

/** null where there is no such file yet. */
async function readTable(file: string): Promise<LatencyTable | null> {
  const text = await readTextFile(file).catch((error: unknown) => {
    if (error instanceof FileError && error.facts.errno === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  return parseLatencyTable(
    parseJson(text, file, "a latency table as JSON", (facts) => new ModelError(facts)),
    file,
  );
}
