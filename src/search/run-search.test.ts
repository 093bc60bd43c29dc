import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, FileError, InterruptedError } from "../base/index.js";
import type { Assignment, SearchRun } from "./run-search.js";
import { type Candidate, candidateKey, candidateOf, choicesOf } from "./space.js";
import { createStrategy, strategyNames } from "./strategies/registry.js";
import type { Outcome, Proposal, Strategy, Trial } from "./strategy.js";
import { replay } from "./tabular.js";
import {
  costsOf,
  everyCandidate,
  gateOf,
  searchTable,
  smallSpace,
  syntheticTable,
  trainBy,
} from "./testing/small-space.js";

const table = syntheticTable(1);
const candidates = everyCandidate(smallSpace);
const keyOf = ({ candidate }: { candidate: Candidate }) => candidateKey(smallSpace, candidate);
const ofArm = (trials: readonly Trial[], arm: string) => trials.filter((trial) => trial.arm === arm);
const compute = (trials: readonly Trial[], arm: string) =>
  ofArm(trials, arm).reduce((sum, trial) => sum + trial.compute, 0);
const length = (count: number) => (trials: readonly Trial[]) => trials.length >= count;
const never = () => false;

/** Asks for these, one after the other, and remembers what it was told. */
function scripted(name: string, proposals: readonly Partial<Proposal>[], told: Trial[] = []): Strategy {
  return {
    name,
    async *search() {
      for (const proposal of proposals) told.push(yield { candidate: candidates[0]!, parent: null, ...proposal });
    },
  };
}

const search = (arms: readonly Strategy[], run: Partial<SearchRun> = {}) =>
  searchTable({ arms, table, seed: 1, until: never, ...run });

describe("a search that was stopped", () => {
  const run = (name: string, run: Partial<SearchRun> = {}) => {
    const small = { evolution: { population: 5, sample: 3 }, nsga2: { population: 6 } }[name];
    const baseline = name === "random" ? [] : [createStrategy("random")];
    const failing = async (assignment: Assignment): Promise<Outcome> => {
      if (assignment.id % 7 === 3) throw new Error("out of memory");
      return replay(table, smallSpace)(assignment);
    };
    return search([createStrategy(name, small), ...baseline], { train: failing, until: length(36), ...run });
  };

  test.each(strategyNames)("goes on as if it had not been, wherever it was cut: %s", async (name) => {
    const whole = await run(name);
    expect(whole.length, "long enough to cut").toBeGreaterThan(20);
    for (let cut = 0; cut <= whole.length; cut++) {
      const trained: number[] = [];
      const recorded = JSON.parse(JSON.stringify(whole.slice(0, cut))) as Trial[];
      const again = await run(name, { recorded, onProposal: ({ id }) => trained.push(id) });
      expect(again).toEqual(whole);
      expect(trained).toEqual(whole.slice(cut).map(({ id }) => id));
    }
  });

  test("asks nothing of the trainer for what is recorded, and records it once", async () => {
    const whole = await run("evolution");
    const train = () => Promise.reject(new InterruptedError({ at: "here", expected: "no training", received: "one" }));
    const recorded = whole.slice(0, 10);
    const written: Trial[] = [];
    const record = async (trial: Trial) => void written.push(trial);
    await expect(run("evolution", { recorded, train, record })).rejects.toThrow("no training");
    expect(written.every(({ sameAs }) => sameAs !== null)).toBe(true);
    expect(await run("evolution", { recorded: whole, train, record: train })).toEqual(whole);
  });

  test.each([
    ["another strategy", { arms: [createStrategy("nsga2"), createStrategy("random")] }],
    ["another seed", { seed: 2 }],
    ["other epochs", { epochs: 2 }],
  ])("does not go on with %s", async (_, other) => {
    const arms = [createStrategy("evolution", { population: 5 }), createStrategy("random")];
    const base = { arms, table, seed: 1, until: length(12) };
    const recorded = await searchTable(base);
    await expect(searchTable({ ...base, ...other, recorded })).rejects.toMatchObject({ code: "usage" });
  });

  test("says which trial is another's, and what it would have been", async () => {
    const recorded = await search([scripted("a", [{}, { candidate: candidates[1]! }])]);
    const now = scripted("a", [{}, { candidate: candidates[2]!, parent: 0, epochs: 1 }]);
    await expect(search([now], { recorded })).rejects.toThrow(
      `recorded trial 2: expected a's trial 2 of ${candidateKey(smallSpace, candidates[2]!)} for 1 epochs after trial 1, ` +
        `received a's trial 2 of ${candidateKey(smallSpace, candidates[1]!)} for 3 epochs\n  hint: these trials are of a search with another`,
    );
    await expect(search([scripted("a", [{}])], { recorded })).rejects.toThrow("expected no more trials, received a's");
  });
});

