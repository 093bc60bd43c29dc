/** Searches on small pictures: what they keep, how they go on, and how they end. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { EngineError, InfeasibleError, InterruptedError, UsageError } from "../../base/index.js";
import { folderOf, plain, temporaryFolder } from "../../data/testing/fixtures.js";
import { chooseEngine, type Engine } from "../../runtime/index.js";
import { openStudyStore } from "../../study/index.js";
import { compareStudies, exportStudy, showStudy } from "../studies.js";
import { searchNetworks } from "./search-networks.js";
import type { SearchOptions } from "./search-options.js";

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine("auto", 1);
});

/** Light and dark squares, sixteen of each. */
async function options(other: Partial<SearchOptions> = {}): Promise<SearchOptions> {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < 16; i++) {
    files[`dark/${i}.png`] = await plain([i * 4, 10, 20], 16)
      .png()
      .toBuffer();
    files[`light/${i}.png`] = await plain([255 - i * 4, 240, 250], 16)
      .png()
      .toBuffer();
  }
  const folder = await folderOf(files);
  return {
    data: folder,
    budget: { params: 30_000 },
    strategy: "evolution",
    study: join(await temporaryFolder(), "study"),
    trials: 3,
    epochs: 2,
    axes: ["macs", "params"],
    earlyStopping: false,
    seed: 0,
    engine,
    name: "squares",
    cacheDir: await temporaryFolder(),
    ...other,
  };
}

test("a search that was stopped goes on as if it had not been", async () => {
  const unbroken = await options();
  const whole = await searchNetworks(unbroken);
  expect(whole.counts.trained).toBe(3);
  expect(whole.arms.map(({ name }) => name)).toEqual(["evolution", "random"]);
  expect(whole.front.length).toBeGreaterThan(0);
  expect(whole.exhaustedBefore).toBeNull();

  const broken = { ...unbroken, study: join(await temporaryFolder(), "study") };
  const controller = new AbortController();
  let finished = 0;
  const line = (text: string) => {
    if (text.startsWith("trial") && ++finished === 2) controller.abort();
  };
  const progress = { phase: () => {}, update: () => {}, line };
  const stopped = await searchNetworks({ ...broken, signal: controller.signal, progress }).catch((error) => error);
  expect(stopped).toBeInstanceOf(InterruptedError);
  const hint = `every finished trial is in ${broken.study}; the same command goes on from there`;
  expect(stopped.facts.hint).toBe(hint);
  const { front, arms, compute } = await searchNetworks(broken);
  expect({ front, arms, compute }).toEqual({ front: whole.front, arms: whole.arms, compute: whole.compute });

  await expect(searchNetworks({ ...broken, seed: 1 })).rejects.toThrow(UsageError);
  await expect(searchNetworks({ ...broken, epochs: 3 })).rejects.toThrow(/expected epochs 2.*received epochs 3/s);

  const store = await openStudyStore(broken.study, { create: false });
  const read = await store.read("squares");
  await store.close();
  const [compared] = compareStudies([read], ["macs", "params"]);
  expect(compared).toMatchObject({ name: "squares", trials: read.trials.length, front: front.length });
  const networks = showStudy(read).trials.map(({ network }) => network);
  for (const { summary, id } of front) expect(networks[id]).toBe(summary);
  const lines = exportStudy(read, "csv").trimEnd().split("\r\n");
  expect(lines).toHaveLength(read.trials.length + 1);
  expect(lines[1]).toMatch(/^1,evolution,finished,/);
  // As the store has them, but counted from 1.
  const exported: readonly Record<string, unknown>[] = JSON.parse(exportStudy(read, "json")).trials;
  const figures = read.trials.map(({ accuracy, costs, curve, subject }) => ({ accuracy, costs, curve, subject }));
  expect(exported).toMatchObject(figures);
  expect(exported.map(({ id }) => id)).toEqual(read.trials.map(({ id }) => id + 1));
}, 120_000);

test("a training that fails is recorded with its reason, and the search goes on", async () => {
  let steps = 0;
  const failing: Engine = {
    ...engine,
    loadKeeping: async (model, kept) => {
      if (++steps === 1) throw new EngineError({ at: "training", expected: "memory", received: "none left" });
      return engine.loadKeeping(model, kept);
    },
  };
  const wanted = await options({ engine: failing, trials: 3, epochs: 1 });
  const { counts, front } = await searchNetworks(wanted);
  expect(counts).toMatchObject({ trained: 3, failed: 1 });
  const store = await openStudyStore(wanted.study, { create: false });
  const { trials } = await store.read("squares");
  await store.close();
  const [failed] = trials;
  expect(failed).toMatchObject({
    state: "failed",
    accuracy: 0,
    error: "training: expected memory, received none left",
  });
  expect(trials.slice(1).map(({ state }) => state)).not.toContain("failed");
  expect(front.map(({ id }) => id)).not.toContain(1);
}, 120_000);

