import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createRng, DivergenceError, InfeasibleError } from "../../../base/index.js";
import { countArchitecture } from "../../../networks/index.js";
import "../../../ops/testing/close.js";
import { chooseEngine, type Engine, type Tensor } from "../../../runtime/index.js";
import { type Budget, brokenLimits } from "../../../scaling/index.js";
import { count } from "../../feasible.js";
import { type Candidate, candidateOf, choicesOf, genesOf, type SearchSpace, sampleCandidate } from "../../space.js";
import type { SearchContext, Strategy, Trial } from "../../strategy.js";
import { controller } from "./controller.js";
import { createLearner } from "./learner.js";
import { initialWeights, policyOf, sample, score } from "./policy.js";
import { names } from "./ppo.js";

// One thread, so that results repeat to the bit.
const engine = await chooseEngine("auto", 1);

/** 512 candidates: nine genes with two options each. */
const space = JSON.parse(
  readFileSync(new URL("../../../../results/small-space/space.json", import.meta.url), "utf8"),
) as SearchSpace;
const free = genesOf(space).flatMap(({ options }, i) => (options.length > 1 ? [i] : []));
const keyOf = (candidate: Candidate) => {
  const choices = choicesOf(space, candidate);
  return free.map((i) => choices[i]).join("");
};
/** A space of one point, apart from its resolutions. */
const narrow = (resolutions: readonly number[]): SearchSpace => ({
  ...space,
  resolutions,
  stages: space.stages.map((stage) => ({
    ...stage,
    kernels: [3],
    expansions: [2],
    squeezeExcite: [false],
    channels: [16],
    repeats: [1],
  })),
});

const contextOf = (
  seed: number,
  { budget = {}, of = space }: { budget?: Budget; of?: SearchSpace } = {},
): SearchContext => ({
  gate: { space: of, budget, costsOf: countArchitecture },
  objective: { costs: [], reward: ({ accuracy }) => accuracy },
  epochs: 1,
  rng: createRng(seed),
});

const trialOf = (id: number, candidate: Candidate, accuracy: number, context: SearchContext): Trial => ({
  ...count(context.gate, candidate),
  id,
  arm: "controller",
  parent: null,
  epochs: 1,
  accuracy,
  compute: 0,
  sameAs: null,
  state: "finished",
  curve: [accuracy],
  seconds: 0,
  imagesPerSecond: 0,
  error: null,
});

/** Runs a strategy until it ends or has made `most` proposals. */
async function propose(
  strategy: Strategy,
  context: SearchContext,
  accuracyOf: (candidate: Candidate) => number,
  most: number,
): Promise<{ proposed: Candidate[]; ended: boolean }> {
  const search = strategy.search(context);
  const proposed: Candidate[] = [];
  try {
    let next = await search.next();
    while (next.done !== true && proposed.length < most) {
      const { candidate } = next.value;
      proposed.push(candidate);
      next = await search.next(trialOf(proposed.length - 1, candidate, accuracyOf(candidate), context));
    }
    return { proposed, ended: next.done === true };
  } finally {
    await search.return();
  }
}

