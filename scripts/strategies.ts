/**
 * Every strategy beside random search at equal compute, replayed on the small space, of which every candidate was trained.
 *
 *     npx jiti scripts/strategies.ts [--seeds 20] [--table results/small-space/trials-0.csv] [--out results/small-space]
 *
 * Writes `strategies.csv`, a line a search, and `strategies.md`, means with their 95 % intervals by Student's t. What is compared is
 * the volume that the trials dominate, as part of the volume that the true front dominates: error beside parameters and MACs.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatPercent } from "../src/base/index.js";
import { chooseEngine } from "../src/runtime/index.js";
import { isHopeless } from "../src/search/early-stopping.js";
import { candidateKey, controller, createStrategy, prefiltered } from "../src/search/index.js";
import { frontOf, pointOf } from "../src/search/objective.js";
import type { Strategy, Trial } from "../src/search/strategy.js";
import { parseTable, replay, yardstick } from "../src/search/tabular.js";
import { objective, searchTable, smallSpace } from "../src/search/testing/small-space.js";
import { supernetStrategy } from "../src/supernet/index.js";

type Contestant = {
  readonly label: string;
  readonly create: () => Strategy;
  readonly stopsEarly?: boolean;
};

const contestants: readonly Contestant[] = [
  { label: "evolution", create: () => createStrategy("evolution") },
  { label: "nsga2", create: () => createStrategy("nsga2") },
  { label: "successive-halving", create: () => createStrategy("successive-halving") },
  { label: "netadapt", create: () => createStrategy("netadapt", { cost: "macs", target: 1, shortEpochs: 1 }) },
  { label: "controller", create: () => controller({ engine }) },
  { label: "supernet", create: () => bySharedWeights("sandwich") },
  { label: "supernet, single path", create: () => bySharedWeights("single-path") },
  ...(["naswot", "synflow", "gradient_norm"] as const).map((score) => ({
    label: `random, best of 8 by ${score}`,
    create: () => byScore(score),
  })),
  { label: "random, stopping early", create: () => createStrategy("random"), stopsEarly: true },
];

/** In whole trainings of an average candidate, for each arm. */
const BUDGETS = [32, 64, 128];
const EPOCHS = 3;
/** Candidates that the shared weights judge, a quarter of the space, and images that a training of the table is made of. */
const [JUDGED, IMAGES] = [128, 6000];

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    table: { type: "string", default: "results/small-space/trials-0.csv" },
    out: { type: "string", default: "results/small-space" },
  },
});
const engine = await chooseEngine("cpu", 1);
const table = parseTable(await readFile(values.table, "utf8"), smallSpace, values.table);
const truth = yardstick(table, objective, EPOCHS);
const meanMacs = [...table.values()].reduce((sum, { costs }) => sum + costs.macs / table.size, 0);

const folder = new URL("../results/small-space/", import.meta.url);
const shared = await readColumns("supernet.csv");
const scores = await readColumns("zero-cost.csv");
const sharedCosts = JSON.parse(await readFile(new URL("supernet.json", folder), "utf8")) as Record<
  "sandwich" | "single-path",
  { readonly training: number; readonly judging: number }
>;

type Row = { label: string; budget: number; seed: number; trials: number; volume: number; randomVolume: number };

const rows: Row[] = [];
for (const contestant of contestants) {
  for (const budget of BUDGETS) {
    for (let seed = 0; seed < Number(values.seeds); seed++) rows.push(await compete(contestant, budget, seed));
  }
}
const names = "strategy,budget,seed,trials,volume,random_volume";
const lines = rows.map((row) =>
  [`"${row.label}"`, row.budget, row.seed, row.trials, row.volume.toFixed(5), row.randomVolume.toFixed(5)].join(","),
);
await writeFile(join(values.out, "strategies.csv"), `${[names, ...lines].join("\n")}\n`);
const markdown = summary();
await writeFile(join(values.out, "strategies.md"), markdown);
process.stdout.write(markdown);

/** Two searches of their own, since what one stops early the other may train to its end. */
async function compete({ label, create, stopsEarly }: Contestant, budget: number, seed: number): Promise<Row> {
  const limit = budget * meanMacs * EPOCHS;
  const found = await searchAlone(create(), limit, seed, stopsEarly);
  // NetAdapt ends when it is at its target; random search then has as much as it took.
  const random = await searchAlone(createStrategy("random"), Math.min(limit, compute(found)), seed);
  return { label, budget, seed, trials: found.length, volume: volume(found), randomVolume: volume(random) };
}