test("a budget that nothing keeps ends before a study is begun", async () => {
  const tight = await options({ budget: { params: 10 } });
  await expect(searchNetworks(tight)).rejects.toThrow(InfeasibleError);
  await expect(readdir(tight.study)).rejects.toThrow(/ENOENT/);
});

test("a space with one point ends after its one trial", async () => {
  const space: SearchOptions["space"] = (facts) => ({
    classes: facts.classes,
    channels: facts.channels,
    resolutions: [facts.resolutions[0]!],
    widths: [1],
    channelDivisor: 4,
    stemStrides: [2],
    stemChannels: [8],
    activations: ["relu"],
    squeezeExcite: { ratio: 0.25, of: "expanded", divisor: 4, activation: "relu", gate: "hardSigmoid" },
    stages: [
      {
        stride: 1,
        blocks: ["separable"],
        kernels: [3],
        expansions: [1],
        squeezeExcite: [false],
        residual: [false],
        channels: [8],
        repeats: [1],
      },
    ],
    headChannels: [null],
    hiddenChannels: [null],
  });
  const { counts, front, exhaustedBefore } = await searchNetworks(await options({ space, trials: 50 }));
  expect(counts).toMatchObject({ trained: 1, failed: 0 });
  expect(exhaustedBefore).toBe(50);
  expect(front).toHaveLength(1);
}, 30_000);

/** Says "stop" after so many trials. */
function stoppingAfter(trials: number) {
  const controller = new AbortController();
  let finished = 0;
  const line = (text: string) => {
    if (text.startsWith("trial") && ++finished === trials) controller.abort();
  };
  return { signal: controller.signal, progress: { phase: () => {}, update: () => {}, line } };
}

test("with inherited weights a search goes on as if it had not been stopped, and says that they were inherited", async () => {
  const strategyOptions = { population: 2, sample: 1 };
  const unbroken = await options({ warmStart: true, trials: 6, epochs: 1, strategyOptions });
  const whole = await searchNetworks(unbroken);
  expect(whole.warmStart).toBe(true);
  const broken = { ...unbroken, study: join(await temporaryFolder(), "study") };
  await expect(searchNetworks({ ...broken, ...stoppingAfter(4) })).rejects.toThrow(InterruptedError);
  const { front, arms } = await searchNetworks(broken);
  expect({ front, arms }).toEqual({ front: whole.front, arms: whole.arms });
  const store = await openStudyStore(broken.study, { create: false });
  const { trials } = await store.read("squares");
  await store.close();
  expect(trials.some(({ parent }) => parent !== null)).toBe(true);
  const trained = trials.filter(({ sameAs }) => sameAs === null).map(({ id }) => `trial-${id}.safetensors`);
  expect((await readdir(join(broken.study, "weights", "squares"))).sort()).toEqual(trained.sort());
  await expect(searchNetworks({ ...broken, warmStart: false })).rejects.toThrow(/warmStart/);
}, 120_000);

test("shared weights are trained and judged once, and compared with what their networks came to", async () => {
  const supernet = { epochs: 1, judged: 6 };
  const wanted = await options({ strategy: "supernet", supernet, trials: 4, epochs: 1 });
  await expect(searchNetworks({ ...wanted, ...stoppingAfter(1) })).rejects.toThrow(InterruptedError);
  const report = await searchNetworks(wanted);
  expect(report.arms.map(({ name }) => name)).toEqual(["supernet", "random"]);
  // The shared weights alone took more than the trials of the other arm, which therefore had all the others.
  expect(report.arms[0]!.compute).toBeGreaterThan(0);
  expect((await readdir(join(wanted.study, "weights", "squares"))).sort()).toEqual([
    "shared-accuracy.json",
    "supernet.safetensors",
  ]);
}, 120_000);

test("a score without training chooses what is trained", async () => {
  const report = await searchNetworks(
    await options({ strategy: "prefiltered", score: "synflow", trials: 3, epochs: 1 }),
  );
  expect(report.arms.map(({ name }) => name)).toEqual(["random, best of 8 by synflow", "random"]);
  expect(report.arms[0]!.trials).toBeGreaterThan(0);
}, 120_000);
