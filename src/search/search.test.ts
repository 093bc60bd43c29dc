import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, InfeasibleError } from "../base/index.js";
import { type Costs, costsOfProfile } from "../cost/index.js";
import { type Architecture, buildArchitecture, parseArchitecture, profileArchitecture } from "../networks/index.js";
import { type Budget, brokenLimits } from "../scaling/index.js";
import { armCompute, bestTrial, type EvolutionOptions, propose, type Trial, trialsOf } from "./evolution.js";
import { type CostGate, count, fitsSmallest, mutateFeasible, requireFeasible, sampleFeasible } from "./feasible.js";
import {
  type Candidate,
  candidateOf,
  cheaperNeighbours,
  choicesOf,
  decode,
  genesOf,
  mutate,
  type SearchSpace,
  sampleCandidate,
  smallestCandidate,
} from "./space.js";
import { imageSpace, mnasnetSpace, mobilenetV3Space } from "./spaces.js";

const space = imageSpace({ classes: 4, channels: 1, resolutions: [20, 24, 28] });

const papers = [mnasnetSpace, mobilenetV3Space].map((of) => of({ classes: 1000, channels: 3, resolutions: [224] }));

/** Counts each network once for the whole file. */
const known = new Map<string, Costs>();
const costsOf = (architecture: Architecture): Costs => {
  const key = JSON.stringify(architecture);
  const costs = known.get(key) ?? costsOfProfile(profileArchitecture(architecture));
  known.set(key, costs);
  return costs;
};
const gateOf = (budget: Budget): CostGate => ({ space, budget, costsOf });

/** Every gene of a candidate, with the values its space allows. */
function genes(candidate: Candidate, of: SearchSpace): [value: unknown, options: readonly unknown[]][] {
  const choices = choicesOf(of, candidate);
  return genesOf(of).map(({ options }, i) => [options[choices[i]!], options]);
}

function expectInside(candidate: Candidate) {
  expect(candidate.stages).toHaveLength(space.stages.length);
  for (const [value, options] of genes(candidate, space)) expect(options).toContain(value);
}

const differences = (a: Candidate, b: Candidate) => {
  const others = genes(b, space);
  return genes(a, space).filter(([value], i) => value !== others[i]![0]).length;
};

describe("the space", () => {
  test("what is drawn or mutated lies in it; a mutation changes exactly one gene", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const rng = createRng(seed);
        const parent = sampleCandidate(space, rng);
        expectInside(parent);
        const before = structuredClone(parent);
        const child = mutate(space, parent, rng);
        expectInside(child);
        expect(differences(parent, child)).toBe(1);
        expect(parent, "the parent is left as it was").toEqual(before);
      }),
    );
  });

  test("a mutation can reach every gene that has a choice", () => {
    const rng = createRng(3);
    const parent = sampleCandidate(space, rng);
    const reached = new Set<number>();
    for (let i = 0; i < 600; i++) {
      const child = genes(mutate(space, parent, rng), space);
      reached.add(genes(parent, space).findIndex(([value], k) => value !== child[k]![0]));
    }
    const free = genes(parent, space).flatMap(([, options], i) => (options.length > 1 ? [i] : []));
    expect([...reached].sort((a, b) => a - b)).toEqual(free);
  });

  test("of one point mutates to itself", () => {
    const only = {
      ...space,
      resolutions: [20],
      widths: [1],
      stemStrides: [2],
      stemChannels: [16],
      activations: ["relu"],
      headChannels: [128],
      hiddenChannels: [null],
      stages: [],
    } as const satisfies SearchSpace;
    const candidate = sampleCandidate(only, createRng(1));
    expect(mutate(only, candidate, createRng(2))).toEqual(candidate);
  });

  test("a candidate and its choices say the same", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        for (const each of [space, ...papers]) {
          const candidate = sampleCandidate(each, createRng(seed));
          expect(candidateOf(each, choicesOf(each, candidate))).toEqual(candidate);
        }
      }),
    );
  });

  test("the smallest candidate has no cheaper neighbour, every other step down lowers one gene", () => {
    expect(cheaperNeighbours(space, smallestCandidate(space))).toEqual([]);
    const candidate = sampleCandidate(space, createRng(5));
    const cheaper = cheaperNeighbours(space, candidate);
    expect(cheaper.length).toBeGreaterThan(0);
    for (const neighbour of cheaper) expect(differences(candidate, neighbour)).toBe(1);
  });

  test("a candidate decodes to its network", () => {
    const candidate: Candidate = { ...smallestCandidate(space), width: 0.5, resolution: 28 };
    expect(decode(space, candidate)).toMatchObject({
      resolution: 28,
      classes: 4,
      channels: 1,
      stem: { channels: 8, stride: 2 },
      head: { conv: 64 },
    });
    // Halved, then rounded to a multiple of 4: 6 → 8, 8, 16, 28, 44.
    expect(decode(space, candidate).stages.map(({ channels }) => channels)).toEqual([8, 8, 16, 28, 44]);
  });
});

