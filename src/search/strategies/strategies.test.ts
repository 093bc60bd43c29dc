import { describe, expect, test } from "vitest";
import { brokenLimits } from "../../scaling/index.js";
import { frontOf, pointOf } from "../objective.js";
import { type Candidate, candidateKey, type SearchSpace, spaceSize } from "../space.js";
import type { Trial } from "../strategy.js";
import { replay, yardstick } from "../tabular.js";
import { gateOf, objective, searchTable, smallSpace, syntheticTable, trainBy } from "../testing/small-space.js";
import { createStrategy, strategyKinds, strategyNames } from "./registry.js";

const table = syntheticTable(1);
const keyOf = ({ candidate }: { candidate: Candidate }) => candidateKey(smallSpace, candidate);
const never = () => false;

/** The small space with fewer choices: the first of each list but for these. */
function narrowed(free: Partial<Pick<SearchSpace, "resolutions">>): SearchSpace {
  const first = <T>(items: readonly T[]) => items.slice(0, 1);
  const stages = smallSpace.stages.map(({ stride, ...lists }) => {
    const { blocks, kernels, expansions, squeezeExcite, residual, channels, repeats } = lists;
    return {
      stride,
      blocks: first(blocks),
      kernels: first(kernels),
      expansions: first(expansions),
      squeezeExcite: first(squeezeExcite),
      residual: first(residual),
      channels: first(channels),
      repeats: first(repeats),
    };
  });
  return { ...smallSpace, resolutions: first(smallSpace.resolutions), stages, ...free };
}

describe.each(strategyNames)("%s", (name) => {
  const strategy = createStrategy(name, name === "netadapt" ? { cost: "macs", target: 1 } : {});
  const alone = (options: Partial<Parameters<typeof searchTable>[0]> = {}) =>
    searchTable({ arms: [strategy], table, seed: 1, until: (trials) => trials.length >= 60, ...options });

  test("trains the only candidate of a space of one once, and ends", async () => {
    const trials = await alone({ gate: gateOf(narrowed({})), train: trainBy(() => 0.5), until: never });
    expect(trials).toHaveLength(1);
    expect(trials[0]).toMatchObject({ epochs: 3, parent: null });
  });

  test("ends on a tiny space, and where the budget leaves one candidate", async () => {
    const tiny = narrowed({ resolutions: [20, 28] });
    const trials = await alone({ gate: gateOf(tiny), train: trainBy(() => 0.5), until: never });
    expect(new Set(trials.map(({ candidate }) => candidate.resolution))).toEqual(new Set([20, 28]));
    const { macs } = trials.find(({ candidate }) => candidate.resolution === 20)!.costs;
    const one = await alone({ gate: gateOf(tiny, { macs }), train: trainBy(() => 0.5), until: never });
    expect(new Set(one.map(({ candidate }) => candidate.resolution))).toEqual(new Set([20]));
    expect(one.length).toBeLessThanOrEqual(2);
  });

  test("proposes the same again with the same seed, and other candidates with another", async () => {
    const [first, again, other] = await Promise.all([1, 1, 2].map((seed) => alone({ seed })));
    expect(again).toEqual(first);
    // NetAdapt has no randomness but in what it starts from.
    if (name !== "netadapt") expect(other!.map(keyOf)).not.toEqual(first!.map(keyOf));
  });

  test("keeps the budget, whatever fails and is stopped", async () => {
    const budget = { macs: 250_000, params: 12_000 };
    const train = async (assignment: Parameters<ReturnType<typeof replay>>[0]) => {
      if (assignment.id % 5 === 2) throw new Error("out of memory");
      return replay(table, smallSpace, ({ id }) => id % 5 === 3)(assignment);
    };
    const trials = await alone({ gate: gateOf(smallSpace, budget), train });
    expect(trials.length).toBeGreaterThan(3);
    for (const { costs } of trials) expect(brokenLimits(costs, budget)).toEqual([]);
  });

  test("ends when every training fails", async () => {
    const train = () => Promise.reject(new Error("no"));
    const space = { ...smallSpace, stages: narrowed({}).stages.with(2, smallSpace.stages[2]!) };
    const trials = await alone({ gate: gateOf(space), train, until: (trials) => trials.length >= 200 });
    expect(trials.length).toBeLessThanOrEqual(spaceSize(space));
    expect(frontOf(trials, objective)).toEqual([]);
  });
});

