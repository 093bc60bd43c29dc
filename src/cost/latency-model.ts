/**
 * Milliseconds of a network that was never run, from a table of blocks that were.
 *
 * A network is a chain of blocks, and its latency nearly the sum of theirs. A block that stands in the table counts with what
 * was measured. For any other, rates speak: so many milliseconds per multiply-accumulate, per byte moved, per kernel started,
 * fitted to the table's entries and never negative. Last, the sum is scaled by what whole networks of the table took,
 * relative to the sum of their blocks: alone, a block finds its weights in the cache, and reads and writes the plain layout.
 *
 * A table holds for one machine, one version of the runtime, one provider, thread count and batch. Nothing here measures:
 * that is the room `latency`.
 */
import { z } from "zod";
import { findingsOf, ModelError } from "../base/index.js";
import { nonNegativeLeastSquares } from "./least-squares.js";

export type Provider = "cpu" | "wasm";

/** What a kind of work takes time for; each has a rate. */
const workKinds = ["pointwiseMacs", "depthwiseMacs", "otherMacs", "curves", "bytes", "kernels"] as const;

/**
 * The work of a block, for one image.
 *
 * `pointwiseMacs`, `depthwiseMacs`, `otherMacs`: by convolution; the last are stem, squeeze-excite and fully connected layers.
 * `curves`: numbers that pass an activation with more to it than a bound. `bytes`: read and written by all kernels, fp32,
 * weights included. `kernels`: an activation that only bounds is part of its convolution.
 */
export type BlockWork = { readonly [Kind in (typeof workKinds)[number]]: number };

/** What a prediction needs to know of a block. */
export type LatencyBlock = {
  /** Equal for blocks that do the same work, whatever network they stand in. */
  readonly signature: string;
  readonly work: BlockWork;
};

/** Repeated runs of one graph, each in milliseconds. */
export type Timing = {
  readonly medianMs: number;
  /** A quarter of the runs was faster. */
  readonly lowerMs: number;
  /** A quarter of the runs was slower. */
  readonly upperMs: number;
  readonly minMs: number;
  readonly runs: number;
};

export type MeasuredBlock = LatencyBlock & {
  /** Of a graph with this block alone; what a graph without any takes is still in it. */
  readonly timing: Timing;
};

export type MeasuredNetwork = {
  /** As on the command line: `mobilenet-v2-0.5@160`. */
  readonly network: string;
  readonly timing: Timing;
  /** Signatures, in running order. */
  readonly blocks: readonly string[];
};

/** What was measured on one provider with one thread count. */
export type LatencyConfiguration = {
  readonly provider: Provider;
  readonly threads: number;
  /** Images per run. */
  readonly batch: number;
  /** e.g. `onnxruntime-node 1.30.0, CPU`. */
  readonly runtime: string;
  /** A graph with next to nothing in it: what every run costs before any work is done. */
  readonly overhead: Timing;
  readonly blocks: readonly MeasuredBlock[];
  readonly networks: readonly MeasuredNetwork[];
};

export type Machine = {
  /** The processor's own name. */
  readonly cpu: string;
  /** Threads that it can run at once. */
  readonly cores: number;
  /** e.g. `linux x64`. */
  readonly platform: string;
};

export type LatencyTable = {
  readonly format: "bantam-latency";
  readonly version: 1;
  readonly machine: Machine;
  /** Of the last measurement, ISO 8601. */
  readonly date: string;
  readonly configurations: readonly LatencyConfiguration[];
};

/** A configuration made ready for predictions by the ten thousand. */
export type LatencyModel = {
  readonly overheadMs: number;
  /** Measured networks ÷ (overhead and) sums of their blocks, the median; 1 where no network was measured. */
  readonly scale: number;
  /** Milliseconds by signature, without the overhead and not scaled. */
  readonly blocks: ReadonlyMap<string, number>;
  /** Milliseconds per unit of work, 0 or more, not scaled. */
  readonly rates: BlockWork;
};

export type LatencyPrediction = {
  /** One run: overhead + measured + estimated. */
  readonly ms: number;
  readonly overheadMs: number;
  /** Of blocks that stand in the table, scaled. */
  readonly measuredMs: number;
  /** Of blocks that were estimated by their work, scaled. */
  readonly estimatedMs: number;
  readonly blocks: number;
  /** How many of them stand in the table. */
  readonly found: number;
  /** `found ÷ blocks`, in [0, 1]. */
  readonly exact: number;
};

/** Milliseconds below which a difference of two medians says nothing: a clock's step and a scheduler's whim. */
const SMALLEST_MS = 0.001;

/**
 * @throws {ModelError} when no block was measured.
 */
export function latencyModel({ overhead, blocks, networks, ...id }: LatencyConfiguration): LatencyModel {
  if (blocks.length === 0) {
    throw new ModelError({
      at: `latency table, ${id.provider}, ${id.threads} threads`,
      expected: "at least one measured block",
      received: "none",
      hint: "measure more with `bantam bench --table FILE`",
    });
  }
  const overheadMs = overhead.medianMs;
  const net = blocks.map(({ timing }) => Math.max(timing.medianMs - overheadMs, SMALLEST_MS));
  const known = new Map(blocks.map(({ signature }, i) => [signature, net[i]!]));
  const rates = fitRates(
    blocks.map(({ work }) => work),
    net,
  );
  return { overheadMs, scale: scaleOf(networks, known, overheadMs), blocks: known, rates };
}