describe("the papers' spaces", () => {
  const inSpace = (of: SearchSpace, network: string) => {
    const { stages, stem, head } = buildArchitecture(network);
    return stages.every((row, i) => {
      const { channels, repeats, kernels, expansions, squeezeExcite, stride } = of.stages[i]!;
      return (
        channels.includes(row.channels) &&
        repeats.includes(row.repeats) &&
        kernels.includes(row.kernel) &&
        expansions.includes(row.expansion) &&
        squeezeExcite.includes(row.squeezeExcite !== null) &&
        stride === row.stride &&
        stages.length === of.stages.length &&
        of.stemChannels.includes(stem.channels) &&
        of.headChannels.includes(head.conv)
      );
    });
  };

  test.each(["mobilenet-v2", "mnasnet-a1"])(
    "MnasNet's has %s in it, but for filters that the paper rounds otherwise",
    (name) => {
      const [mnasnet] = papers as [SearchSpace, SearchSpace];
      const wide = {
        ...mnasnet,
        stages: mnasnet.stages.map((s) => ({ ...s, channels: [...s.channels, 24, 40, 80, 112, 160] })),
      };
      expect(inSpace(wide, name)).toBe(true);
      expect(inSpace(wide, "efficientnet-b0")).toBe(false); // squeeze-excite everywhere is in it; 192 channels are not
    },
  );

  test("a separable block ignores what only inverted residuals have", () => {
    const [mnasnet] = papers as [SearchSpace, SearchSpace];
    const candidate = smallestCandidate(mnasnet);
    const [first, ...rest] = candidate.stages;
    const other = { ...candidate, stages: [{ ...first!, expansion: 6, squeezeExcite: true, residual: true }, ...rest] };
    expect(first!.block).toBe("separable");
    expect(decode(mnasnet, other)).toEqual(decode(mnasnet, candidate));
    expect(parseArchitecture(decode(mnasnet, other), "candidate")).toEqual(decode(mnasnet, candidate));
  });

  test.each(papers)("whatever is drawn is a network", (of) => {
    const rng = createRng(9);
    for (let i = 0; i < 20; i++) {
      const architecture = decode(of, sampleCandidate(of, rng));
      expect(parseArchitecture(structuredClone(architecture), "candidate")).toEqual(architecture);
      expect(profileArchitecture(architecture).params).toBeGreaterThan(0);
    }
  });
});

