import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRng, DivergenceError } from "../../base/index.js";
import { costsOfProfile } from "../../cost/index.js";
import { temporaryFolder } from "../../data/testing/fixtures.js";
import { countArchitecture } from "../../networks/index.js";
import { chooseEngine } from "../../runtime/index.js";
import type { CostGate, SearchContext, SearchSpace } from "../../search/index.js";
import { halves, halvesRecipe } from "../../training/testing/halves.js";
import { noProgress } from "../shared/progress.js";
import { supernetArm } from "./supernet-arm.js";

const engine = await chooseEngine("auto", 1);

/** Two networks. */
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
      blocks: ["separable"],
      kernels: [3],
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

/** Trains and judges. */
async function shared(learningRate: number, folder: string, signal?: AbortSignal) {
  const lines: string[] = [];
  const arm = await supernetArm({
    engine,
    gate,
    epochs: 3,
    rule: { kind: "sandwich", random: 0 },
    rng: createRng(3),
    judged: 2,
    recipe: { ...halvesRecipe, learningRate, warmupEpochs: 0 },
    normalization: { mean: [0.5], std: [0.3] },
    train: async () => halves(32, 1),
    validation: async () => halves(16, 2),
    folder,
    run: "a",
    signal,
    progress: { ...noProgress, line: (text) => void lines.push(text) },
  });
  try {
    const objective = { costs: ["params"], reward: ({ accuracy }: { accuracy: number }) => accuracy } as const;
    await arm.strategy.search({ gate, objective, rng: createRng(1) } as unknown as SearchContext).next();
    return { lines, accuracies: [...arm.shared.values()] };
  } finally {
    await arm.dispose();
  }
}

test("shared weights that diverge are begun anew at a lower rate, and not again once that is done", async () => {
  const folder = await temporaryFolder();
  const { lines, accuracies } = await shared(100, folder);
  expect(lines[0]).toMatch(/^shared weights, epoch \d went wrong \(.*\): begun anew at a learning rate of 25$/);
  expect(accuracies).toHaveLength(2);
  const bytes = await readFile(join(folder, "supernet.safetensors"));
  const again = await shared(100, folder);
  expect(again).toEqual({ lines: [], accuracies });
  expect(Buffer.compare(bytes, await readFile(join(folder, "supernet.safetensors")))).toBe(0);
});

test("at no rate, nothing is saved or judged", async () => {
  const folder = await temporaryFolder();
  const error = await shared(1e20, folder).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DivergenceError);
  expect((error as DivergenceError).message).toMatch(
    /, and no better end at 3 higher rates\n {2}hint: look at the pictures/,
  );
});

test("stopped while it judges, it says so whatever the reason of the stop", async () => {
  const folder = await temporaryFolder();
  await shared(0.1, folder);
  await rm(join(folder, "shared-accuracy.json"));
  const reason = new Error("enough");
  await expect(shared(0.1, folder, AbortSignal.abort(reason))).rejects.toMatchObject({
    code: "interrupted",
    cause: reason,
  });
});
