import { join } from "node:path";
import { expect, test } from "vitest";
import { createRng, DivergenceError, InterruptedError } from "../base/index.js";
import { costsOfProfile } from "../cost/index.js";
import { temporaryFolder } from "../data/testing/fixtures.js";
import { countArchitecture } from "../networks/index.js";
import { lower } from "../onnx/index.js";
import { chooseEngine } from "../runtime/index.js";
import {
  type Candidate,
  type CostGate,
  decode,
  enumerateCandidates,
  type SearchContext,
  type SearchSpace,
  type Trial,
} from "../search/index.js";
import { buildGradientStep, buildStatistics, names, quickRecipe, type Recipe, stateLayout } from "../training/index.js";
import { buildTrainingStep } from "../training/step/step.js";
import { halves } from "../training/testing/halves.js";
import { createSessionCache } from "./sessions.js";
import { gather, scatterAdd, sharedWeights } from "./shared-weights.js";
import { createSupernet } from "./supernet.js";
import { loadSupernet, saveSupernet } from "./supernet-checkpoint.js";
import type { SupernetSetup } from "./supernet-setup.js";
import { supernetStrategy } from "./supernet-strategy.js";

const engine = await chooseEngine("auto", 1);

/** Eight networks: a kernel, a width and a block that may be separable. */
const space: SearchSpace = {
  classes: 2,
  channels: 1,
  resolutions: [8],
  widths: [1],
  channelDivisor: 4,
  stemStrides: [2],
  stemChannels: [8],
  activations: ["relu"],
  squeezeExcite: { ratio: 0.25, of: "expanded", divisor: 4, activation: "relu", gate: "hardSigmoid" },
  stages: [
    {
      stride: 1,
      blocks: ["separable", "invertedResidual"],
      kernels: [3, 5],
      expansions: [2],
      squeezeExcite: [true],
      residual: [true],
      channels: [8, 16],
      repeats: [1],
    },
  ],
  headChannels: [16],
  hiddenChannels: [null],
};
const gate: CostGate = { space, budget: {}, costsOf: (network) => costsOfProfile(countArchitecture(network)) };
const candidates = [...enumerateCandidates(space)];

const recipe: Recipe = {
  ...quickRecipe,
  batchSize: 8,
  learningRate: 0.1,
  warmupEpochs: 0,
  weightDecay: 0,
  augmentation: { shift: 0, flip: false, erase: 0 },
};
const images = { train: halves(32, 1), validation: halves(64, 2) };
const setup = (other: Partial<SupernetSetup> = {}): SupernetSetup => ({
  engine,
  gate,
  recipe,
  rule: { kind: "sandwich", random: 1 },
  epochs: 4,
  rng: createRng(3),
  normalization: { mean: [0.5], std: [0.3] },
  train: async () => images.train,
  validation: async () => images.validation,
  ...other,
});

test("every network of the space finds all its weights, and the largest ones are all of them but the other block's", () => {
  const shared = sharedWeights(space);
  const used = new Set<number>();
  for (const candidate of candidates) {
    const places = shared.placesOf(decode(space, candidate));
    expect(new Set(places).size).toBe(places.length);
    for (const place of places) used.add(place);
  }
  expect(used.size).toBe(shared.layout.size);
});

test("what is gathered goes back where it came from", () => {
  const places = Int32Array.of(3, 0);
  expect([...gather(Float32Array.of(5, 6, 7, 8), places)]).toEqual([8, 5]);
  const sum = Float32Array.of(1, 1, 1, 1);
  scatterAdd(sum, places, Float32Array.of(10, 20), 0.5);
  expect([...sum]).toEqual([11, 1, 1, 6]);
});

