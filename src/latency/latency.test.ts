/** Structure and plausibility; how long anything takes is nobody's promise here. */
import { describe, expect, test } from "vitest";
import type { LatencyConfiguration } from "../cost/index.js";
import { blocksOf, buildArchitecture, buildNearlyNothing, buildNetwork } from "../networks/index.js";
import { lower } from "../onnx/index.js";
import { chooseEngine } from "../runtime/index.js";
import { openBench } from "./bench.js";
import {
  checkPredictions,
  extendConfiguration,
  measureNetwork,
  type Named,
  requireSameMachine,
  thisMachine,
} from "./index.js";
import { timeRuns, timingOf } from "./stopwatch.js";
import { benchWeights } from "./weights.js";

const small = (word: string, width: number) => ({
  word,
  architecture: buildArchitecture("mobilenet-v2", { width, resolution: 32, classes: 10 }),
});
const setting = { provider: "cpu", threads: 1, batch: 1 } as const;
const short = { seconds: 0.02, leastRuns: 3 };

describe("the stopwatch", () => {
  test("knows median and quartiles", () => {
    expect(timingOf([4, 1, 3, 2, 5])).toEqual({ minMs: 1, lowerMs: 2, medianMs: 3, upperMs: 4, runs: 5 });
    expect(timingOf([1, 2])).toMatchObject({ lowerMs: 1.25, medianMs: 1.5, upperMs: 1.75 });
  });

  test("runs as often as was asked, however long it takes, and warms up first", async () => {
    let runs = 0;
    const timing = await timeRuns(async () => runs++, { seconds: 0, leastRuns: 7 });
    expect(timing.runs).toBe(7);
    expect(runs).toBe(8);
  });
});

test("a network is measured in a process of its own, from its cold start on", async () => {
  const { runtime, engineMs, loadMs, firstMs, timing } = await measureNetwork(
    small("s", 0.35).architecture,
    setting,
    short,
  );
  expect(runtime).toMatch(/^onnxruntime-(node|web) /);
  for (const time of [engineMs, loadMs, firstMs, timing.minMs]) expect(time).toBeGreaterThan(0);
  expect(timing.runs).toBeGreaterThanOrEqual(3);
});

test("a table grows by what it lacks, survives a stop, and is checked against kept-out networks", async () => {
  const [one, two] = [small("one", 0.35), small("two", 0.5)];
  const steps: LatencyConfiguration[] = [];
  const save = async (configuration: LatencyConfiguration) => {
    steps.push(configuration);
    if (steps.length === 3) throw new Error("stopped");
  };
  await expect(extendConfiguration(undefined, [one], setting, save)).rejects.toThrow("stopped");
  const half = steps.at(-1)!;
  expect(half.blocks).toHaveLength(3);

  const whole = await extendConfiguration(half, [one], setting, async () => {});
  expect(whole.blocks.slice(0, 3)).toEqual(half.blocks);
  expect(new Set(whole.networks[0]!.blocks)).toEqual(new Set(whole.blocks.map(({ signature }) => signature)));
  const again = await extendConfiguration(whole, [one], setting, () => Promise.reject(new Error("measured twice")));
  expect(again).toBe(whole);

  const both = await extendConfiguration(whole, [one, two], setting, async () => {});
  const [known, apart] = await checkPredictions(both, [one, small("three", 0.75)], {});
  expect(known!.exact).toBeLessThan(1); // what only it has counts as never measured
  expect(known!.measuredMs).toBe(both.networks[0]!.timing.medianMs);
  expect(apart!.error).toBeCloseTo(apart!.predictedMs / apart!.measuredMs - 1, 9);
});

describe("the measuring process", () => {
  const endless = { seconds: 600, leastRuns: 1 };

  test("ends at a stop, and what was waited for says that it was stopped", async () => {
    const stop = new AbortController();
    const bench = openBench({ provider: "cpu", threads: 1, signal: stop.signal });
    await bench.measure(buildNearlyNothing(), short);
    const waited = bench.measure(buildNearlyNothing(), endless);
    setTimeout(() => stop.abort(), 50);
    await expect(waited).rejects.toMatchObject({ code: "interrupted" });
    bench.close();
  });

  test("that is gone is an error for who asks it, and no crash", async () => {
    const bench = openBench({ provider: "cpu", threads: 1 });
    await bench.measure(buildNearlyNothing(), short);
    const waited = bench.measure(buildNearlyNothing(), endless);
    bench.close();
    await expect(waited).rejects.toMatchObject({
      code: "engine",
      message: expect.stringContaining("its end (SIGTERM)"),
    });
    await expect(bench.measure(buildNearlyNothing(), short)).rejects.toMatchObject({ code: "engine" });
  });
});

/** As if its blocks and itself had been measured. */
function madeUp({ word, architecture }: Named, runtime: string): LatencyConfiguration {
  const timing = { medianMs: 1, lowerMs: 1, upperMs: 1, minMs: 1, runs: 1 };
  const blocks = blocksOf(architecture).map(({ signature, work }) => ({ signature, work, timing }));
  const whole = { network: word, timing, blocks: blocks.map(({ signature }) => signature) };
  const once = [...new Map(blocks.map((block) => [block.signature, block])).values()];
  return { ...setting, runtime, overhead: { ...timing, medianMs: 0.5 }, blocks: once, networks: [whole] };
}

test("a table of one network has nothing left to predict it from", async () => {
  const one = small("one", 0.35);
  expect(await checkPredictions(madeUp(one, "any"), [one], {})).toEqual([]);
});

describe("what was measured elsewhere does not mix", () => {
  const table = {
    format: "bantam-latency" as const,
    version: 1 as const,
    machine: thisMachine(),
    date: "2026-11-24",
    configurations: [],
  };

  test("on another machine", () => {
    requireSameMachine(table, "t.json");
    for (const change of [{ cpu: "Other" }, { cores: 999 }, { platform: "plan9 mips" }]) {
      const other = { ...table, machine: { ...table.machine, ...change } };
      expect(() => requireSameMachine(other, "t.json")).toThrow(/^t\.json: expected a table of this machine/);
    }
  });

  test("by another version of the runtime", async () => {
    const older = madeUp(small("one", 0.35), "onnxruntime-node 0.9, CPU");
    const more = extendConfiguration(older, [small("two", 0.5)], setting, async () => {});
    await expect(more).rejects.toThrow(/received some on onnxruntime-node 0\.9/);
  });
});

/** At any size of numbers that a processor computes at full speed; deep networks with gates are the ones that drift. */
test.each(["mobilenet-v3-small", "efficientnet-b1"])(
  "under the weights of a bench, %s stays in range",
  async (name) => {
    const { graph } = buildNetwork(buildArchitecture(name, { resolution: 64 }), { batch: 1, mode: "folded" });
    const engine = await chooseEngine("auto", 1);
    const session = await engine.load(lower(graph, { name, layout: "image-major", weights: benchWeights(graph) }));
    const data = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => Math.sin(i) + 0.1);
    const { logits } = await session.run({ image: { data, dims: [1, 3, 64, 64] } });
    await session.dispose();
    const size = Math.max(...[...logits!.data].map(Math.abs));
    expect(size).toBeGreaterThan(1e-2);
    expect(size).toBeLessThan(1e6);
  },
);
