import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, InfeasibleError } from "../base/index.js";
import { type Costs, costsOfProfile } from "../cost/index.js";
import { type Architecture, buildArchitecture, parseArchitecture, profileArchitecture } from "../networks/index.js";
import { type Budget, brokenLimits } from "../scaling/index.js";
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
import { createNovelty } from "./strategies/novelty.js";

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

test.each([8, 12, 14, 16, 28, 32, 48, 64, 96, 112, 160, 224])(
  "from %i px on every network of the built-in space ends in a map of three by three or more",
  (side) => {
    const sides = [side, Math.round(side * 1.4), 2 * side];
    const of = imageSpace({ classes: 4, channels: 3, resolutions: sides });
    const rng = createRng(side);
    for (let i = 0; i < 100; i++) {
      const { resolution, stem, stages } = decode(of, sampleCandidate(of, rng));
      const last = stages.reduce((map, { stride }) => Math.ceil(map / stride), Math.ceil(resolution / stem.stride));
      expect(last).toBeGreaterThanOrEqual(3);
    }
  },
);

test("a strategy is given no network twice, whatever the genes that make no difference say", () => {
  const [mnasnet] = papers;
  const gate: CostGate = { space: mnasnet!, budget: {}, costsOf };
  const rng = createRng(2);
  const context = { gate, rng, epochs: 1, objective: { costs: [], reward: () => 0 } };
  const novelty = createNovelty(context);
  const given = [novelty.random()!];
  for (let i = 0; i < 300; i++) given.push(novelty.near(given[i % 20] ?? given[0]!, rng.fork(i)) ?? given[0]!);
  const distinct = new Set(given.slice(0, 250).map((candidate) => JSON.stringify(decode(mnasnet!, candidate))));
  const repeated = given.slice(1, 250).filter((candidate) => candidate === given[0]).length;
  expect(distinct.size).toBe(250 - repeated);
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

  test("a layer before a large classifier can make a network smaller, and is found", () => {
    const stages = space.stages.map((stage, i) =>
      i === space.stages.length - 1 ? { ...stage, channels: [320] } : stage,
    );
    const wide = { ...space, classes: 1000, stages, headChannels: [null, 64], hiddenChannels: [null, 16] };
    const gate = { ...gateOf({ params: 60_000 }), space: wide };
    expect(count(gate, smallestCandidate(wide)).costs.params).toBeGreaterThan(60_000);
    expect(fitsSmallest(gate)).toBe(true);
    for (let seed = 0; seed < 20; seed++)
      expect(sampleFeasible(gate, createRng(seed)).costs.params).toBeLessThanOrEqual(60_000);
  });

  test("says what the smallest network costs when not even that fits", () => {
    const attempt = () => requireFeasible(gateOf({ params: 1000, macs: smallest.macs, peakActivationBytes: 10 }));
    expect(attempt).toThrow(InfeasibleError);
    expect(attempt).toThrow(
      "budget: expected at most 1,000 parameters and 10 bytes of activations, received " +
        `${smallest.params.toLocaleString("en")} parameters and ` +
        `${smallest.peakActivationBytes.toLocaleString("en")} bytes of activations ` +
        "in the smallest network there is for these images (20 px)\n  hint: raise the limit",
    );
  });
});
