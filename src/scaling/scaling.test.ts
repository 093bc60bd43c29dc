import { describe, expect, test } from "vitest";
import { createRng, InfeasibleError } from "../base/index.js";
import { type Costs, costsOfProfile } from "../cost/index.js";
import { type Architecture, buildArchitecture, profileArchitecture } from "../networks/index.js";
import {
  type Budget,
  brokenLimits,
  type ScalingRule,
  scaleByPhi,
  scaleToBudget,
  shrinkBudget,
  usedShare,
} from "./index.js";

const costsOf = (architecture: Architecture): Costs => costsOfProfile(profileArchitecture(architecture));

const baselines: readonly Architecture[] = [
  buildArchitecture("mobilenet-v2", { width: 0.35, resolution: 32, classes: 4 }),
  buildArchitecture("mobilenet-v3-small", { width: 0.5, resolution: 24, classes: 10, channels: 1 }),
  buildArchitecture("mobilenet-v1", { width: 0.25, resolution: 40, classes: 3 }),
];
const fine: ScalingRule = { divisor: 4, repeats: "nearest", resolutions: "any" };

describe("a budget", () => {
  const costs: Costs = { params: 100, macs: 2000, weightBytes: 400, peakActivationBytes: 50 };

  test("is broken by what is above its limits, not by what reaches them", () => {
    expect(brokenLimits(costs, {})).toEqual([]);
    expect(brokenLimits(costs, { params: 100, macs: 2000 })).toEqual([]);
    expect(brokenLimits(costs, { params: 99, macs: 2000, peakActivationBytes: 49 })).toEqual([
      "params",
      "peakActivationBytes",
    ]);
  });

  test("is used by its largest share", () => {
    expect(usedShare(costs, {})).toBe(0);
    expect(usedShare(costs, { params: 400, macs: 4000 })).toBe(0.5);
    expect(usedShare(costs, { weightBytes: 200 })).toBe(2);
  });

  test("shrinks in every limit it has, to whole numbers", () => {
    expect(shrinkBudget({ params: 101, macs: 1000 }, 0.5)).toEqual({ params: 50, macs: 500 });
    expect(shrinkBudget({}, 0.5)).toEqual({});
  });
});

describe("scaleByPhi", () => {
  test.each(baselines)("$name at 0 is the baseline", (baseline) => {
    expect(scaleByPhi(baseline, 0, fine)).toEqual({
      architecture: baseline,
      multipliers: { depth: 1, width: 1, resolution: 1 },
    });
  });

  // α = 1.2, β = 1.1, γ = 1.15: a baseline in which each multiplies to a whole number.
  const round: Architecture = {
    ...baselines[0]!,
    resolution: 100,
    stem: { ...baselines[0]!.stem, channels: 40 },
    stages: baselines[0]!.stages.map((stage) => ({ ...stage, channels: 80, repeats: 5 })),
    head: { ...baselines[0]!.head, conv: 160 },
  };

  test("at 1 multiplies depth by 1.2, width by 1.1, resolution by 1.15", () => {
    const { architecture, multipliers } = scaleByPhi(round, 1, fine);
    expect(multipliers).toEqual({ depth: 1.2, width: 1.1, resolution: 1.15 });
    expect(architecture).toMatchObject({ resolution: 115, stem: { channels: 44 }, head: { conv: 176 } });
    for (const stage of architecture.stages) expect(stage).toMatchObject({ channels: 88, repeats: 6 });
  });

  test("at 2 multiplies by their squares", () => {
    const { multipliers } = scaleByPhi(round, 2, fine);
    expect(multipliers.depth).toBeCloseTo(1.44, 12);
    expect(multipliers.width).toBeCloseTo(1.21, 12);
    expect(multipliers.resolution, "132.25 px are 132").toBe(1.32);
  });

  test("rounds the resolution down to a side that can be had", () => {
    const sides = (phi: number) =>
      scaleByPhi(round, phi, { ...fine, resolutions: [90, 100, 114, 130] }).architecture.resolution;
    expect([0, 0.5, 1, 2].map(sides)).toEqual([100, 100, 114, 130]);
  });

  test("rounds repeats up only where the rule says so", () => {
    const repeats = (rule: ScalingRule["repeats"]) =>
      scaleByPhi(round, 0.2, { ...fine, repeats: rule }).architecture.stages[0]!.repeats;
    expect([repeats("nearest"), repeats("up")]).toEqual([5, 6]); // 5 · 1.2^0.2 = 5.19
  });
});

