import { describe, expect, test } from "vitest";
import { type Candidate, choicesOf, genesOf } from "../space.js";
import type { Trial } from "../strategy.js";
import { gateOf, searchTable, smallSpace, syntheticTable, type TableSearch, trainBy } from "../testing/small-space.js";
import { createStrategy } from "./registry.js";

const table = syntheticTable(1);
const genes = genesOf(smallSpace);
const largest = genes.map(({ options }) => options.length - 1);

const adapt = (options: object, run: Partial<TableSearch> = {}) =>
  searchTable({
    arms: [createStrategy("netadapt", { cost: "macs", shortEpochs: 1, ...options })],
    table,
    seed: 1,
    until: () => false,
    ...run,
  });

/** Trials with the same parent, one list a round; the seed, its short training and the last one, trained whole, left out. */
function roundsOf(trials: readonly Trial[]): Trial[][] {
  const isUncut = ({ candidate, parent }: Trial) => loweredGenes(trials[parent!]!.candidate, candidate).length === 0;
  const short = trials.filter((trial) => trial.epochs === 1 && !isUncut(trial));
  return [...new Set(short.map(({ parent }) => parent))].map((id) => short.filter(({ parent }) => parent === id));
}

const loweredGenes = (from: Candidate, to: Candidate) => {
  const [a, b] = [choicesOf(smallSpace, from), choicesOf(smallSpace, to)];
  return a.flatMap((choice, i) => (choice === b[i] ? [] : [[i, choice - b[i]!]]));
};

describe("NetAdapt", () => {
  test("starts from the largest candidate, trained whole, and ends with the last one trained whole", async () => {
    const trials = await adapt({});
    expect(choicesOf(smallSpace, trials[0]!.candidate)).toEqual(largest);
    expect([trials[0]!.epochs, trials.at(-1)!.epochs]).toEqual([3, 3]);
    expect(trials.at(-1)!.candidate).toEqual(trials[trials.at(-1)!.parent!]!.candidate);
    expect(trials.at(-1)!.costs.macs).toBeLessThanOrEqual(trials[0]!.costs.macs / 2);
  });

  test("gives a proposal for every gene that saves a step, and no other", async () => {
    const trials = await adapt({ step: 0.05 });
    const least = 0.05 * trials[0]!.costs.macs;
    const rounds = roundsOf(trials);
    expect(rounds.length).toBeGreaterThan(1);
    for (const round of rounds) {
      const parent = trials[round[0]!.parent!]!;
      const touched = round.map(({ candidate }) => loweredGenes(parent.candidate, candidate));
      for (const lowered of touched) expect(lowered).toEqual([[expect.any(Number), expect.any(Number)]]);
      expect(new Set(touched.map(([lowered]) => lowered![0])).size).toBe(round.length);
      for (const { costs } of round) expect(costs.macs).toBeLessThanOrEqual(parent.costs.macs - least);
    }
    // A finer step lets more genes through.
    expect(roundsOf(await adapt({ step: 0.001 }))[0]!.length).toBeGreaterThan(rounds[0]!.length);
  });

  test("takes more than one step of a gene where one does not save enough", async () => {
    const space = { ...smallSpace, resolutions: [20, 27, 28] };
    const gate = gateOf(space);
    const trials = await adapt({ step: 0.2 }, { gate, train: trainBy(() => 0.5) });
    expect(trials.filter(({ parent }) => parent === 0).map(({ candidate }) => candidate.resolution)).toContain(20);
    expect(trials.map(({ candidate }) => candidate.resolution)).not.toContain(27);
  });

  // Two genes to lower: kernels, which save little and lose little; the resolution, which saves much and loses more.
  const losses = ({ resolution, stages }: Candidate) =>
    (resolution === 20 ? 0.05 : 0) + (stages[1]!.kernel === 3 ? 0.01 : 0) + (stages[2]!.kernel === 3 ? 0.02 : 0);
  const space = {
    ...smallSpace,
    stages: smallSpace.stages.map((stage) => ({
      ...stage,
      expansions: [4],
      squeezeExcite: [false],
      channels: [24],
      repeats: [1],
    })),
  };
  test.each([
    ["ratio", ["resolution", "stages 1 kernel", "stages 2 kernel"]],
    ["drop", ["stages 1 kernel", "stages 2 kernel", "resolution"]],
  ])("keeps by %s", async (keep, order) => {
    const trials = await adapt(
      { keep, target: 1 },
      { gate: gateOf(space), train: trainBy((a) => 0.9 - losses(a.candidate)) },
    );
    const parents = [...new Set(trials.map(({ parent }) => parent))].filter((id) => id !== null);
    const path = parents.map((id) => trials[id]!.candidate);
    const lowered = path.slice(1).map((candidate, i) => {
      const [a, b] = [choicesOf(space, path[i]!), choicesOf(space, candidate)];
      return genesOf(space)[a.findIndex((choice, gene) => choice !== b[gene])]!.path.join(" ");
    });
    expect(lowered).toEqual(order);
  });

  test("a short training is compared with a short one: that it is short makes no cut look better", async () => {
    // A kernel loses nothing, the resolution a little, and all lose much by being trained for one epoch in place of three.
    const losing = ({ resolution }: Candidate) => (resolution === 20 ? 0.05 : 0);
    const train = trainBy(({ candidate, epochs }) => 0.9 - losing(candidate) - (epochs === 1 ? 0.3 : 0));
    const trials = await adapt({ target: 1 }, { gate: gateOf(space), train });
    const [first] = roundsOf(trials).slice(1);
    expect(trials[first![0]!.parent!]!.candidate.resolution).toBe(28);
  });

  test("begins where it is told to, and says what is wrong with that", async () => {
    const seed = largest.with(0, 0);
    expect(choicesOf(smallSpace, (await adapt({ seed }))[0]!.candidate)).toEqual(seed);
    await expect(adapt({ seed: [0, 1] })).rejects.toThrow(
      "seed: expected 28 choices within the genes of the space, received [0,1]",
    );
    await expect(adapt({ seed: largest.with(0, 2) })).rejects.toThrow("seed: expected 28 choices");
    await expect(
      adapt({ seed: largest }, { gate: gateOf(smallSpace, { macs: 200_000, params: 9_000 }) }),
    ).rejects.toThrow("seed: expected a network that keeps the budget, received one that breaks params and macs");
  });

  test("goes on from what did not fail, and ends where all did", async () => {
    const train = async (assignment: Parameters<ReturnType<typeof trainBy>>[0]) => {
      if (assignment.parent !== null && assignment.candidate.resolution === 20) throw new Error("no");
      return trainBy(() => 0.5)(assignment);
    };
    const trials = await adapt({ target: 1 }, { train });
    expect(trials.at(-1)!.candidate.resolution).toBe(28);
    expect(trials.filter(({ state }) => state === "failed").length).toBeGreaterThan(0);
    expect(await adapt({}, { train: () => Promise.reject(new Error("no")) })).toHaveLength(1);
  });
});