describe("the cost gate", () => {
  const smallest = costsOf(decode(space, smallestCandidate(space)));
  // From barely more than the smallest network to room for most.
  const budgets: readonly Budget[] = [
    { params: Math.ceil(smallest.params * 1.2) },
    { macs: smallest.macs * 4 },
    { params: smallest.params * 5, macs: smallest.macs * 8, peakActivationBytes: smallest.peakActivationBytes * 2 },
  ];

  test.each(budgets)("lets only candidates through that keep %o", (budget) => {
    let rejected = 0;
    const gate: CostGate = {
      ...gateOf(budget),
      onRejected: ({ costs }) => {
        rejected++;
        expect(brokenLimits(costs, budget)).not.toEqual([]);
      },
    };
    for (let seed = 0; seed < 4; seed++) {
      const rng = createRng(seed);
      const drawn = sampleFeasible(gate, rng);
      const child = mutateFeasible(gate, drawn.candidate, rng, () => false);
      for (const { candidate, architecture, costs } of [drawn, child]) {
        expectInside(candidate);
        expect(architecture).toEqual(decode(space, candidate));
        expect(costs).toEqual(costsOfProfile(profileArchitecture(architecture)));
        expect(brokenLimits(costs, budget)).toEqual([]);
      }
    }
    expect(rejected, "the budget turned something away").toBeGreaterThan(0);
  });

  test("a child that was seen before is drawn again", () => {
    const gate = gateOf({});
    const parent = smallestCandidate(space);
    const key = JSON.stringify;
    const first = mutateFeasible(gate, parent, createRng(1), () => false).candidate;
    const again = mutateFeasible(gate, parent, createRng(1), (candidate) => key(candidate) === key(first)).candidate;
    expect(again).not.toEqual(first);
  });

  test("counts the smallest network first", () => {
    expect(fitsSmallest(gateOf(smallest))).toBe(true);
    expect(requireFeasible(gateOf(smallest))).toEqual(count(gateOf({}), smallestCandidate(space)));
    expect(fitsSmallest(gateOf({ params: smallest.params - 1 }))).toBe(false);
  });

  test("says what the smallest network costs when not even that fits", () => {
    const attempt = () => requireFeasible(gateOf({ params: 1000, macs: smallest.macs, peakActivationBytes: 10 }));
    expect(attempt).toThrow(InfeasibleError);
    expect(attempt).toThrow(
      "budget: expected params ≤ 1,000, peakActivationBytes ≤ 10, received " +
        `${smallest.params.toLocaleString("en")} params, ` +
        `${smallest.peakActivationBytes.toLocaleString("en")} peakActivationBytes ` +
        "in the smallest network there is for these images (20 px)\n  hint: raise the limit",
    );
  });
});

/** Costs that take no graph: the search's own rules do not depend on what a MAC is. */
const cheapCosts = ({ resolution, stages, stem }: Architecture): Costs => {
  const params = stages.reduce((sum, stage) => sum + stage.channels * stage.repeats * stage.expansion, 0);
  const macs = params * resolution ** 2;
  return { params, macs, weightBytes: 4 * params, peakActivationBytes: stem.channels * resolution ** 2 };
};

const options: EvolutionOptions = { population: 8, sample: 4 };
const gate: CostGate = { space, budget: {}, costsOf: cheapCosts };

/** In [0, 1], a sum over the genes: each has one best place, so that a good parent has good children. */
function quality(candidate: Candidate): number {
  const distances = genes(candidate, space).flatMap(([value, choices], i) =>
    choices.length === 1 ? [] : [Math.abs(choices.indexOf(value) / (choices.length - 1) - (i % 3) / 2)],
  );
  return 1 - distances.reduce((sum, distance) => sum + distance ** 2, 0) / distances.length;
}

/** A whole search in which training is a formula with a little noise. `unitCompute`: every trial costs the same. */
function simulate(seed: number, length: number, unitCompute = false): Trial[] {
  const rng = createRng(seed);
  const noise = rng.fork("noise");
  const trials: Trial[] = [];
  while (trials.length < length) {
    const proposal = propose(gate, trials, options, rng.fork("search"));
    const compute = unitCompute ? 1 : proposal.costs.macs;
    const accuracy = quality(proposal.candidate) + 0.01 * noise.normal();
    trials.push({ ...proposal, accuracy, compute, seconds: 1, imagesPerSecond: 1 });
  }
  return trials;
}

