/** Files of spaces that ask for more than a space needs: refused by field, limit and what came, and the rest judged in bounded work. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BantamError, createRng, ModelError, parseJson, type Rng } from "../../src/base/index.js";
import { latencyModel, parseLatencyTable } from "../../src/cost/index.js";
import { parseArchitecture } from "../../src/networks/index.js";
import type { Budget } from "../../src/scaling/index.js";
import {
  fitsSmallest,
  genesOf,
  imageSpace,
  mnasnetSpace,
  parseSpaceConfig,
  type SearchSpace,
  spaceSize,
} from "../../src/search/index.js";
import { parseRecipe } from "../../src/training/index.js";
import { writeLatencyTable } from "../latency-table.js";
import { mutationsOf } from "./mutations.js";

const images = { classes: 1000, channels: 3, resolutions: [32] } as const;
const { classes: _, channels: __, ...whole } = mnasnetSpace(images);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const stagesOf = (count: number, others: object = {}) => new Array(count).fill({ ...whole.stages[0], ...others });

test.each([
  [
    "20,000 channels before the pool",
    { ...whole, headChannels: numbers(20_000) },
    "headChannels: expected at most 64 values, received 20000",
  ],
  [
    "1,000 × 1,000 heads",
    { ...whole, headChannels: numbers(1000), hiddenChannels: [null, ...numbers(999)] },
    "hiddenChannels: expected at most 64 values, received 1000",
  ],
  [
    "65 channels of a stage",
    { ...whole, stages: stagesOf(1, { channels: numbers(65) }) },
    "stages[0].channels: expected at most 64 values, received 65",
  ],
  ["65 stages", { ...whole, stages: stagesOf(65) }, "stages: expected at most 64 stages, received 65"],
  [
    "513 blocks",
    { ...whole, stages: [...stagesOf(2, { repeats: [1, 256] }), ...stagesOf(1, { repeats: [1] })] },
    "stages: expected at most 512 blocks in all, received 513 where each stage repeats most",
  ],
  [
    "1,025 values and more",
    { ...whole, stages: stagesOf(20, { channels: numbers(40) }) },
    /expected at most 1024 values in all lists together, received \d{4}$/,
  ],
  [
    "half a million sides",
    { base: "image", resolutions: numbers(500_000).map((i) => i + 7) },
    "resolutions: expected at most 64 values, received 500000",
  ],
  [
    "widths of a narrowed space",
    { base: "image", widths: numbers(65) },
    "widths: expected at most 64 values, received 65",
  ],
  ["a mistake in each of 50 values", { ...whole, widths: numbers(50).map(String) }, "… and 30 more"],
  ["100,000 lists in each other", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, "nested more than 100 deep"],
  [
    "a value so deep",
    `{"base":"image","widths":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
    "nested more than 100 deep",
  ],
] as const)("%s", (_, config, message) => {
  expect(() => parseSpaceConfig(typeof config === "string" ? config : JSON.stringify(config), "space.json")).toThrow(
    message,
  );
});

test("64 values, 64 stages and 512 blocks are a space", () => {
  expect(parseSpaceConfig({ ...whole, headChannels: numbers(64) }, "x")(images).headChannels).toHaveLength(64);
  const many = parseSpaceConfig(
    { ...whole, stages: stagesOf(64, { kernels: [3], expansions: [1], channels: [8], repeats: [8] }) },
    "x",
  );
  expect(many(images).stages).toHaveLength(64);
});

/** Looks at a space as a search does before it begins. @returns how many networks were counted. */
function countsOf(space: SearchSpace, budget: Budget): number {
  let counted = 0;
  const costsOf = () => {
    counted++;
    return { params: 100, macs: 100, weightBytes: 100, peakActivationBytes: 100, latencyMs: Math.random() + 2 };
  };
  expect(fitsSmallest({ space, budget, costsOf })).toBe(false);
  expect(spaceSize(space)).toBeLessThan(Number.POSITIVE_INFINITY);
  return counted;
}

const valuesOf = (space: SearchSpace) => genesOf(space).reduce((total, { options }) => total + options.length, 0);

test.each(["params", "latencyMs"] as const)("a space is judged by %s in a few counts a value", (limit) => {
  const head = { ...whole, headChannels: [null, ...numbers(63)], hiddenChannels: [null, ...numbers(63)] };
  for (const config of [
    head,
    { base: "image" },
    { ...whole, stages: stagesOf(40) },
    { ...head, stages: stagesOf(9, { channels: numbers(64) }) },
  ]) {
    const space = parseSpaceConfig(config, "space.json")(images);
    const counted = countsOf(space, { [limit]: 1 });
    expect(counted).toBeLessThanOrEqual(1 + 4 * valuesOf(space));
    // Where costs grow along the lists there is little to try.
    if (limit === "params") expect(counted).toBeLessThanOrEqual(1 + 2 * genesOf(space).length);
  }
});