/** The latency of a chain of blocks, one run of the model's batch. Takes time in proportion to the number of blocks. */
export function predictLatency(blocks: readonly LatencyBlock[], model: LatencyModel): LatencyPrediction {
  const { overheadMs, scale, rates } = model;
  let [measured, estimated, found] = [0, 0, 0];
  for (const { signature, work } of blocks) {
    const known = model.blocks.get(signature);
    if (known === undefined) {
      estimated += estimate(work, rates);
    } else {
      measured += known;
      found++;
    }
  }
  const [measuredMs, estimatedMs] = [scale * measured, scale * estimated];
  return {
    ms: overheadMs + measuredMs + estimatedMs,
    overheadMs,
    measuredMs,
    estimatedMs,
    blocks: blocks.length,
    found,
    exact: blocks.length === 0 ? 1 : found / blocks.length,
  };
}

/** The same model without its measured blocks: what the rates alone say. */
export function ratesOnly(model: LatencyModel): LatencyModel {
  return { ...model, blocks: new Map() };
}

/** The configuration as if the networks had never been seen: their own times are gone, and the blocks that only they have. */
export function withoutNetworks(configuration: LatencyConfiguration, names: readonly string[]): LatencyConfiguration {
  const networks = configuration.networks.filter(({ network }) => !names.includes(network));
  const kept = new Set(networks.flatMap(({ blocks }) => blocks));
  const gone = new Set(
    configuration.networks.flatMap(({ network, blocks }) =>
      names.includes(network) ? blocks.filter((signature) => !kept.has(signature)) : [],
    ),
  );
  return { ...configuration, networks, blocks: configuration.blocks.filter(({ signature }) => !gone.has(signature)) };
}

const estimate = (work: BlockWork, rates: BlockWork): number =>
  rates.pointwiseMacs * work.pointwiseMacs +
  rates.depthwiseMacs * work.depthwiseMacs +
  rates.otherMacs * work.otherMacs +
  rates.curves * work.curves +
  rates.bytes * work.bytes +
  rates.kernels * work.kernels;

/** Errors count in relation to what was measured, so that small blocks have their say. */
function fitRates(works: readonly BlockWork[], ms: readonly number[]): BlockWork {
  const rows = works.map((work, i) => workKinds.map((kind) => work[kind] / ms[i]!));
  const found = nonNegativeLeastSquares(
    rows,
    ms.map(() => 1),
  );
  return Object.fromEntries(workKinds.map((kind, i) => [kind, found[i]!])) as BlockWork;
}

function scaleOf(networks: readonly MeasuredNetwork[], known: ReadonlyMap<string, number>, overheadMs: number): number {
  const ratios = networks.flatMap(({ timing, blocks }) => {
    // A table whose making was interrupted may have a network before all of its blocks.
    if (blocks.length === 0 || blocks.some((signature) => !known.has(signature))) return [];
    const sum = blocks.reduce((total, signature) => total + known.get(signature)!, 0);
    return [Math.max(timing.medianMs - overheadMs, SMALLEST_MS) / sum];
  });
  return ratios.length === 0 ? 1 : median(ratios);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

// The upper limits keep a damaged or hostile file from asking for more memory or time than there is.
const ms = z.number().min(0).max(1e9);
const text = z.string().min(1).max(300);
const signature = text;

const timing = z
  .strictObject({ medianMs: ms, lowerMs: ms, upperMs: ms, minMs: ms, runs: z.int().min(1).max(1e9) })
  .refine(({ minMs, lowerMs, medianMs, upperMs }) => minMs <= lowerMs && lowerMs <= medianMs && medianMs <= upperMs, {
    message: "expected minMs ≤ lowerMs ≤ medianMs ≤ upperMs",
  });

const amount = z.number().min(0).max(1e15);
const work = z.strictObject({
  pointwiseMacs: amount,
  depthwiseMacs: amount,
  otherMacs: amount,
  curves: amount,
  bytes: amount,
  kernels: amount,
});

const once = (name: string) => ({ message: `expected each ${name} once` });
const isUnique = (names: readonly string[]) => new Set(names).size === names.length;

const configuration = z.strictObject({
  provider: z.literal(["cpu", "wasm"]),
  threads: z.int().min(1).max(1024),
  batch: z.int().min(1).max(65_536),
  runtime: text,
  overhead: timing,
  blocks: z
    .array(z.strictObject({ signature, work, timing }))
    .max(100_000)
    .refine((blocks) => isUnique(blocks.map((block) => block.signature)), once("signature")),
  networks: z
    .array(z.strictObject({ network: text, timing, blocks: z.array(signature).max(10_000) }))
    .max(10_000)
    .refine((networks) => isUnique(networks.map(({ network }) => network)), once("network")),
});

const schema: z.ZodType<LatencyTable> = z.strictObject({
  format: z.literal("bantam-latency"),
  version: z.literal(1),
  machine: z.strictObject({ cpu: text, cores: z.int().min(1).max(65_536), platform: text }),
  date: text,
  configurations: z
    .array(configuration)
    .max(1000)
    .refine((all) => isUnique(all.map(({ provider, threads, batch }) => `${provider} ${threads} ${batch}`)), {
      message: "expected each provider, thread count and batch once",
    }),
});

const MOST_LISTED = 10;

/**
 * A latency table out of a file.
 *
 * @param at where it came from, for the message.
 * @throws {ModelError} that lists wrong, missing and unknown fields with their paths.
 */
export function parseLatencyTable(json: unknown, at: string): LatencyTable {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const found = findingsOf(result.error);
  const more = found.length > MOST_LISTED ? [`and ${found.length - MOST_LISTED} more`] : [];
  throw new ModelError({
    at,
    expected: "a latency table of version 1",
    received: ["another document", ...found.slice(0, MOST_LISTED), ...more].join("\n  "),
    hint: "make one with `bantam bench --table FILE`",
  });
}