describe("evolution and random search side by side", () => {
  test("a proposal follows from the trials and the seed alone", () => {
    const trials = simulate(1, 30);
    const used = createRng(1).fork("search");
    for (let i = 0; i < 5; i++) used.uniform();
    for (const [i, { id, strategy, parent, candidate, architecture, costs }] of trials.entries()) {
      expect(propose(gate, trials.slice(0, i), options, used)).toEqual({
        id,
        strategy,
        parent,
        candidate,
        architecture,
        costs,
      });
    }
    const other = propose(gate, trials, options, createRng(2).fork("search"));
    expect(other.candidate).not.toEqual(propose(gate, trials, options, used).candidate);
  });

  test("both begin with the same random candidates", () => {
    const trials = simulate(2, 40);
    expect(trials.map(({ id }) => id)).toEqual(trials.map((_, i) => i));
    trials.forEach(({ strategy, parent }, i) => {
      expect(strategy === "shared", `trial ${i}`).toBe(i < options.population);
      expect(parent === null, `trial ${i}`).toBe(strategy !== "evolution");
    });
    const shared = trials.slice(0, options.population);
    expect(trialsOf(trials, "evolution").slice(0, options.population)).toEqual(shared);
    expect(trialsOf(trials, "random").slice(0, options.population)).toEqual(shared);
  });

  test("the arms stay within one trial of equal compute", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const trials = simulate(seed, 40);
        for (let done = options.population; done <= trials.length; done++) {
          const sofar = trials.slice(0, done);
          const gap = Math.abs(armCompute(sofar, "evolution") - armCompute(sofar, "random"));
          const largest = Math.max(...sofar.slice(options.population).map(({ compute }) => compute), 0);
          expect(gap, `after ${done}`).toBeLessThanOrEqual(largest);
        }
      }),
      { numRuns: 15 },
    );
  });

  test("a parent is one of the population last born, however good the older ones were", () => {
    const trials = simulate(4, 80);
    let parents = 0;
    for (const { id, parent } of trials.filter(({ strategy }) => strategy === "evolution")) {
      const alive = trialsOf(trials.slice(0, id), "evolution").slice(-options.population);
      expect(
        alive.map((trial) => trial.id),
        `parent of ${id}`,
      ).toContain(parent);
      parents++;
    }
    expect(parents).toBeGreaterThan(20);
  });

  test("a child differs from its parent and repeats no trial", () => {
    const trials = simulate(5, 60);
    const texts = trials.map(({ candidate }) => JSON.stringify(candidate));
    for (const { id, parent, candidate } of trials) {
      if (parent === null) continue;
      expect(texts.slice(0, id)).not.toContain(texts[id]);
      expect(differences(trials[parent]!.candidate, candidate)).toBeGreaterThan(0);
    }
  });

  test("the best of equals has fewer MACs", () => {
    const [first] = simulate(6, 1) as [Trial];
    const trial = (accuracy: number, macs: number): Trial => ({ ...first, accuracy, costs: { ...first.costs, macs } });
    expect(bestTrial([trial(0.5, 1), trial(0.7, 9), trial(0.7, 5), trial(0.7, 6)]).costs.macs).toBe(5);
  });

  test("where children resemble their parents, evolution finds better networks in as many trials", () => {
    const gains = Array.from({ length: 15 }, (_, seed) => {
      const trials = simulate(seed, options.population + 120, true);
      const [evolution, random] = (["evolution", "random"] as const).map((arm) => trialsOf(trials, arm));
      expect(Math.abs(evolution!.length - random!.length)).toBeLessThanOrEqual(1);
      // By what the networks are worth, not by how lucky they were.
      return quality(bestTrial(evolution!).candidate) - quality(bestTrial(random!).candidate);
    });
    const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
    expect(mean, `gains ${gains.map((gain) => gain.toFixed(3))}`).toBeGreaterThan(0.02);
  });
});
