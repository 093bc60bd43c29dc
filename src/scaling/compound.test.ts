import { describe, expect, test } from "vitest";
import { createRng, InfeasibleError, type Rng } from "../base/index.js";
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
import { type Budget, brokenLimits, costNames, usedShare } from "./budget.js";
import { multipliersAt, type ScalingRule, scaleByPhi, scaleToBudget } from "./compound.js";

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

// 1.2^φ, 1.1^φ, 1.15^φ
test.each([
  [0, 1, 1, 1],
  [1, 1.2, 1.1, 1.15],
  [2, 1.44, 1.21, 1.3225],
  [0.5, 1.095445, 1.048809, 1.072381],
])("φ = %d", (phi, depth, width, resolution) => {
  const multipliers = multipliersAt(phi);
  expect(multipliers.depth).toBeCloseTo(depth, 6);
  expect(multipliers.width).toBeCloseTo(width, 6);
  expect(multipliers.resolution).toBeCloseTo(resolution, 6);
});

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

  test("a side is rounded down to one that the images can be had in, and never below the baseline's", () => {
    const sideAt = (resolution: number, phi: number) =>
      scaleByPhi(tinyNetwork({ resolution }), phi, small).architecture.resolution;
    // 16 · 1.15^φ: 18.4, 21.2, 24.3, 28.0; then past the list.
    expect([0, 1, 2, 3, 4, 7].map((phi) => sideAt(16, phi))).toEqual([16, 16, 20, 24, 24, 32]);
    expect(sideAt(18, 0.5)).toBe(18);
  });

  test("repeats are rounded up as EfficientNet does, or to the nearest", () => {
    const baseline = tinyNetwork({ resolution: 16 }); // repeats of 1, 2 and 1
    const repeatsAt = (phi: number, repeats: ScalingRule["repeats"]) =>
      scaleByPhi(baseline, phi, { ...small, repeats }).architecture.stages.map((stage) => stage.repeats);
    // 1.2^1 = 1.2, 1.2^3 = 1.728
    expect([repeatsAt(1, "up"), repeatsAt(1, "nearest")]).toEqual([
      [2, 3, 2],
      [1, 2, 1],
    ]);
    expect(repeatsAt(3, "nearest")).toEqual([2, 3, 2]);
  });
});

/** Such as a search might have found. */
function baselineFrom(rng: Rng): Architecture {
  const [separable, wide, squeezed] = tinyNetwork().stages;
  return tinyNetwork({
    classes: rng.choice([2, 10]),
    channels: rng.choice([1, 3]),
    resolution: rng.choice([16, 20, 24]),
    stages: [
      { ...separable!, channels: rng.choice([8, 12]) },
      { ...wide!, channels: rng.choice([12, 16, 20]), kernel: rng.choice([3, 5]), repeats: rng.choice([1, 2, 3]) },
      { ...squeezed!, channels: rng.choice([20, 24]), expansion: rng.choice([2, 4]), stride: rng.choice([1, 2]) },
    ],
  });
}

/** One to four limits, each between one and four times what the baseline takes. */
function budgetAbove(costs: Costs, rng: Rng): Budget {
  const limited = rng.shuffle(costNames).slice(0, 1 + rng.integer(costNames.length));
  return Object.fromEntries(limited.map((name) => [name, Math.floor(costs[name] * (1 + 3 * rng.uniform()))]));
}

describe("up to a budget", () => {
  test("200 random budgets: no limit is broken, and the next network in every direction breaks one", () => {
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

        // At last width grew alone.
        const wider = scaleArchitecture(baseline, {
          width: multipliers.width * 1.1 ** 0.01,
          depth: multipliers.depth,
          resolution: architecture.resolution,
          rules: { ...compoundRules, widths: { kind: "divisible", divisor: small.divisor }, repeats: small.repeats },
        });
        expect(binding, at).toEqual(brokenLimits(counted(wider), budget));
        expect(binding, at).not.toEqual([]);
        shares.push(usedShare(costs, budget));
      }
    }
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean, "used of the tightest limit").toBeGreaterThan(0.9);
  });

  test("what is left after the common step goes to width, so that a limit on parameters alone is used up", () => {
    const baseline = tinyNetwork({ resolution: 16 });
    const budget = { params: 2 * costsOf(baseline).params };
    const { phi, multipliers, costs } = scaleToBudget(baseline, budget, small, costsOf);
    expect(multipliers.depth).toBeCloseTo(1.2 ** phi, 9);
    expect(multipliers.width).toBeGreaterThanOrEqual(1.1 ** phi);
    expect(costs.params / budget.params).toBeGreaterThan(0.9);
  });

  test("a budget of exactly the baseline gives a network that costs no more", () => {
    const baseline = tinyNetwork({ resolution: 16 });
    const budget = costsOf(baseline);
    const { costs, binding } = scaleToBudget(baseline, budget, small, costsOf);
    expect(costs).toEqual(budget);
    expect(binding.length).toBeGreaterThan(0);
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

  test("a limit that is no cost ends the way too, and binds no cost", () => {
    const baseline = tinyNetwork({ resolution: 16 });
    const pixels = ({ resolution }: Architecture) => resolution ** 2;
    const asked: number[] = [];
    const { architecture, binding, phi } = scaleToBudget(baseline, {}, small, memoized(costsOf), (network) => {
      asked.push(pixels(network));
      return pixels(network) <= 576 && network.stem.channels < 12;
    });
    expect(architecture.resolution).toBeLessThanOrEqual(24);
    expect(architecture.stem.channels).toBe(8);
    expect(asked.length).toBeGreaterThan(10);
    expect(phi).toBeGreaterThan(1);
    expect(binding).toEqual([]);
  });

  test("a baseline that breaks a limit is refused with all its figures", () => {
    const baseline = tinyNetwork({ resolution: 16 });
    const { params, macs } = costsOf(baseline);
    const budget = { params: 1000, macs: macs - 1, weightBytes: 1e9 };
    const scale = () => scaleToBudget(baseline, budget, small, costsOf);
    expect(scale).toThrow(InfeasibleError);
    const grouped = (n: number) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
    expect(scale).toThrow(
      `tiny: expected params ≤ 1,000, macs ≤ ${grouped(macs - 1)}, received ${grouped(params)}, ${grouped(macs)} in the baseline itself\n  hint: raise the limit, or begin with a smaller baseline`,
    );
  });
});
