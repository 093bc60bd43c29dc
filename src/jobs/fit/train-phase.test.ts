import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRng, InterruptedError } from "../../base/index.js";
import { temporaryFolder } from "../../data/testing/fixtures.js";
import { chooseEngine } from "../../runtime/index.js";
import { lostEpochs } from "../../training/run/setback.js";
import { halves, halvesNetwork, halvesNormalization, halvesRecipe } from "../../training/testing/halves.js";
import { noProgress } from "../shared/progress.js";
import { createClock, type Job } from "./job.js";
import type { Study } from "./saved-fit.js";
import { trainFully } from "./train-phase.js";

const engine = await chooseEngine("auto", 1);
const sets = { train: halves(32, 1), validation: halves(24, 2), test: halves(8, 3) };

/** A fit that has come to its final training, at a rate at which the first epoch's numbers end. */
async function job(changes: Partial<Job> = {}): Promise<Job & { readonly lines: string[] }> {
  const out = await temporaryFolder();
  await mkdir(join(out, "checkpoints"));
  const lines: string[] = [];
  const study: Study = {
    key: "a",
    plan: { trialEpochs: 1, trialImages: 8, trials: 1 },
    follows: false,
    trials: [],
    rejected: 0,
    spentSeconds: 0,
    finished: false,
  };
  const given = {
    out,
    study,
    engine,
    lines,
    clock: createClock(60),
    rng: createRng(1),
    normalization: halvesNormalization,
    recipe: { ...halvesRecipe, learningRate: 100, warmupEpochs: 0 },
    pool: { get: async (split: keyof typeof sets) => sets[split] },
    progress: { ...noProgress, line: (text: string) => void lines.push(text) },
    ...changes,
  };
  return given as unknown as Job & { readonly lines: string[] };
}

test("a final training that goes wrong is tried again, and its plan has the epochs that were lost", async () => {
  const first = await job({ epochs: 3 });
  const { curve, tensors, setbacks } = await trainFully(first, halvesNetwork);
  expect(setbacks).toMatchObject([{ backTo: 0, learningRate: 100 / 4 }, ...setbacks.slice(1)]);
  expect(curve.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  expect(first.study.plan.schedule).toEqual(new Array(3 + lostEpochs(setbacks)).fill(3));
  expect(first.lines.filter((line) => line.includes("went wrong"))).toHaveLength(setbacks.length);

  const followed = await job({ study: { ...first.study, follows: true } });
  expect((await trainFully(followed, halvesNetwork)).tensors).toEqual(tensors);
});

test("within a time, a plan that is followed loses and finds the same", async () => {
  const timed = await job({ clock: createClock(7) });
  const { curve, tensors, setbacks } = await trainFully(timed, halvesNetwork);
  expect(setbacks.length).toBeGreaterThan(0);
  expect(timed.study.plan.schedule).toHaveLength(curve.length + lostEpochs(setbacks));
  const followed = await job({ study: { ...timed.study, follows: true } });
  expect((await trainFully(followed, halvesNetwork)).tensors).toEqual(tensors);
});

test("stopped after a setback, it goes on to the same bytes", async () => {
  const { tensors, setbacks } = await trainFully(await job({ epochs: 3 }), halvesNetwork);
  const controller = new AbortController();
  const first = await job({ epochs: 3, signal: controller.signal });
  const stopping = {
    ...first,
    progress: { ...noProgress, line: (text: string) => text.includes("went wrong") && controller.abort() },
  };
  await expect(trainFully(stopping as unknown as Job, halvesNetwork)).rejects.toThrow(InterruptedError);
  const { signal: _, ...again } = stopping;
  const result = await trainFully(again as unknown as Job, halvesNetwork);
  expect(result.tensors).toEqual(tensors);
  expect(result.setbacks).toEqual(setbacks);
});