describe.each(["random", "evolution", "nsga2"])("%s, let run to its end", (name) => {
  test("has tried nearly every candidate of a space of 512, each once", async () => {
    const trials = await searchTable({ arms: [createStrategy(name)], table, seed: 3, until: never });
    const keys = trials.map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBeGreaterThan(500);
  });
});

describe("on a table of 512", () => {
  /** Part of the true front's volume that is missing after the compute of so many average trials; mean of 5 seeds. */
  async function meanRegret(name: string, trials: number, options: object = {}): Promise<number> {
    const { regret } = yardstick(table, objective, 3);
    const mean = [...table.values()].reduce((sum, { costs }) => sum + costs.macs / table.size, 0);
    const spent = (sofar: readonly Trial[]) => sofar.reduce((sum, { compute }) => sum + compute, 0);
    const until = (sofar: readonly Trial[]) => spent(sofar) >= trials * mean * 3;
    const regrets = await Promise.all(
      Array.from({ length: 5 }, async (_, seed) => {
        const found = await searchTable({ arms: [createStrategy(name, options)], table, seed, until });
        return regret(frontOf(found, objective).map((trial) => pointOf(objective, trial)));
      }),
    );
    return regrets.reduce((sum, each) => sum + each / regrets.length, 0);
  }

  test("what is missing of the front after a quarter of the space", async () => {
    const [random, evolution, nsga2, halving] = await Promise.all(
      ["random", "evolution", "nsga2", "successive-halving"].map((name) => meanRegret(name, 128)),
    );
    expect(random).toBeLessThan(0.1);
    // Evolution looks for one best network; the front is what it passes on the way.
    expect(evolution).toBeLessThan(random!);
    expect(nsga2).toBeLessThan(0.75 * random!);
    // Three epochs are too few for halving to save any: two of three candidates are judged by their first epoch.
    expect(halving).toBeLessThan(0.1);
  });

  test("random search ends at the true front when it has seen everything", async () => {
    const found = await searchTable({ arms: [createStrategy("random")], table, seed: 1, until: never });
    const { front, regret } = yardstick(table, objective, 3);
    const missed = front.filter((row) => !found.some((trial) => keyOf(trial) === keyOf(row)));
    expect(missed.length).toBeLessThanOrEqual(1);
    expect(regret(frontOf(found, objective).map((trial) => pointOf(objective, trial)))).toBeLessThan(0.01);
  });
});

describe("the list", () => {
  test("says for each strategy where it is from and what can be set", () => {
    expect(strategyNames).toEqual(["random", "evolution", "nsga2", "successive-halving", "netadapt"]);
    for (const { source, summary, options } of strategyKinds) {
      expect([source, summary].every((text) => text.length > 10)).toBe(true);
      for (const [option, schema] of Object.entries(options.shape)) {
        expect(schema.description, option).toBeTypeOf("string");
        expect(schema.safeParse(undefined).success, `${option} has a default`).toBe(true);
      }
    }
  });

  test.each([
    ["annealing", {}, "strategy: expected random, evolution, nsga2, successive-halving, netadapt, received annealing"],
    [
      "nsga2",
      { population: 1 },
      'strategy nsga2: expected options out of population, crossover, received {"population":1} (population',
    ],
    ["random", { population: 3 }, "strategy random: expected options out of none at all, received"],
    ["evolution", { sample: 2.5, size: 3 }, "sample: expected int, received number; size: unknown field"],
  ])("refuses %s with %o", (name, options, message) => {
    expect(() => createStrategy(name, options)).toThrow(message);
    expect(() => createStrategy(name, options)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("can be made longer by those above", () => {
    const kind = {
      ...strategyKinds[0]!,
      name: "mine",
      create: () => ({ name: "mine", search: async function* () {} }),
    };
    expect(createStrategy("mine", {}, [...strategyKinds, kind]).name).toBe("mine");
  });
});