describe("scaleToBudget", () => {
  const names = ["params", "macs", "weightBytes", "peakActivationBytes"] as const;
  const rng = createRng(11);
  const budgets = Array.from({ length: 60 }, (_, i) => {
    const baseline = baselines[i % baselines.length]!;
    const start = costsOf(baseline);
    const chosen = names.filter(() => rng.uniform() < 0.5);
    const limited = chosen.length === 0 ? [rng.choice(names)] : chosen;
    const budget: Budget = Object.fromEntries(
      limited.map((name) => [name, Math.floor(start[name] * (1 + 2 * rng.uniform() ** 2))]),
    );
    const rule: ScalingRule = {
      divisor: rng.choice([4, 8] as const),
      repeats: rng.choice(["up", "nearest"] as const),
      resolutions: rng.choice(["any", [24, 28, 32, 40, 48, 56, 64]] as const),
    };
    return { baseline, start, budget, rule };
  });

  test("keeps every limit and names what stops it, whatever the budget", () => {
    // A cache, so that rounding's repetitions cost nothing; what comes out is recounted without it.
    const known = new Map<string, Costs>();
    const cached = (architecture: Architecture) => {
      const key = JSON.stringify(architecture);
      const costs = known.get(key) ?? costsOf(architecture);
      known.set(key, costs);
      return costs;
    };
    let grown = 0;
    for (const [i, { baseline, start, budget, rule }] of budgets.entries()) {
      // Bounds the networks that a budget of parameters or memory alone leaves free.
      const alsoFits = (architecture: Architecture) => architecture.resolution <= 3 * baseline.resolution;
      const result = scaleToBudget(baseline, budget, rule, cached, alsoFits);
      const where = `budget ${i}: ${JSON.stringify({ budget, rule })}`;
      const recounted = costsOf(result.architecture);
      expect(recounted, where).toEqual(result.costs);
      expect(brokenLimits(recounted, budget), where).toEqual([]);
      expect(recounted.params, where).toBeGreaterThanOrEqual(start.params);
      expect(result.multipliers.resolution, where).toBe(result.architecture.resolution / baseline.resolution);
      // Only a limit can stop it.
      for (const name of result.binding) expect(Object.keys(budget), where).toContain(name);
      if (result.phi > 0) grown++;
    }
    expect(grown, "some budgets leave room for a step of all three").toBeGreaterThan(10);
  }, 30_000);

  test("binding names the limit that the next larger network breaks", () => {
    const baseline = baselines[0]!;
    const start = costsOf(baseline);
    for (const name of names) {
      const generous = Object.fromEntries(names.map((each) => [each, start[each] * 1000]));
      const result = scaleToBudget(baseline, { ...generous, [name]: Math.floor(start[name] * 1.3) }, fine, costsOf);
      expect(result.binding, name).toEqual([name]);
      expect(result.costs[name]).toBeLessThanOrEqual(start[name] * 1.3);
    }
  });

  test("uses most of a budget that width can fill", () => {
    const baseline = baselines[0]!;
    const macs = costsOf(baseline).macs * 2;
    const { costs } = scaleToBudget(baseline, { macs }, fine, costsOf);
    expect(costs.macs / macs).toBeGreaterThan(0.9);
  });

  test("a budget of the baseline's own costs gives the baseline", () => {
    const baseline = baselines[1]!;
    const result = scaleToBudget(baseline, costsOf(baseline), fine, costsOf);
    expect(result.architecture).toEqual(baseline);
    expect(result.phi).toBeGreaterThanOrEqual(0);
  });

  test("respects a limit that is no cost", () => {
    const baseline = baselines[0]!;
    const asked: number[] = [];
    const alsoFits = ({ resolution }: Architecture) => {
      asked.push(resolution);
      return resolution <= 36;
    };
    const { architecture, binding } = scaleToBudget(
      baseline,
      { macs: costsOf(baseline).macs * 3 },
      fine,
      costsOf,
      alsoFits,
    );
    expect(Math.max(...asked), "it would have grown further").toBeGreaterThan(36);
    expect(architecture.resolution).toBe(36);
    expect(binding, "what stopped it last is the budget: width goes on alone").toEqual(["macs"]);
    const stuck = scaleToBudget(baseline, { macs: 1e12 }, fine, costsOf, () => false);
    expect(stuck).toMatchObject({ architecture: baseline, phi: 0, binding: [] });
  });

  test("a baseline over the budget is refused with the facts", () => {
    const baseline = baselines[2]!;
    const { params, macs } = costsOf(baseline);
    const attempt = () => scaleToBudget(baseline, { params: 1000, macs: macs - 1, weightBytes: 1e9 }, fine, costsOf);
    expect(attempt).toThrow(InfeasibleError);
    const error = caught(attempt);
    expect(error).toMatchObject({ code: "infeasible", exitCode: 3 });
    expect(error.facts).toEqual({
      at: "mobilenet-v1",
      expected: `at most 1,000 parameters and ${(macs - 1).toLocaleString("en")} MACs`,
      received: `${params.toLocaleString("en")} parameters and ${macs.toLocaleString("en")} MACs in the baseline itself`,
      hint: "raise the limit, or begin with a smaller baseline",
    });
  });
});

function caught(attempt: () => unknown): InfeasibleError {
  try {
    attempt();
  } catch (error) {
    return error as InfeasibleError;
  }
  throw new Error("nothing was thrown");
}