describe("arms side by side", () => {
  test("stay within one trial of equal compute, the first going first", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const arms = [createStrategy("evolution", { population: 5 }), createStrategy("random")];
        const trials = await searchTable({ arms, table, seed, until: length(40) });
        expect(trials[0]!.arm).toBe("evolution");
        for (let done = 1; done <= trials.length; done++) {
          const sofar = trials.slice(0, done);
          const largest = Math.max(...sofar.map((trial) => trial.compute));
          expect(Math.abs(compute(sofar, "evolution") - compute(sofar, "random"))).toBeLessThanOrEqual(largest);
        }
      }),
      { numRuns: 20 },
    );
  });

  test("that begin at random begin alike, and have that start trained once", async () => {
    const trained: string[] = [];
    const train = async (assignment: Assignment) => {
      trained.push(keyOf(assignment));
      return { ...(await replay(table, smallSpace)(assignment)), seconds: 5 };
    };
    const population = { population: 12 };
    const arms = [
      createStrategy("evolution", population),
      createStrategy("nsga2", population),
      createStrategy("random"),
    ];
    const trials = await search(arms, { train, until: length(36) });
    const [first, ...others] = arms.map(({ name }) => ofArm(trials, name).slice(0, 12));
    for (const other of others) {
      expect(other!.map(keyOf)).toEqual(first!.map(keyOf));
      expect(other!.map(({ sameAs }) => sameAs)).toEqual(first!.map(({ id }) => id));
      for (const [i, trial] of other!.entries()) {
        const { accuracy, compute, curve } = first![i]!;
        expect(trial).toMatchObject({ accuracy, compute, curve, seconds: 0 });
      }
    }
    expect(trained).toEqual(first!.map(keyOf));
  });

  test("do not draw alike where they draw under other names", async () => {
    const [a, b] = await Promise.all(
      [1, 2].map((seed) => searchTable({ arms: [createStrategy("random")], table, seed, until: length(8) })),
    );
    expect(a!.map(keyOf)).not.toEqual(b!.map(keyOf));
  });

  test("end when the first has ended and the others have spent as much", async () => {
    const asked = scripted("asked", [{ candidate: candidates[510]! }, { candidate: candidates[511]! }]);
    const trials = await search([asked, createStrategy("random")]);
    expect(ofArm(trials, "asked")).toHaveLength(2);
    expect(compute(trials, "random")).toBeGreaterThanOrEqual(compute(trials, "asked"));
    expect(compute(trials.slice(0, -1), "random")).toBeLessThan(compute(trials, "asked"));
    // The other way round the first goes on.
    const longer = await search([createStrategy("random"), asked], { until: length(30) });
    expect(ofArm(longer, "random")).toHaveLength(28);
  });

  test("have names of their own", async () => {
    await expect(search([scripted("a", []), scripted("a", [])])).rejects.toThrow("internal: two arms");
  });
});

