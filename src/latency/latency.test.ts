/** Structure and plausibility; how long anything takes is nobody's promise here. */
import { describe, expect, test } from "vitest";
import type { LatencyConfiguration } from "../cost/index.js";
import { buildArchitecture } from "../networks/index.js";
import { checkPredictions, extendConfiguration, measureNetwork } from "./index.js";
import { timeRuns, timingOf } from "./stopwatch.js";

const small = (word: string, width: number) => ({
  word,
  architecture: buildArchitecture("mobilenet-v2", { width, resolution: 32, classes: 10 }),
});
const setting = { provider: "native", threads: 1, batch: 1 } as const;
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
