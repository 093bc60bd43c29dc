/**
 * Trains weights that all candidates of the small space share, judges every candidate by them, and holds that against the accuracies
 * in `results/small-space/trials-0.csv`, which each candidate reached alone.
 *
 *     npx jiti scripts/supernet-small-space.ts FASHION-MNIST-FOLDER [--rule sandwich|single-path] [--epochs 20] [--seed 0]
 *
 * FOLDER holds the official four files. Writes a column of `results/small-space/supernet.csv` for the rule, and what training
 * and judging took, in multiply-accumulates, to `supernet.json` beside it.
 */
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bootstrapInterval, createRng, kendallTau, spearman } from "../src/base/index.js";
import { costsOfProfile } from "../src/cost/index.js";
import { countArchitecture } from "../src/networks/index.js";
import { chooseEngine } from "../src/runtime/index.js";
import { candidateKey, enumerateCandidates, type SearchSpace } from "../src/search/index.js";
import { parseTable } from "../src/search/tabular.js";
import { createSupernet } from "../src/supernet/index.js";
import { quickRecipe } from "../src/training/index.js";
import { smallSpaceImages } from "./small-space-images.js";

const DRAWS = 2000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rule: { type: "string", default: "sandwich" },
    epochs: { type: "string", default: "20" },
    seed: { type: "string", default: "0" },
    cache: { type: "string" },
  },
});
const [folder] = positionals;
if (folder === undefined || !["sandwich", "single-path"].includes(values.rule)) {
  throw new Error("usage: supernet-small-space.ts FOLDER [--rule sandwich|single-path]");
}
const results = new URL("../results/small-space/", import.meta.url);
const space = JSON.parse(await readFile(new URL("space.json", results), "utf8")) as SearchSpace;
const table = parseTable(await readFile(new URL("trials-0.csv", results), "utf8"), space, "trials-0.csv");
const { sets, normalization } = await smallSpaceImages(folder, space, values.cache ?? join(tmpdir(), "small-space"));
const epochs = Number(values.epochs);
const supernet = createSupernet({
  engine: await chooseEngine("cpu", 1),
  gate: { space, budget: {}, costsOf: (architecture) => costsOfProfile(countArchitecture(architecture)) },
  recipe: { ...quickRecipe, augmentation: { shift: 0, flip: false, erase: 0 } },
  rule: values.rule === "sandwich" ? { kind: "sandwich", random: 2 } : { kind: "single-path" },
  epochs,
  normalization,
  rng: createRng(Number(values.seed)).fork(`supernet ${values.rule}`),
  train: async (side) => sets.get(side)!.train,
  validation: async (side) => sets.get(side)!.validation,
});
while (supernet.state.epoch < epochs) {
  const losses: number[] = [];
  await supernet.trainEpoch({ onStep: ({ loss }) => void losses.push(loss) });
  const mean = losses.reduce((sum, loss) => sum + loss / losses.length, 0);
  process.stderr.write(`epoch ${supernet.state.epoch}/${epochs}: loss ${mean.toFixed(3)}\n`);
}
const training = supernet.state.compute;
let judging = 0;
const shared = new Map<string, number>();
for (const candidate of enumerateCandidates(space)) {
  const { accuracy, compute } = await supernet.evaluate(candidate);
  judging += compute;
  shared.set(candidateKey(space, candidate), accuracy);
  if (shared.size % 64 === 0) process.stderr.write(`judged ${shared.size}/${table.size}\n`);
}
await supernet.dispose();

const pairs = [...shared].map(([key, accuracy]) => [accuracy, table.get(key)!.curve.at(-1)!] as const);
const [ours, alone] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
for (const [name, statistic] of [
  ["Kendall τ", kendallTau],
  ["Spearman ρ", spearman],
] as const) {
  const { low, high } = bootstrapInterval(ours, alone, statistic, { rng: createRng(7).fork(name), draws: DRAWS });
  console.log(`${name.padEnd(11)} ${statistic(ours, alone).toFixed(3)} (95 % ${low.toFixed(3)} to ${high.toFixed(3)})`);
}
const meanOf = (some: readonly number[]) => some.reduce((sum, each) => sum + each / some.length, 0);
console.log(`accuracy    ${meanOf(ours).toFixed(4)} shared, ${meanOf(alone).toFixed(4)} alone, on average`);

await writeColumn(values.rule, shared);
const facts = await readJson(new URL("supernet.json", results));
await writeFile(
  new URL("supernet.json", results),
  `${JSON.stringify({ ...facts, [values.rule]: { epochs, training, judging } }, null, 2)}\n`,
);

/** Beside the columns of other rules. */
async function writeColumn(rule: string, accuracies: ReadonlyMap<string, number>): Promise<void> {
  const file = new URL("supernet.csv", results);
  const text = await readFile(file, "utf8").catch(() => "");
  const [header = "choices", ...lines] = text.trim() === "" ? [] : text.trim().split("\n");
  const names = header.split(",").slice(1);
  const rows = new Map(
    lines.map((line) => {
      const [key, ...cells] = line.split(",");
      return [key!, Object.fromEntries(names.map((name, i) => [name, cells[i]!]))];
    }),
  );
  const columns = [...new Set([...names, rule])];
  const body = [...accuracies].map(([key, accuracy]) => {
    const row = { ...rows.get(key), [rule]: String(accuracy) };
    return [key, ...columns.map((name) => row[name] ?? "")].join(",");
  });
  await writeFile(file, `${["choices", ...columns].join(",")}\n${body.join("\n")}\n`);
}

async function readJson(file: URL): Promise<object> {
  return JSON.parse(await readFile(file, "utf8").catch(() => "{}"));
}