describe("a trial", () => {
  test("is counted, trained and told", async () => {
    const told: Trial[] = [];
    const trials = await search([scripted("a", [{}, { candidate: candidates[7]!, parent: 0, epochs: 2 }], told)]);
    const { costs, curve } = table.get(candidateKey(smallSpace, candidates[7]!))!;
    expect(trials[1]).toEqual({
      id: 1,
      arm: "a",
      parent: 0,
      epochs: 2,
      candidate: candidates[7]!,
      architecture: trials[1]!.architecture,
      costs,
      state: "finished",
      curve: curve.slice(0, 2),
      accuracy: curve[1],
      compute: costs.macs * 2,
      seconds: 0,
      imagesPerSecond: 0,
      error: null,
      sameAs: null,
    });
    expect(costsOf(trials[1]!.architecture)).toEqual(costs);
    expect(told).toEqual(trials);
  });

  test("of a candidate that was trained for as long is not trained again; for longer it is", async () => {
    const lengths: number[] = [];
    const train = async (assignment: Assignment) => {
      lengths.push(assignment.epochs);
      return trainBy(() => 0.5)(assignment);
    };
    const again = [{ epochs: 1 }, { epochs: 3 }, { epochs: 1 }, {}];
    const trials = await search([scripted("a", again)], { train, images: 10 });
    expect(lengths).toEqual([1, 3]);
    expect(trials.map(({ sameAs }) => sameAs)).toEqual([null, null, 0, 1]);
    const { macs } = trials[0]!.costs;
    expect(trials.map((trial) => trial.compute)).toEqual([10 * macs, 30 * macs, 0, 0]);
    expect(trials.map(({ seconds }) => seconds)).toEqual([1, 1, 0, 0]);
  });

  test("of a candidate that another arm had trained costs as much as it would alone, and the second time nothing", async () => {
    const other = { candidate: candidates[1]! };
    const both = [scripted("a", [{}, other]), scripted("b", [{}, {}, other])];
    const trials = await search(both, { train: trainBy(() => 0.5), images: 10 });
    const [first, second] = [trials[0]!.costs.macs, trials[2]!.costs.macs];
    expect(trials.map(({ arm, sameAs, compute }) => [arm, sameAs, compute])).toEqual([
      ["a", null, 30 * first],
      ["b", 0, 30 * first],
      ["a", null, 30 * second],
      ["b", 0, 0],
      ["b", 2, 30 * second],
    ]);
  });

  test("that fails of what would fail every other ends the search", async () => {
    const facts = { at: "weights", expected: "a file that can be written", received: "a full disk" };
    const recorded: Trial[] = [];
    for (const error of [new FileError(facts), new DataError(facts)]) {
      const record = async (trial: Trial) => void recorded.push(trial);
      await expect(search([scripted("a", [{}])], { train: () => Promise.reject(error), record })).rejects.toBe(error);
    }
    expect(recorded).toEqual([]);
  });

  test("that fails scores nothing, costs the epochs it began, and is tried again", async () => {
    const outcome = { seconds: 2, imagesPerSecond: 9, error: "not finite" } as const;
    const outcomes: (() => Outcome)[] = [
      () => ({ ...outcome, state: "failed", curve: [0.4] }),
      () => ({ ...outcome, state: "failed", curve: [0.4, 0.5, 0.6] }),
      () => {
        throw new Error("out of memory");
      },
      () => ({ ...outcome, state: "stopped", curve: [0.4, 0.5], error: null }),
    ];
    const train = async () => outcomes.shift()!();
    const trials = await search([scripted("a", [{}, {}, {}, {}, {}])], { train });
    expect(trials.map(({ state }) => state)).toEqual(["failed", "failed", "failed", "stopped", "stopped"]);
    expect(trials.map(({ accuracy }) => accuracy)).toEqual([0, 0, 0, 0.5, 0.5]);
    expect(trials.map((trial) => trial.compute / trial.costs.macs)).toEqual([2, 3, 1, 2, 0]);
    expect(trials.map(({ error }) => error)).toEqual(["not finite", "not finite", "out of memory", null, null]);
    expect(trials.map(({ sameAs }) => sameAs)).toEqual([null, null, null, null, 3]);
  });

  test("fails or ends the search as `ends` says of its error", async () => {
    const outOfMemory = new Error("out of memory");
    const full = new FileError({ at: "disk", expected: "room", received: "none" });
    const failing = (error: Error, ends?: SearchRun["ends"]) =>
      search([scripted("a", [{}])], { train: () => Promise.reject(error), ...(ends && { ends }) });
    await expect(failing(outOfMemory, () => true)).rejects.toBe(outOfMemory);
    expect(await failing(outOfMemory)).toMatchObject([{ state: "failed", error: "out of memory" }]);
    await expect(failing(full)).rejects.toBe(full);
    expect(await failing(full, () => false)).toMatchObject([{ state: "failed", error: full.message }]);
  });

  test("that is interrupted is not recorded, and the strategies are closed", async () => {
    let closed = 0;
    const strategy: Strategy = {
      name: "a",
      async *search() {
        try {
          for (const candidate of candidates) yield { candidate, parent: null };
        } finally {
          closed++;
        }
      },
    };
    const stop = new InterruptedError({ at: "training", expected: "to go on", received: "a signal" });
    const recorded: Trial[] = [];
    const train = async (assignment: Assignment) => {
      if (assignment.id === 2) throw stop;
      return trainBy(() => 0.5)(assignment);
    };
    const record = async (trial: Trial) => void recorded.push(trial);
    await expect(search([strategy], { train, record })).rejects.toBe(stop);
    expect(recorded.map(({ id }) => id)).toEqual([0, 1]);
    expect(closed).toBe(1);
  });

  test("is asked for inside the gate", async () => {
    const budget = { macs: costsOf((await search([scripted("a", [{}])]))[0]!.architecture).macs };
    const gate = gateOf(smallSpace, budget);
    const outside = [
      [{ candidate: candidates.at(-1)! }, /^internal: a proposed a candidate that breaks the limit of macs: \{/],
      [{ candidate: { ...candidates[0]!, width: 3 } }, /^internal: a proposed a candidate that is not in the space/],
      [{ parent: 5 }, /^internal: a proposed trial 5, which there is not, as a parent/],
      [{ epochs: 0 }, /^internal: a proposed 0 epochs/],
    ] as const;
    for (const [proposal, message] of outside) {
      await expect(search([scripted("a", [proposal])], { gate })).rejects.toThrow(message);
    }
    expect(await search([scripted("a", [{}])], { gate })).toHaveLength(1);
  });

  test("that cannot be recorded ends the search", async () => {
    const record = () => Promise.reject(new Error("disk full"));
    await expect(search([scripted("a", [{}])], { record })).rejects.toThrow("disk full");
  });
});

test("`until` is asked with the recorded trials, and before what has to be trained alone", async () => {
  const seen: number[] = [];
  const until = (trials: readonly Trial[]) => {
    seen.push(trials.length);
    return trials.length >= 3;
  };
  // Both begin at random, with the same candidates: the second of each pair is known.
  const trials = await search([createStrategy("evolution"), createStrategy("random")], { until });
  expect(seen).toEqual([0, 2, 4]);
  expect(trials.map(({ arm, sameAs }) => [arm, sameAs])).toEqual([
    ["evolution", null],
    ["random", 0],
    ["evolution", null],
    ["random", 2],
  ]);
});

test("choices and keys of candidates say the same", () => {
  expect(candidates.map((candidate) => candidateOf(smallSpace, choicesOf(smallSpace, candidate)))).toEqual(candidates);
  expect(new Set(candidates.map((candidate) => candidateKey(smallSpace, candidate))).size).toBe(512);
});

test("a strategy that cannot let go does not hide what ended the search", async () => {
  const holding: Strategy = {
    name: "holding",
    async *search() {
      try {
        yield { candidate: candidates[0]!, parent: null };
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: the session of an engine may do so
        throw new Error("the session is gone");
      }
    },
  };
  const full = new FileError({ at: "study", expected: "to be written", received: "a full disk" });
  await expect(search([holding], { train: () => Promise.reject(full) })).rejects.toBe(full);
  await expect(search([holding], { until: () => true })).rejects.toThrow("the session is gone");
});
