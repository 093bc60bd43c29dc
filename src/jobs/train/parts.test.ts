import { expect, test } from "vitest";
import { createRng } from "../../base/index.js";
import { chooseEngine, type Device, type Engine } from "../../runtime/index.js";
import { planTrainingMemory } from "../../training/index.js";
import { halvesNetwork, halvesNormalization, halvesRecipe } from "../../training/testing/halves.js";
import { noProgress } from "../shared/progress.js";
import { chooseParts } from "./parts.js";

const real = await chooseEngine("auto", 1);
const on = (device: Device): Engine => ({ ...real, device });
const recipe = { ...halvesRecipe, batchSize: 1024 };
const setup = {
  architecture: halvesNetwork,
  recipe,
  normalization: halvesNormalization,
  rng: createRng(1),
};
const whole = planTrainingMemory({ ...setup, engine: real }).bytes;

async function choose(
  memory: { readonly most?: number; readonly free?: number },
  { engines = real as Engine | readonly Engine[], parts = null as number | null } = {},
) {
  const lines: string[] = [];
  const kept: number[] = [];
  const progress = { ...noProgress, line: (text: string) => void lines.push(text) };
  const run = { parts, keepParts: async (chosen: number) => void kept.push(chosen) };
  const { accumulate } = await chooseParts(setup, engines, run, memory, progress);
  return { accumulate, lines, kept };
}

test("what fits goes whole, without a word; a quarter of the free memory is for others", async () => {
  expect(await choose({ free: 2 * whole })).toEqual({ accumulate: 1, lines: [], kept: [1] });
  expect(await choose({ free: 1.1 * whole })).toMatchObject({ accumulate: 2 });
});

test("what does not fit goes in parts, and a line says what that saves", async () => {
  const { accumulate, lines, kept } = await choose({ most: 0.9 * whole });
  expect(accumulate).toBe(2);
  expect(kept).toEqual([2]);
  expect(lines).toEqual([
    expect.stringMatching(/^batches of 1024 go through in 2 parts, for [\d.]+ MB of memory in place of [\d.]+ MB$/),
  ]);
});

test("a training that goes on keeps its parts, whatever is free now", async () => {
  expect(await choose({ free: 1 }, { parts: 4 })).toEqual({ accumulate: 4, lines: [], kept: [] });
});

test("what is allowed and cannot be kept is refused; what is merely scarce is tried, with a warning", async () => {
  await expect(choose({ most: 1e6 })).rejects.toThrow(
    /^--training-memory: expected at least the [\d.]+ MB that halves takes with 8 images at a time, received 1 MB\n {2}hint: a smaller --resolution or --width takes less$/,
  );
  const { accumulate, lines } = await choose({ free: 1e6 });
  expect(accumulate).toBe(128);
  expect(lines.at(-1)).toBe("only 1 MB of memory are free: this may be slow, or end");
});

test("of a graphics chip nothing is known", async () => {
  expect(await choose({ free: 1 }, { engines: on("webgpu") })).toEqual({ accumulate: 1, lines: [], kept: [] });
  expect(await choose({ free: 1e6 }, { engines: [on("webgpu"), on("cpu")] })).toMatchObject({ accumulate: 128 });
});
