/**
 * Scores every candidate of the small space without training it, and holds the scores against the accuracies in
 * `results/small-space/trials-0.csv`.
 *
 *     npx jiti scripts/zero-cost.ts FASHION-MNIST-FOLDER [--trials FILE] [--cache FOLDER]
 *
 * FOLDER holds the official four files, of which the first 64 training images are looked at. Writes
 * `results/small-space/zero-cost.csv`; where that is complete, it is read instead.
 */
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bootstrapInterval, createRng, kendallTau, spearman } from "../src/base/index.js";
import {
  channelStatistics,
  fillBatch,
  firstGeometry,
  type ImageSet,
  openDataset,
  openImages,
  subset,
} from "../src/data/index.js";
import { type ZeroCostScores, zeroCostScores } from "../src/proxies/index.js";
import { chooseEngine } from "../src/runtime/index.js";
import { enumerateCandidates, type SearchSpace, spaceSize } from "../src/search/index.js";
import { choicesOf, decode, genesOf } from "../src/search/space.js";

const IMAGES = 64;
/** Networks' worth of random weights that each score is the mean of. */
const SEEDS = 3;
const DRAWS = 2000;
const columns = ["params", "macs", "synflow", "naswot", "gradient_norm"] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { trials: { type: "string" }, cache: { type: "string" } },
});
const [folder] = positionals;
if (folder === undefined) throw new Error("usage: zero-cost.ts FOLDER [--trials FILE] [--cache FOLDER]");
const results = new URL("../results/small-space/", import.meta.url);
const space = JSON.parse(await readFile(new URL("space.json", results), "utf8")) as SearchSpace;
const file = new URL("zero-cost.csv", results);

let table = await readTable(file).catch(() => []);
if (table.length < spaceSize(space)) {
  table = await scoreAll(folder);
  const lines = table.map(({ key, numbers }) => [key, ...columns.map((name) => numbers[name])].join(","));
  await writeFile(file, `choices,${columns.join(",")}\n${lines.join("\n")}\n`);
}

const trials = await readTable(values.trials ?? new URL("trials-0.csv", results));
const accuracyOf = new Map(trials.map(({ key, numbers }) => [key, numbers.epoch_3!]));
const known = table.filter(({ key }) => accuracyOf.has(key));
const accuracies = known.map(({ key }) => accuracyOf.get(key)!);
console.log(`${known.length} of ${table.length} candidates are trained`);
console.log("score          Kendall τ (95 %)        Spearman ρ (95 %)");
for (const name of columns) {
  const scores = known.map(({ numbers }) => numbers[name]!);
  const cells = [kendallTau, spearman].map((statistic) => {
    const options = { rng: createRng(7).fork(name), draws: DRAWS };
    const { low, high } = bootstrapInterval(scores, accuracies, statistic, options);
    return `${statistic(scores, accuracies).toFixed(3)} (${low.toFixed(3)} … ${high.toFixed(3)})`;
  });
  console.log(`${name.padEnd(14)} ${cells.join("  ")}`);
}

type Row = { readonly key: string; readonly numbers: Readonly<Record<string, number>> };

async function scoreAll(folder: string): Promise<Row[]> {
  const engine = await chooseEngine("cpu", 1);
  const cacheDir = values.cache ?? join(tmpdir(), "small-space");
  const dataset = await openDataset(folder, { seed: 0, cacheDir, maxSize: 28 });
  const samples = [...dataset.splits.train, ...dataset.splits.validation].sort((a, b) =>
    a.source.localeCompare(b.source, "en", { numeric: true }),
  );
  const parts = { ...dataset, splits: { ...dataset.splits, train: samples, validation: [] } };
  const first = Array.from({ length: IMAGES }, (_, i) => i);
  const sets = new Map<number, ImageSet>();
  for (const size of space.resolutions) {
    sets.set(size, subset(await openImages(parts, "train", { ...firstGeometry(dataset), size }, { cacheDir }), first));
  }
  const { mean, std } = channelStatistics(sets.get(28)!);
  const batchOf = (size: number) => {
    const set = sets.get(size)!;
    const images = new Float32Array(set.channels * IMAGES * size ** 2);
    fillBatch(set, first, { mean, std, augmentation: null, rng: null }, images);
    return { images, labels: set.labels };
  };

  const varied = genesOf(space).map(({ options }) => options.length > 1);
  const rows: Row[] = [];
  for (const candidate of enumerateCandidates(space)) {
    const architecture = decode(space, candidate);
    const batch = batchOf(architecture.resolution);
    const draws: ZeroCostScores[] = [];
    for (let seed = 0; seed < SEEDS; seed++) {
      draws.push(await zeroCostScores(architecture, { engine, batch, rng: createRng(seed) }));
    }
    const mean = (name: "synflow" | "naswot" | "gradientNorm") =>
      Number((draws.reduce((sum, scores) => sum + scores[name]!, 0) / SEEDS).toPrecision(7));
    const { params, macs } = draws[0]!;
    rows.push({
      key: choicesOf(space, candidate)
        .filter((_, i) => varied[i])
        .join(""),
      numbers: { params, macs, synflow: mean("synflow"), naswot: mean("naswot"), gradient_norm: mean("gradientNorm") },
    });
    if (rows.length % 32 === 0) process.stderr.write(`${rows.length}/${spaceSize(space)}\n`);
  }
  return rows;
}

async function readTable(path: URL | string): Promise<Row[]> {
  const [header, ...lines] = (await readFile(path, "utf8")).trim().split("\n");
  const names = header!.split(",");
  return lines.map((line) => {
    const [key, ...cells] = line.split(",");
    return { key: key!, numbers: Object.fromEntries(cells.map((cell, i) => [names[i + 1]!, Number(cell)])) };
  });
}
