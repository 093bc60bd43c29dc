import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng } from "../base/index.js";
import {
  type BlockWork,
  type LatencyConfiguration,
  latencyModel,
  type MeasuredBlock,
  parseLatencyTable,
  predictLatency,
  ratesOnly,
  withoutNetworks,
} from "./latency-model.js";

const timingOf = (medianMs: number) => ({
  medianMs,
  lowerMs: 0.9 * medianMs,
  upperMs: 1.1 * medianMs,
  minMs: 0.8 * medianMs,
  runs: 20,
});

/** Milliseconds per unit: of this size on a real machine. */
const planted: BlockWork = {
  pointwiseMacs: 2e-8,
  depthwiseMacs: 1e-7,
  otherMacs: 4e-8,
  curves: 1e-6,
  bytes: 3e-8,
  kernels: 0.01,
};
const OVERHEAD = 0.05;

function randomWork(seed: number): BlockWork {
  const rng = createRng(seed);
  const amount = (most: number) => Math.round(most * rng.uniform());
  return {
    pointwiseMacs: amount(2e7),
    depthwiseMacs: amount(3e6),
    otherMacs: amount(1e6),
    curves: amount(1e5),
    bytes: amount(4e6),
    kernels: 1 + amount(6),
  };
}

const cost = (work: BlockWork) =>
  (Object.keys(planted) as (keyof BlockWork)[]).reduce((sum, kind) => sum + planted[kind] * work[kind], 0);

const blockOf = (seed: number): MeasuredBlock => {
  const work = randomWork(seed);
  return { signature: `block ${seed}`, work, timing: timingOf(OVERHEAD + cost(work)) };
};

const configuration = (blocks: readonly MeasuredBlock[]): LatencyConfiguration => ({
  provider: "cpu" as const,
  threads: 1,
  batch: 1,
  runtime: "an engine",
  overhead: timingOf(OVERHEAD),
  blocks,
  networks: [],
});
const measured = Array.from({ length: 40 }, (_, seed) => blockOf(seed));
const model = latencyModel(configuration(measured));

describe("a prediction", () => {
  test("of known blocks is the sum of what was measured", () => {
    const chain = [measured[3]!, measured[3]!, measured[7]!];
    const { ms, exact, estimatedMs } = predictLatency(chain, model);
    const each = chain.map(({ timing }) => timing.medianMs - OVERHEAD);
    expect(ms).toBeCloseTo(OVERHEAD + each.reduce((sum, one) => sum + one, 0), 9);
    expect([exact, estimatedMs]).toEqual([1, 0]);
  });

  test("of unknown blocks finds the rates that were planted", () => {
    const strange = Array.from({ length: 10 }, (_, i) => blockOf(1000 + i));
    for (const block of strange) {
      const { ms, exact } = predictLatency([block], model);
      expect(exact).toBe(0);
      expect(ms / block.timing.medianMs).toBeCloseTo(1, 3);
    }
    expect(predictLatency([measured[0]!], ratesOnly(model)).exact).toBe(0);
  });

  test("is never negative, whatever was measured", () => {
    const noisy = fc.array(fc.tuple(fc.nat({ max: 500 }), fc.double({ min: 0.001, max: 50, noNaN: true })), {
      minLength: 1,
      maxLength: 15,
    });
    fc.assert(
      fc.property(noisy, (entries) => {
        const blocks = entries.map(([seed, ms], i) => ({ ...blockOf(seed), signature: `${i}`, timing: timingOf(ms) }));
        const fitted = latencyModel(configuration(blocks));
        for (const rate of Object.values(fitted.rates)) expect(rate).toBeGreaterThanOrEqual(0);
        expect(predictLatency([blockOf(9999)], fitted).ms).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 60 },
    );
  });

  test("is scaled by what whole networks took", () => {
    const [a, b] = measured as [MeasuredBlock, MeasuredBlock];
    const sum = a.timing.medianMs + b.timing.medianMs - 2 * OVERHEAD;
    const network = { network: "both", timing: timingOf(OVERHEAD + 1.5 * sum), blocks: [a.signature, b.signature] };
    const scaled = latencyModel({ ...configuration(measured), networks: [network] });
    expect(scaled.scale).toBeCloseTo(1.5, 9);
    expect(predictLatency([a], scaled).ms).toBeCloseTo(OVERHEAD + 1.5 * (a.timing.medianMs - OVERHEAD), 9);
  });

  test("needs a block", () => {
    expect(() => latencyModel(configuration([]))).toThrow(/expected at least one measured block, received none/);
  });
});

test("without a network go its own blocks, and stay those that it shares", () => {
  const network = (name: string, blocks: string[]) => ({ network: name, timing: timingOf(1), blocks });
  const networks = [network("one", ["block 0", "block 1"]), network("two", ["block 1", "block 2"])];
  const left = withoutNetworks({ ...configuration(measured.slice(0, 4)), networks }, ["one"]);
  expect(left.networks.map((each) => each.network)).toEqual(["two"]);
  expect(left.blocks.map(({ signature }) => signature)).toEqual(["block 1", "block 2", "block 3"]);
});

describe("a table from a file", () => {
  const table = {
    format: "bantam-latency",
    version: 1,
    date: "2026-01-01T00:00:00Z",
    machine: { cpu: "a processor", cores: 2, platform: "linux x64" },
    configurations: [configuration(measured.slice(0, 3))],
  };

  test("is taken as it is", () => {
    expect(parseLatencyTable(structuredClone(table), "t.json")).toEqual(table);
  });

  test.each([
    ["nothing at all", undefined, /t\.json: expected a latency table of version 1/],
    ["another version", { ...table, version: 2 }, /version: /],
    ["a negative time", withTiming({ medianMs: -1 }), /configurations\.0\.overhead\.medianMs/],
    ["quartiles out of order", withTiming({ upperMs: 0.01 }), /overhead: expected minMs ≤ lowerMs/],
    ["a block twice", withBlocks([measured[0]!, measured[0]!]), /blocks: expected each signature once/],
    ["an unknown field", { ...table, colour: "red" }, /colour: unknown field/],
  ])("%s is refused with its path", (_, json, message) => {
    expect(() => parseLatencyTable(json, "t.json")).toThrow(message);
  });

  function withTiming(wrong: object) {
    const [first] = table.configurations;
    return { ...table, configurations: [{ ...first, overhead: { ...timingOf(0.05), ...wrong } }] };
  }
  function withBlocks(blocks: readonly MeasuredBlock[]) {
    return { ...table, configurations: [{ ...table.configurations[0], blocks }] };
  }
});
