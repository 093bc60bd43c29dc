/** What is measured of networks: the whole, and their blocks one by one. */
import { arch, availableParallelism, cpus, platform } from "node:os";
import { ModelError } from "../base/index.js";
import {
  type LatencyConfiguration,
  type LatencyTable,
  latencyModel,
  type Machine,
  type MeasuredBlock,
  predictLatency,
  withoutNetworks,
} from "../cost/index.js";
import { type Architecture, blocksOf, buildBlock, buildNearlyNothing, buildNetwork } from "../networks/index.js";
import { type BenchOptions, openBench } from "./bench.js";
import type { Measurement } from "./protocol.js";
import type { Patience } from "./stopwatch.js";

/** A network and the word that names it. */
export type Named = { readonly word: string; readonly architecture: Architecture };

export type Setting = BenchOptions & {
  /** Images per run. */
  readonly batch: number;
};

const networkGraph = (architecture: Architecture, batch: number) =>
  buildNetwork(architecture, { batch, mode: "folded" }).graph;

/** The whole network, from the cold start of a fresh process to its warm pace. */
export async function measureNetwork(
  architecture: Architecture,
  { batch, ...options }: Setting,
  patience: Patience,
): Promise<Measurement> {
  const bench = openBench(options);
  try {
    return await bench.measure(networkGraph(architecture, batch), patience);
  } finally {
    bench.close();
  }
}

const BLOCK_PATIENCE: Patience = { seconds: 0.15, leastRuns: 15 };
const NETWORK_PATIENCE: Patience = { seconds: 1.5, leastRuns: 15 };

/**
 * A configuration of the table with the blocks of these networks, and the networks themselves, measured. What it has
 * already is kept.
 *
 * @param save called after every measurement, so that a stop loses nothing.
 */
export async function extendConfiguration(
  known: LatencyConfiguration | undefined,
  networks: readonly Named[],
  setting: Setting,
  save: (configuration: LatencyConfiguration, done: number, total: number) => Promise<void>,
): Promise<LatencyConfiguration> {
  const { batch, provider, threads } = setting;
  const missing = missingBlocks(known, networks);
  const unmeasured = networks.filter(({ word }) => !known?.networks.some(({ network }) => network === word));
  if (known !== undefined && missing.length + unmeasured.length === 0) return known;
  const bench = openBench(setting);
  try {
    const { runtime, timing: overhead } = await bench.measure(buildNearlyNothing(), BLOCK_PATIENCE);
    if (known !== undefined && known.runtime !== runtime) {
      throw new ModelError({
        at: "latency table",
        expected: `measurements on ${runtime}`,
        received: `some on ${known.runtime}`,
        hint: "begin a new file: times of two versions do not mix",
      });
    }
    let configuration = known ?? { provider, threads, batch, runtime, overhead, blocks: [], networks: [] };
    let done = 0;
    const keep = async (next: LatencyConfiguration) => {
      configuration = next;
      await save(configuration, ++done, missing.length + unmeasured.length);
    };
    for (const { architecture, index } of missing) {
      const { signature, work } = blocksOf(architecture)[index]!;
      const { timing } = await bench.measure(buildBlock(architecture, index, { batch }), BLOCK_PATIENCE);
      const block: MeasuredBlock = { signature, work, timing };
      await keep({ ...configuration, blocks: [...configuration.blocks, block] });
    }
    for (const { word, architecture } of unmeasured) {
      const { timing } = await bench.measure(networkGraph(architecture, batch), NETWORK_PATIENCE);
      const blocks = blocksOf(architecture).map(({ signature }) => signature);
      const network = { network: word, timing, blocks };
      await keep({ ...configuration, networks: [...configuration.networks, network] });
    }
    return configuration;
  } finally {
    bench.close();
  }
}

function missingBlocks(known: LatencyConfiguration | undefined, networks: readonly Named[]) {
  const seen = new Set(known?.blocks.map(({ signature }) => signature));
  return networks.flatMap(({ architecture }) =>
    blocksOf(architecture).flatMap(({ signature }, index) => {
      if (seen.has(signature)) return [];
      seen.add(signature);
      return [{ architecture, index }];
    }),
  );
}

export type PredictionRow = {
  readonly network: string;
  readonly predictedMs: number;
  readonly measuredMs: number;
  /** (predicted − measured) ÷ measured. */
  readonly error: number;
  /** Share of its blocks that the table has. */
  readonly exact: number;
};

/**
 * Each network predicted by the configuration as if it and the blocks that only it has had never been measured, beside what
 * it took. A network without which nothing is left to predict from has no row.
 */
export async function checkPredictions(
  configuration: LatencyConfiguration,
  networks: readonly Named[],
  options: Pick<Setting, "signal">,
): Promise<PredictionRow[]> {
  const { provider, threads, batch, networks: measured } = configuration;
  const bench = openBench({ provider, threads, ...options });
  const rows: PredictionRow[] = [];
  try {
    for (const { word, architecture } of networks) {
      const rest = withoutNetworks(configuration, [word]);
      if (rest.blocks.length === 0) continue;
      const model = latencyModel(rest);
      const { ms, exact } = predictLatency(blocksOf(architecture), model);
      const known = measured.find(({ network }) => network === word)?.timing;
      const timing = known ?? (await bench.measure(networkGraph(architecture, batch), NETWORK_PATIENCE)).timing;
      const error = (ms - timing.medianMs) / timing.medianMs;
      rows.push({ network: word, predictedMs: ms, measuredMs: timing.medianMs, error, exact });
    }
    return rows;
  } finally {
    bench.close();
  }
}

/**
 * @param at where the table came from.
 * @throws {ModelError} when the table was measured elsewhere: what is measured here would not go with it.
 */
export function requireSameMachine({ machine }: LatencyTable, at: string): void {
  if (isThisMachine(machine)) return;
  throw new ModelError({
    at,
    expected: `a table of this machine (${inWords(thisMachine())})`,
    received: `one of another (${inWords(machine)})`,
    hint: "name a new file for this machine",
  });
}

export const isThisMachine = (machine: Machine): boolean => inWords(machine) === inWords(thisMachine());

const inWords = ({ cpu, cores, platform }: Machine) => `${cpu}, ${cores} cores, ${platform}`;

/** This machine, for the head of a table. */
export function thisMachine(): LatencyTable["machine"] {
  return {
    cpu: cpus()[0]?.model.trim() || "unknown",
    cores: availableParallelism(),
    platform: `${platform()} ${arch()}`,
  };
}