/** A made-up table of accuracies around 85 %: each gene counts, pairs of genes too, and training has its noise. */
function madeUpTable(seed: number): (candidate: Candidate) => number {
  const rng = createRng(`table ${seed}`);
  const single = free.map(() => rng.normal());
  const pairs = free.map(() => free.map(() => 0.3 * rng.normal()));
  return (candidate) => {
    const key = keyOf(candidate);
    const signs = [...key].map((digit) => (digit === "1" ? 0.5 : -0.5));
    const score = signs.reduce(
      (sum, x, i) => sum + single[i]! * x + signs.slice(0, i).reduce((inner, y, j) => inner + pairs[i]![j]! * x * y, 0),
      0.15 * createRng(`${seed} ${key}`).normal(),
    );
    return 0.85 + 0.01 * score;
  };
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** An engine that keeps what it was fed, and counts what was not disposed. */
function watched(): { engine: Engine; fed: Readonly<Record<string, Tensor>>[]; open: () => number } {
  const fed: Readonly<Record<string, Tensor>>[] = [];
  let open = 0;
  return {
    fed,
    open: () => open,
    engine: {
      ...engine,
      async load(model) {
        const session = await engine.load(model);
        open++;
        return {
          run: (feeds) => {
            fed.push(feeds as Readonly<Record<string, Tensor>>);
            return session.run(feeds);
          },
          dispose: () => {
            open--;
            return session.dispose();
          },
        };
      },
    },
  };
}

describe("learning", () => {
  test("one best option per decision becomes the likely one, and rewards rise", async () => {
    const best = [2, 0, 1, 3, 1];
    const policy = policyOf([3, 2, 2, 4, 3], 32);
    const settings = { batch: 8, epochs: 4, learningRate: 5e-3, clip: 0.2, entropyBonus: 1e-5 };
    const rng = createRng(1);
    const learner = await createLearner(engine, policy, initialWeights(policy, rng.fork("weights")), settings);
    const before = score(policy, learner.weights, best).logProbabilities;
    const rewards: number[] = [];
    let baseline = 0.4;
    for (let update = 0; update < 40; update++) {
      const batch = Array.from({ length: settings.batch }, (_, i) => {
        const decisions = sample(policy, learner.weights, rng.fork(`${update} ${i}`));
        const reward = mean(decisions.choices.map((choice, gene) => (choice === best[gene] ? 1 : 0)));
        return { ...decisions, reward, advantage: reward - baseline };
      });
      rewards.push(mean(batch.map(({ reward }) => reward)));
      baseline += 0.3 * (rewards.at(-1)! - baseline);
      await learner.update(batch);
    }
    const after = score(policy, learner.weights, best).logProbabilities;
    await learner.dispose();
    expect(rewards.at(-1)! - rewards[0]!).toBeGreaterThan(0.3);
    for (const [i, logProbability] of after.entries()) {
      expect(Math.exp(logProbability), `decision ${i}`).toBeGreaterThan(Math.exp(before[i]!) + 0.2);
    }
  });

  test("finds better candidates of the small space than random draws do", async () => {
    const all = Array.from({ length: 2 ** free.length }, (_, n) =>
      candidateOf(
        space,
        genesOf(space).map((_, i) => (free.includes(i) ? (n >> free.indexOf(i)) & 1 : 0)),
      ),
    );
    const ranks: number[] = [];
    const ranksOfRandom: number[] = [];
    for (const seed of [0, 1, 2, 3]) {
      const accuracyOf = madeUpTable(seed);
      const sorted = all.map(accuracyOf).sort((a, b) => b - a);
      const rankOf = (candidates: readonly Candidate[]) => sorted.indexOf(Math.max(...candidates.map(accuracyOf))) + 1;
      const { proposed } = await propose(controller({ engine }), contextOf(seed), accuracyOf, 120);
      const distinct = new Set(proposed.map(keyOf)).size;
      ranks.push(rankOf(proposed));
      ranksOfRandom.push((all.length + 1) / (distinct + 1)); // the expected best of as many draws, no luck in it
      const [first, last] = [proposed.slice(0, 24), proposed.slice(-24)].map((batch) => mean(batch.map(accuracyOf)));
      expect(last! - first!, `seed ${seed}: mean of the last and first 24`).toBeGreaterThan(0.005);
    }
    expect(mean(ranks)).toBeLessThan(mean(ranksOfRandom));
  });
});

describe("the gate", () => {
  // About the median of the space.
  const budget = { macs: 250_000 };

  test("what breaks a limit is never proposed, and what was proposed instead is what is learned from", async () => {
    const context = contextOf(2, { budget });
    const { engine, fed } = watched();
    let rejected = 0;
    const gate = { ...context.gate, onRejected: () => rejected++ };
    const { proposed } = await propose(controller({ engine }), { ...context, gate }, madeUpTable(2), 17);
    for (const candidate of proposed) expect(brokenLimits(count(gate, candidate).costs, budget)).toEqual([]);
    expect(rejected, "the limit is felt").toBeGreaterThan(3);

    const policy = policyOf(
      free.map(() => 2),
      100,
    );
    const update = fed[4]!; // the first step of the second batch: the policy has changed since the first
    const batch = proposed.slice(8, 16).map((candidate) => [...keyOf(candidate)].map(Number));
    const oneHot = free.flatMap((_, i) => batch.flatMap((choices) => (choices[i] === 0 ? [1, 0] : [0, 1])));
    expect(Array.from(update[names.choices]!.data)).toEqual(oneHot);
    const scores = batch.map((choices) => score(policy, update[names.weights]!.data as Float32Array, choices));
    expect(update[names.oldLogProbabilities]!.data).toBeAllClose(
      free.flatMap((_, i) => scores.map(({ logProbabilities }) => logProbabilities[i]!)),
    );
  });

  test("where nothing keeps the budget, the search says so", async () => {
    const { engine, open } = watched();
    const search = controller({ engine }).search(contextOf(0, { budget: { params: 10 } }));
    await expect(search.next()).rejects.toThrow(InfeasibleError);
    expect(open(), "nothing is left open").toBe(0);
  });
});

test("advantages are rewards less the moving average of those before", async () => {
  const { engine, fed } = watched();
  const rewards = [0.5, 0.9, 0.1, 0.5, 0.7];
  let next = 0;
  const options = { engine, batch: 2, epochs: 1, baselineDecay: 0.75 };
  await propose(controller(options), contextOf(3), () => rewards[next++]!, 5);
  // 0.5 → 0.5 + ¼ · 0.4 = 0.6 → 0.6 − ¼ · 0.5 = 0.475
  expect(fed.flatMap((feeds) => [...feeds[names.advantages]!.data])).toBeAllClose([0, 0.4, -0.5, 0.025]);
});

test("told the same, it asks for the same; another seed or other outcomes lead elsewhere", async () => {
  const keys = async (seed: number, table: number) =>
    (await propose(controller({ engine }), contextOf(seed), madeUpTable(table), 40)).proposed.map(keyOf);
  const first = await keys(4, 4);
  expect(await keys(4, 4)).toEqual(first);
  expect(await keys(5, 4)).not.toEqual(first);
  const told = await keys(4, 5);
  expect(told.slice(0, 8), "before it was told anything").toEqual(first.slice(0, 8));
  expect(told).not.toEqual(first);
});

describe("the end", () => {
  const accuracyOf = madeUpTable(6);

  test("of a space of one point comes after one trial, without an engine", async () => {
    const none: Engine = {
      ...engine,
      load: () => Promise.reject(new Error("not to be loaded")),
    };
    const { proposed, ended } = await propose(
      controller({ engine: none }),
      contextOf(0, { of: narrow([28]) }),
      () => 0.5,
      10,
    );
    expect(proposed).toEqual([sampleCandidate(narrow([28]), createRng(0))]);
    expect(ended).toBe(true);
  });

  test("comes when all was proposed", async () => {
    const { proposed, ended } = await propose(
      controller({ engine }),
      contextOf(1, { of: narrow([20, 24, 28]) }),
      () => 0.5,
      60,
    );
    expect(ended).toBe(true);
    expect(new Set(proposed.map(({ resolution }) => resolution))).toEqual(new Set([20, 24, 28]));
    expect(proposed.slice(0, -1).some(({ resolution }) => resolution === proposed.at(-1)!.resolution)).toBe(false);
  });

  test("comes after so many repeats in a row", async () => {
    const { engine, open } = watched();
    const { proposed, ended } = await propose(
      controller({ engine, patience: 12, learningRate: 2e-2 }),
      contextOf(2),
      accuracyOf,
      600,
    );
    expect(ended).toBe(true);
    const keys = proposed.map(keyOf);
    const isRepeat = keys.map((key, i) => keys.indexOf(key) < i);
    expect(isRepeat.slice(-12)).toEqual(Array(12).fill(true));
    expect(isRepeat.join(" ").indexOf(Array(12).fill(true).join(" "))).toBe(
      isRepeat.slice(0, -12).join(" ").length + 1,
    );
    expect(open(), "nothing is left open").toBe(0);
  });

  test("may come at any time from without, and nothing is left open", async () => {
    const { engine, open } = watched();
    const context = contextOf(2);
    const search = controller({ engine }).search(context);
    await search.next();
    expect(open()).toBe(1);
    await search.return();
    expect(open()).toBe(0);
  });

  test("comes with an error when a reward is no number", async () => {
    const { engine, open } = watched();
    const failing = propose(controller({ engine, learningRate: 0.002 }), contextOf(2), () => Number.NaN, 20);
    await expect(failing).rejects.toThrow(DivergenceError);
    await expect(failing).rejects.toThrow(/controller, step 1: expected a finite loss, received NaN\n.*now 0\.002/);
    expect(open()).toBe(0);
  });
});