test("gradient and statistics are those of a whole training step", async () => {
  const architecture = { ...decode(space, candidates.at(-1)!), dropout: 0 };
  const layout = stateLayout(architecture);
  const rng = createRng(5);
  const vector = (size: number) => ({
    data: Float32Array.from({ length: size }, () => 0.3 * rng.normal()),
    dims: [size],
  });
  const weights = vector(layout.weights.size);
  const buffers = { data: new Float32Array(layout.buffers.size), dims: [layout.buffers.size] };
  const image = { data: Float32Array.from({ length: 8 * 64 }, () => rng.normal()), dims: [1, 8, 8, 8] };
  const targets = {
    data: Float32Array.from({ length: 16 }, (_, i) => (i % 4 === 0 || i % 4 === 3 ? 1 : 0)),
    dims: [8, 2],
  };
  const plainStep: Recipe = {
    ...recipe,
    labelSmoothing: 0,
    optimizer: { kind: "sgd", momentum: 0, nesterov: false },
  };
  const { graph } = buildTrainingStep(architecture, plainStep, layout);
  const load = async (which: typeof graph) => engine.load(lower(which, { name: "test", layout: "channel-major" }));
  const sessions = [
    await load(graph),
    await load(buildGradientStep(architecture, 8, layout)),
    await load(buildStatistics(architecture, 8, layout)),
  ] as const;
  const moments = { data: new Float32Array(layout.weights.size), dims: [layout.weights.size] };
  const feeds = { image, targets, weights };
  const rate = { data: Float32Array.of(1), dims: [] };
  const statisticsMomentum = { data: Float32Array.of(architecture.norm.momentum), dims: [] };
  const whole = await sessions[0].run({
    ...feeds,
    buffers,
    statisticsMomentum,
    learningRate: rate,
    [names.moment(0)]: moments,
  });
  const gradient = (await sessions[1].run(feeds))[names.gradient]!.data as Float32Array;
  const measured = (await sessions[2].run({ image, weights }))[names.buffers]!.data as Float32Array;
  const next = whole[names.next(names.weights)]!.data;
  const worst = gradient.reduce((most, g, i) => Math.max(most, Math.abs(weights.data[i]! - next[i]! - g)), 0);
  expect(worst).toBeLessThan(1e-5);
  expect(gradient.some((g) => Math.abs(g) > 1e-3)).toBe(true);
  // running = m · 0 + (1 − m) · batch
  const kept = whole[names.next(names.buffers)]!.data;
  const share = 1 - architecture.norm.momentum;
  expect(measured.every((each, i) => Math.abs(each * share - kept[i]!) < 1e-5)).toBe(true);
  await Promise.all(sessions.map((session) => session.dispose()));
});

test("a single path changes the weights of its networks alone", async () => {
  const one: SearchSpace = { ...space, stages: [{ ...space.stages[0]!, blocks: ["separable"], kernels: [3] }] };
  const wide = createSupernet(setup({ rule: { kind: "single-path" }, epochs: 1, train: async () => halves(8, 1) }));
  const { weights: before } = wide.state;
  await wide.trainEpoch();
  const changed = wide.state.weights.reduce((count, weight, i) => count + Number(weight !== before[i]), 0);
  const sizes = candidates.map((candidate) => sharedWeights(space).placesOf(decode(space, candidate)).length);
  // One batch, one network: no more numbers than it has, and hardly fewer.
  expect(changed).toBeLessThanOrEqual(Math.max(...sizes));
  expect(changed).toBeGreaterThan(0.5 * Math.min(...sizes));
  expect(sharedWeights(one).layout.size).toBeLessThan(before.length);
  await wide.dispose();
});

test("learns, judges every network, and counts what that takes", async () => {
  const supernet = createSupernet(setup({ epochs: 8 }));
  const losses: number[] = [];
  for (let i = 0; i < 8; i++) await supernet.trainEpoch({ onStep: ({ loss }) => void losses.push(loss) });
  const mean = (some: readonly number[]) => some.reduce((sum, loss) => sum + loss / some.length, 0);
  expect(mean(losses.slice(-4))).toBeLessThan(0.8 * mean(losses.slice(0, 4)));
  for (const candidate of [candidates[0]!, candidates.at(-1)!]) {
    const { accuracy, compute } = await supernet.evaluate(candidate);
    expect(accuracy).toBeGreaterThan(0.8);
    const { macs } = countArchitecture(decode(space, candidate));
    expect(compute).toBeCloseTo((macs * (32 + 64)) / 3, 3);
  }
  const { macs: largest } = countArchitecture(decode(space, candidates.at(-1)!));
  expect(supernet.state.compute).toBeGreaterThan(8 * 32 * largest);
  expect(supernet.state.compute).toBeLessThan(3 * 8 * 32 * largest);
  await supernet.dispose();
}, 60_000);

