import { describe, expect, test } from "vitest";
import { createRng, type Rng } from "../base/index.js";
import { type Costs, costsOfProfile } from "../cost/index.js";
import {
  type Architecture,
  buildArchitecture,
  compoundRules,
  networkNames,
  profileArchitecture,
  scaleArchitecture,
} from "../networks/index.js";
import { tinyNetwork } from "../networks/testing/tiny.js";
import { type Budget, brokenLimits, usedShare } from "./budget.js";
import { type ScalingRule, scaleByPhi, scaleToBudget } from "./compound.js";

const costsOf = (architecture: Architecture): Costs => costsOfProfile(profileArchitecture(architecture));

function memoized(count: typeof costsOf): typeof costsOf {
  const known = new Map<string, Costs>();
  return (architecture) => {
    const key = JSON.stringify(architecture);
    const costs = known.get(key) ?? count(architecture);
    known.set(key, costs);
    return costs;
  };
}

const published: ScalingRule = { divisor: 8, repeats: "up", resolutions: "any" };
const small: ScalingRule = { divisor: 4, repeats: "nearest", resolutions: [16, 20, 24, 28, 32] };

describe("along φ", () => {
  test.each(networkNames)("%s at φ = 0 is the baseline", (name) => {
    const baseline = buildArchitecture(name);
    for (const rule of [published, { ...small, resolutions: [baseline.resolution] }]) {
      const { architecture, multipliers } = scaleByPhi(baseline, 0, rule);
      expect(architecture).toEqual(baseline);
      expect(multipliers).toEqual({ depth: 1, width: 1, resolution: 1 });
    }
  });

  // EfficientNet-B2 was published with depth 1.2 and width 1.1: φ = 1, but for its resolution of 260.
  test("efficientnet-b0 at φ = 1 has the layers of B2", () => {
    const { architecture, multipliers } = scaleByPhi(buildArchitecture("efficientnet-b0"), 1, published);
    const { stem, stages, head } = buildArchitecture("efficientnet-b2");
    expect(architecture).toMatchObject({ stem, stages, head, resolution: 258 }); // 224 · 1.15 = 257.6
    expect(stages.map(({ repeats, channels }) => [repeats, channels])).toEqual([
      [2, 16],
      [3, 24],
      [3, 48],
      [4, 88],
      [4, 120],
      [5, 208],
      [2, 352],
    ]);
    expect(multipliers.resolution).toBeCloseTo(258 / 224, 12);
  });
});

/** Such as a search might have found. */
function baselineFrom(rng: Rng): Architecture {
  const [separable, wide, squeezed] = tinyNetwork().stages;
  const block = rng.fork("block").choice(["invertedResidual", "fusedMbconv"] as const);
  return tinyNetwork({
    classes: rng.choice([2, 10]),
    channels: rng.choice([1, 3]),
    resolution: rng.choice([16, 20, 24]),
    stages: [
      { ...separable!, channels: rng.choice([8, 12]) },
      {
        ...wide!,
        block,
        channels: rng.choice([12, 16, 20]),
        kernel: rng.choice([3, 5]),
        repeats: rng.choice([1, 2, 3]),
      },
      { ...squeezed!, channels: rng.choice([20, 24]), expansion: rng.choice([2, 4]), stride: rng.choice([1, 2]) },
    ],
  });
}

/** One to four limits, each between one and four times what the baseline takes. */
function budgetAbove(costs: Costs, rng: Rng): Budget {
  const names = Object.keys(costs) as (keyof Costs)[];
  const limited = rng.shuffle(names).slice(0, 1 + rng.integer(names.length));
  return Object.fromEntries(limited.map((name) => [name, Math.floor(costs[name] * (1 + 3 * rng.uniform()))]));
}

describe("up to a budget", () => {
  test("200 random budgets: no limit is broken, and the next network on the way breaks one", () => {
    const shares: number[] = [];
    for (let b = 0; b < 10; b++) {
      const rng = createRng(`baseline ${b}`);
      const baseline = baselineFrom(rng);
      const counted = memoized(costsOf);
      for (let i = 0; i < 20; i++) {
        const budget = budgetAbove(counted(baseline), rng.fork(i));
        const scaled = scaleToBudget(baseline, budget, small, counted);
        const at = `baseline ${b}, ${JSON.stringify(budget)}`;
        const { architecture, costs, phi, multipliers, binding } = scaled;
        expect(costs, at).toEqual(costsOf(architecture));
        expect(brokenLimits(costs, budget), at).toEqual([]);

        expect(phi, at).toBeLessThan(8);
        const together = scaleByPhi(baseline, phi + 0.01, small).architecture;
        expect(brokenLimits(counted(together), budget), at).not.toEqual([]);

        // At last width grew alone, unless it came to its end: then it is another dimension that a limit stopped.
        expect(binding, at).not.toEqual([]);
        if (multipliers.width > 1.1 ** 7.99) continue;
        const wider = scaleArchitecture(baseline, {
          width: multipliers.width * 1.1 ** 0.01,
          depth: multipliers.depth,
          resolution: architecture.resolution,
          rules: { ...compoundRules, widths: { kind: "divisible", divisor: small.divisor }, repeats: small.repeats },
        });
        expect(binding, at).toEqual(brokenLimits(counted(wider), budget));
        shares.push(usedShare(costs, budget));
      }
    }
    expect(shares.length).toBeGreaterThan(150);
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean, "used of the tightest limit").toBeGreaterThan(0.85);
  });

  test("nothing limited, every dimension goes to its end", () => {
    const baseline = tinyNetwork({ resolution: 16 });
    const { phi, binding, multipliers, architecture } = scaleToBudget(baseline, {}, small, memoized(costsOf));
    expect(phi).toBeCloseTo(8, 9);
    expect(binding).toEqual([]);
    expect(multipliers.depth).toBeCloseTo(1.2 ** 8, 9);
    expect(multipliers.width).toBeCloseTo(1.1 ** 8, 9);
    expect(architecture.resolution).toBe(32);
  });
});