/** What people and programs do to a document: a huge number, a list repeated, a value nested, one value in place of another. */
function mutated(json: unknown, rng: Rng): unknown {
  const copy = structuredClone(json);
  const places: [Record<string, unknown>, string][] = [];
  const visit = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key]);
      visit((value as Record<string, unknown>)[key]);
    }
  };
  visit(copy);
  for (let i = 0; i <= rng.integer(3); i++) {
    const [holder, key] = rng.choice(places);
    const value = holder[key];
    const list = Array.isArray(value) ? value : [value];
    const change = rng.choice([
      () => rng.choice([1e300, -1, 0, 0.5, 1e-300, 65_536, 2 ** 31, 4096, 256, null, "", [], {}, true]),
      () => Array.from({ length: 2 ** (1 + rng.integer(12)) }, (_, i) => list[i % list.length]),
      () => Array.from({ length: 2 ** (1 + rng.integer(15)) }, (_, i) => i + 1),
      () => Array.from({ length: 200 }).reduce<unknown>((inner) => [inner], value),
      () => rng.choice(places)[0],
      () => `${value}`.repeat(1000),
      () => undefined,
    ]);
    try {
      holder[key] = structuredClone(change());
    } catch {} // into itself
  }
  return copy;
}

const example = JSON.parse(await readFile(new URL("../../examples/space.json", import.meta.url), "utf8")) as object;
const stage = {
  block: "invertedResidual",
  kernel: 3,
  stride: 1,
  channels: 16,
  repeats: 1,
  expansion: 2,
  squeezeExcite: null,
  activation: "relu",
  residual: true,
};
const network = {
  name: "x",
  classes: 10,
  channels: 3,
  resolution: 16,
  padding: "same",
  norm: { epsilon: 1e-3, momentum: 0.9 },
  stem: { channels: 16, kernel: 3, stride: 1, activation: "relu" },
  stages: [stage, stage],
  head: { conv: null, hidden: null, activation: "relu" },
  dropout: 0,
  dropPath: 0,
};
const folder = await mkdtemp(join(tmpdir(), "bantam-spaces-"));
await writeLatencyTable(join(folder, "table.json"));
const table = JSON.parse(await readFile(join(folder, "table.json"), "utf8")) as object;
await rm(folder, { recursive: true });

const judge = (json: string) => {
  const space = parseSpaceConfig(json, "space.json")(images);
  for (const budget of [{ params: 1 }, { latencyMs: 1 }])
    expect(countsOf(space, budget)).toBeLessThanOrEqual(1 + 4 * valuesOf(space));
};
const { classes: ___, channels: ____, resolutions: _____, ...own } = imageSpace(images);
const parsed = (json: string) => parseJson(json, "a file", "JSON", (facts) => new ModelError(facts));

test.each([
  ["a space that narrows", example, judge],
  ["a space of one's own", own, judge],
  [
    "a recipe",
    {
      base: "quick",
      ema: 0.999,
      augmentation: { flip: true, shift: 0.1, erase: 0 },
      mixing: { mixup: 0.1, cutmix: 0 },
      weightDecay: 0.01,
    },
    (json: string) => parseRecipe(json, "recipe.json"),
  ],
  ["a network", network, (json: string) => parseArchitecture(parsed(json), "network.json")],
  [
    "a latency table",
    table,
    (json: string) => parseLatencyTable(parsed(json), "table.json").configurations.map(latencyModel),
  ],
] as const)("%s, mutated: a result or a clear error", (_, json, read) => {
  const rng = createRng("mutations");
  const text = JSON.stringify(json);
  const all = [...mutationsOf(Buffer.from(text), rng)].map(([, bytes]) => bytes.toString());
  const bad = all.slice(0, Number(process.env.BANTAM_MUTATIONS ?? 120));
  for (let i = 0; i < bad.length; i++) {
    for (const each of [bad[i]!, JSON.stringify(mutated(json, rng.fork(i))) ?? ""]) {
      try {
        read(each);
      } catch (error) {
        if (!(error instanceof BantamError)) throw error;
        expect(error.message).not.toMatch(/internal/);
        expect(error.message.length).toBeLessThan(20_000);
      }
    }
  }
});
