/**
 * How fast networks are counted and budgets solved, on one core.
 *
 *     npx jiti bench/scaling/throughput.ts --date 2026-01-31     # prints a table, adds to throughput.csv
 *
 * `candidates`: networks of the lattice counted in random order, all four costs; of a search space, random candidates made into
 * networks and counted. `budgets`: random limits solved, after a first round that compiles what they need; those that no network keeps
 * are left out, since they are found out at once. `table` is what `countArchitecture` does in the same time, building the
 * table included.
 */
import { appendFile, stat } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { createRng, InfeasibleError } from "../../src/base/index.js";
import { countArchitecture } from "../../src/networks/index.js";
import { compileNetwork } from "../../src/scaling/compiled.js";
import { type Budget, compileBudgets } from "../../src/scaling/index.js";
import { latticeOf, latticeSize } from "../../src/scaling/lattice.js";
import { publishedCosts, randomLimits } from "../../src/scaling/testing/budgets.js";
import { decode, sampleCandidate, spaceSize } from "../../src/search/space.js";
import { imageSpace, mnasnetSpace, mobilenetV3Space } from "../../src/search/spaces.js";

const { values } = parseArgs({ options: { date: { type: "string" } } });
if (values.date === undefined) throw new Error("usage: throughput.ts --date DATE");

const NETWORKS = ["mobilenet-v1", "mobilenet-v2", "mobilenet-v3-small", "mobilenet-v3-large", "mnasnet-a1"];
const [CANDIDATES, BUDGETS, ROUNDS] = [200_000, 1000, 5];
const COLUMNS =
  "date,machine,node,network,lattice,compile_ms,candidates_per_second,table_per_second,budgets_per_second";
const file = new URL("throughput.csv", import.meta.url);
const isNew = await stat(file).then(
  () => false,
  () => true,
);

type Row = {
  readonly name: string;
  /** How many networks there are to choose from. */
  readonly lattice: number;
  readonly compileMs: number | null;
  readonly candidates: number;
  readonly table: number | null;
  readonly budgets: number | null;
};

const networkRows = [...NETWORKS, "efficientnet-b0", "efficientnet-lite0"].map((name): Row => {
  const began = performance.now();
  const lattice = latticeOf(name);
  const network = compileNetwork(lattice);
  for (const [width] of lattice.widths.entries()) network.costsAt(0, width, lattice.sides.length - 1);
  const compileMs = performance.now() - began;

  const rng = createRng(7);
  const places = Array.from({ length: CANDIDATES }, () =>
    [lattice.depths, lattice.widths, lattice.sides].map(({ length }) => Math.floor(rng.uniform() * length)),
  ) as [number, number, number][];
  const candidates = fastest(() => {
    for (const [depth, width, side] of places) network.costsAt(depth, width, side);
  });
  const few = places.slice(0, 20_000);
  const table = fastest(() => {
    for (const place of few) countArchitecture(network.architectureAt(...place));
  });

  const compiler = compileBudgets(name);
  const costs = publishedCosts(name);
  const budgets: Budget[] = [];
  while (budgets.length < BUDGETS) {
    const limits = randomLimits(costs, rng);
    if (canSolve(compiler, limits)) budgets.push(limits);
  }
  const solving = fastest(() => {
    for (const limits of budgets) compiler.solve(limits);
  });
  return {
    name,
    lattice: latticeSize(lattice),
    compileMs: Math.round(compileMs),
    candidates: Math.round(CANDIDATES / candidates),
    table: Math.round(few.length / table),
    budgets: Math.round(BUDGETS / solving),
  };
});

const large = { classes: 1000, channels: 3, resolutions: [160, 224] } as const;
const spaceRows = [
  ["space image", imageSpace({ classes: 10, channels: 1, resolutions: [20, 28] })] as const,
  ["space mnasnet", mnasnetSpace(large)] as const,
  ["space mobilenet-v3", mobilenetV3Space(large)] as const,
].map(([name, space]): Row => {
  const rng = createRng(7);
  const some = Array.from({ length: 20_000 }, () => sampleCandidate(space, rng));
  const candidates = fastest(() => {
    for (const candidate of some) countArchitecture(decode(space, candidate));
  });
  return {
    name,
    lattice: spaceSize(space),
    candidates: Math.round(some.length / candidates),
    compileMs: null,
    table: null,
    budgets: null,
  };
});
const rows = [...networkRows, ...spaceRows];
console.table(rows);

const machine = cpus()[0]?.model ?? "unknown";
const lines = rows.map((row) =>
  [
    ...[values.date, JSON.stringify(machine), process.version, row.name, row.lattice, row.compileMs],
    ...[row.candidates, row.table, row.budgets],
  ].join(","),
);
await appendFile(file, `${[...(isNew ? [COLUMNS] : []), ...lines].join("\n")}\n`);

/** Seconds of the fastest of a few rounds: what others do on the machine only ever adds. */
function fastest(work: () => void): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    work();
    return (performance.now() - began) / 1000;
  });
  return Math.min(...times);
}

function canSolve({ solve }: ReturnType<typeof compileBudgets>, limits: Budget): boolean {
  try {
    solve(limits);
    return true;
  } catch (error) {
    if (error instanceof InfeasibleError) return false;
    throw error;
  }
}