test("a wild first epoch is forgiven where another follows, and is a divergence where it is the last", async () => {
  const wild = { ...recipe, learningRate: 300 };
  const longer = createSupernet(setup({ recipe: wild, epochs: 2 }));
  await longer.trainEpoch();
  const only = createSupernet(setup({ recipe: wild, epochs: 1 }));
  const { state } = only;
  await expect(only.trainEpoch()).rejects.toThrow(DivergenceError);
  expect(only.state).toBe(state);
  await Promise.all([longer, only].map((supernet) => supernet.dispose()));
});

test("stopped and gone on with from disk, it ends in the same bytes", async () => {
  const path = join(await temporaryFolder(), "supernet.safetensors");
  const whole = createSupernet(setup({ epochs: 2 }));
  await whole.trainEpoch();
  await whole.trainEpoch();

  const first = createSupernet(setup({ epochs: 2 }));
  await first.trainEpoch();
  await saveSupernet(path, first.state, "run");
  const stop = new AbortController();
  await expect(
    first.trainEpoch({ signal: stop.signal, onStep: ({ step }) => step === 2 && stop.abort() }),
  ).rejects.toThrow(InterruptedError);

  expect(await loadSupernet(path, "another run")).toBeUndefined();
  expect(await loadSupernet(`${path}.none`, "run")).toBeUndefined();
  const second = createSupernet(setup({ epochs: 2, state: await loadSupernet(path, "run") }));
  await second.trainEpoch();
  expect(second.state).toEqual(whole.state);
  await Promise.all([whole, first, second].map((supernet) => supernet.dispose()));
}, 60_000);

test("no more sessions are kept than are asked for", async () => {
  const disposed: string[] = [];
  const cache = createSessionCache(2);
  let loaded = 0;
  const get = (key: string) =>
    cache.get(key, async () => {
      loaded++;
      return { run: async () => ({}), dispose: async () => void disposed.push(key) };
    });
  for (const key of ["a", "b", "a", "c", "a"]) await get(key);
  expect([loaded, disposed]).toEqual([3, ["b"]]);
  await cache.dispose();
  expect(disposed).toEqual(["b", "a", "c"].sort((x, y) => (x === "b" ? -1 : y === "b" ? 1 : x < y ? 1 : -1)));
});

test("the strategy judges all of a small space, proposes the front first, and has its trouble counted once", async () => {
  const worth = (candidate: Candidate) => 0.5 + candidates.indexOf(candidate) / 100;
  const asked: Candidate[] = [];
  const strategy = supernetStrategy({
    judged: 100,
    prepare: async () => ({
      compute: 1000,
      judge: async (candidate) => {
        asked.push(candidate);
        return {
          accuracy: worth(candidates.find((each) => JSON.stringify(each) === JSON.stringify(candidate))!),
          compute: 1,
        };
      },
    }),
  });
  const context: SearchContext = {
    gate,
    objective: { costs: [], reward: ({ accuracy }) => accuracy },
    epochs: 1,
    rng: createRng(0),
  };
  const proposals = strategy.search(context);
  const first = await proposals.next();
  expect(asked).toHaveLength(8);
  expect(first.value).toMatchObject({ candidate: candidates.at(-1), preparation: 1008, parent: null });
  const second = await proposals.next({} as Trial);
  expect(second.value).toMatchObject({ candidate: candidates.at(-2), preparation: 0 });
  await proposals.return();

  const few = supernetStrategy({
    judged: 4,
    prepare: async () => ({ compute: 0, judge: async () => ({ accuracy: 0.5, compute: 0 }) }),
  }).search(context);
  const seen: unknown[] = [];
  for (let next = await few.next(); next.done !== true; next = await few.next({} as Trial))
    seen.push(next.value.candidate);
  expect(seen).toHaveLength(4);
  expect(new Set(seen.map((candidate) => JSON.stringify(candidate))).size).toBe(4);
});