async function searchAlone(arm: Strategy, limit: number, seed: number, stopsEarly = false): Promise<readonly Trial[]> {
  const sofar: Trial[] = [];
  return searchTable({
    arms: [arm],
    table,
    seed,
    until: (trials) => compute(trials) >= limit,
    record: async (trial) => void sofar.push(trial),
    train: replay(
      table,
      smallSpace,
      (assignment, curve) => stopsEarly && isHopeless({ ...assignment, curve }, sofar, objective.costs),
    ),
  });
}

function compute(trials: readonly Trial[]): number {
  return trials.reduce((sum, trial) => sum + trial.compute, 0);
}

/** What the shared weights said of each candidate, and what saying it took, in the table's unit. */
function bySharedWeights(rule: "sandwich" | "single-path"): Strategy {
  const { training, judging } = sharedCosts[rule];
  return supernetStrategy({
    judged: JUDGED,
    prepare: async () => ({
      compute: training / IMAGES,
      judge: async (candidate) => ({
        accuracy: shared.get(candidateKey(smallSpace, candidate))![rule]!,
        compute: judging / table.size / IMAGES,
      }),
    }),
  });
}

/** Scored on 64 images, by the mean of three draws of weights. */
function byScore(name: "naswot" | "synflow" | "gradient_norm"): Strategy {
  const steps = { naswot: 64 / 3, synflow: 1, gradient_norm: 64 }[name] * 3;
  return prefiltered({
    name,
    draws: 8,
    score: async ({ candidate, costs }) => ({
      score: scores.get(candidateKey(smallSpace, candidate))![name]!,
      compute: (costs.macs * steps) / IMAGES,
    }),
  });
}

function volume(trials: readonly Trial[]): number {
  return 1 - truth.regret(frontOf(trials, objective).map((trial) => pointOf(objective, trial)));
}

/** Numbers by candidate and by the name of their column. */
async function readColumns(file: string): Promise<Map<string, Readonly<Record<string, number>>>> {
  const [header, ...lines] = (await readFile(new URL(file, folder), "utf8")).trim().split("\n");
  const names = header!.split(",").slice(1);
  return new Map(
    lines.map((line) => {
      const [key, ...cells] = line.split(",");
      return [key!, Object.fromEntries(names.map((name, i) => [name, Number(cells[i])]))];
    }),
  );
}

/** A row for each strategy and budget. */
function summary(): string {
  const head = [
    `Part of the true front's volume, mean of ${values.seeds} seeds and 95 % interval. Compute is what as many whole trainings of an average`,
    `candidate take; the table has ${table.size} candidates, the true front ${truth.front.length}.`,
    "",
    "| strategy | compute | trials | volume | random search | difference |",
    "|---|--:|--:|--:|--:|--:|",
  ];
  const body = contestants.flatMap(({ label }) =>
    BUDGETS.map((budget) => {
      const own = rows.filter((row) => row.label === label && row.budget === budget);
      const trials = own.reduce((sum, row) => sum + row.trials / own.length, 0);
      const figures = [
        interval(own.map(({ volume }) => volume)),
        interval(own.map(({ randomVolume }) => randomVolume)),
        interval(own.map(({ volume, randomVolume }) => volume - randomVolume)),
      ];
      return `| ${[label, budget, trials.toFixed(0), ...figures].join(" | ")} |`;
    }),
  );
  return `${[...head, ...body].join("\n")}\n`;
}

function interval(values: readonly number[]): string {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value / n, 0);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2 / (n - 1), 0);
  return `${formatPercent(mean)} ± ${(100 * studentT(n - 1) * Math.sqrt(variance / n)).toFixed(1)}`;
}

/** The 97.5 % point of Student's t, by its expansion about the normal one. @source Abramowitz and Stegun 1964, 26.7.5 */
function studentT(freedom: number): number {
  const z = 1.959963985;
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
  ];
  return terms.reduce((sum, term, i) => sum + term / freedom ** (i + 1), z);
}
