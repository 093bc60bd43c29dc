import { describe, expect, test } from "vitest";
import { createRng, InfeasibleError } from "../base/index.js";
import { type Costs, costsOfProfile, profileGraph } from "../cost/index.js";
import {
  type Architecture,
  buildArchitecture,
  buildNetwork,
  countArchitecture,
  networkNames,
} from "../networks/index.js";
import { relativeError } from "./accuracy.js";
import type { Budget } from "./budget.js";
import type { LatticeOptions } from "./lattice.js";
import { shapeOf } from "./network-shape.js";
import { everyNetwork, publishedCosts, randomLimits } from "./testing/budgets.js";
import { compileBudgets, type WithinBudget } from "./within-budget.js";

const costNames = ["params", "macs", "weightBytes", "peakActivationBytes"] as const;
const breaksNone = (costs: Costs, limits: Budget) =>
  costNames.every((name) => costs[name] <= (limits[name] ?? Number.POSITIVE_INFINITY));

/** Null where nothing fits. */
function solved(solve: () => WithinBudget): WithinBudget | null {
  try {
    return solve();
  } catch (error) {
    if (error instanceof InfeasibleError) return null;
    throw error;
  }
}

/** Of each network, so that another network at the end of the list leaves the others theirs. */
const BUDGETS = 46;

describe("over 1,000 random budgets over all networks", () => {
  const rng = createRng("budgets");
  const cases = networkNames.flatMap((name) => {
    const compiler = compileBudgets(name);
    const costs = publishedCosts(name);
    return Array.from({ length: BUDGETS }, () => {
      const limits = randomLimits(costs, rng);
      return { name, limits, compiler, found: solved(() => compiler.solve(limits)) };
    });
  });
  const fitting = cases.flatMap(({ found, ...rest }) => (found === null ? [] : [{ ...rest, found }]));

  test("most can be kept", () => {
    expect(cases.length).toBeGreaterThanOrEqual(1000);
    expect(fitting.length).toBeGreaterThan(0.75 * cases.length);
  });

  test("no limit is broken, counted from the table", () => {
    for (const { name, limits, found } of fitting) {
      const costs = countArchitecture(found.architecture);
      expect(found.costs, name).toEqual({ ...costs, latencyMs: null });
      expect(breaksNone(costs, limits), `${name} ${JSON.stringify(limits)}`).toBe(true);
    }
  });

  test("no limit is broken, counted from the graph", () => {
    for (const { name, limits, found } of fitting) {
      const { graph } = buildNetwork(found.architecture, { batch: 1, mode: "inference" });
      const costs = costsOfProfile(profileGraph(graph));
      expect(found.costs, name).toEqual({ ...costs, latencyMs: null });
      expect(breaksNone(costs, limits), `${name} ${JSON.stringify(limits)}`).toBe(true);
    }
  });

  test("97 % of the binding limit are used, or a step larger breaks one in every dimension", () => {
    let nearlyFull = 0;
    for (const { name, limits, found } of fitting) {
      const [fullest] = found.shares;
      if (fullest!.share >= 0.97) nearlyFull++;
      // Recounted from what `buildArchitecture` makes of each step, and not from what the compiler says of it.
      const stopped = found.next.every(({ dimension: _, costs: __, breaks, ...size }) => {
        const costs = countArchitecture(buildArchitecture(name, size));
        return breaks.length > 0 && !breaksNone(costs, limits);
      });
      expect(stopped, `${name} ${JSON.stringify(limits)}`).toBe(true);
      // No step to show: then at least it is full, and not merely the largest there is.
      if (found.next.length === 0)
        expect(fullest!.share, `${name} ${JSON.stringify(limits)}`).toBeGreaterThanOrEqual(0.97);
    }
    expect(nearlyFull / fitting.length).toBeGreaterThan(0.95);
  });

  test("what binds is a limit that a step larger breaks", () => {
    for (const { limits, found } of fitting) {
      expect(found.binding.length > 0).toBe(found.next.some(({ breaks }) => breaks.length > 0));
      for (const limit of found.binding) expect(limits).toHaveProperty(limit);
    }
  });
});

describe("against every network of a small lattice", () => {
  test.each(networkNames)("%s: the best is found, and a budget is refused only where nothing fits", (name) => {
    const rng = createRng(name);
    const narrow = 0.3 + 0.5 * rng.uniform();
    const options: LatticeOptions = {
      depths: [0.5, 2],
      widths: [narrow, narrow + 0.2],
      // On both sides of where strides are dropped.
      resolutions: Array.from({ length: 7 }, () => 32 + rng.integer(200)),
    };
    const compiler = compileBudgets(name, options);
    const all = everyNetwork(name, options);
    for (let i = 0; i < 12; i++) {
      const limits = randomLimits(publishedCosts(name), rng);
      const errors = all.flatMap(({ costs, error }) => (breaksNone(costs, limits) ? [error] : []));
      const found = solved(() => compiler.solve(limits));
      const at = JSON.stringify(limits);
      if (found === null) expect(errors, at).toEqual([]);
      else expect(relativeError(shapeOf(name, found)), at).toBeCloseTo(Math.min(...errors), 12);
    }
  });
});

describe("by latency", () => {
  /** Rises with depth, width and resolution, and jumps where the network has an odd side. */
  const milliseconds = ({ stages, resolution }: Architecture) =>
    stages.reduce((sum, { repeats, channels }) => sum + repeats * channels, 0) * resolution * 1e-5 + (resolution % 2);

  test("the limit is kept, and alone it binds", () => {
    const { solve } = compileBudgets("mobilenet-v2", { resolutions: [96, 128, 160, 192, 224] });
    for (const latencyMs of [0.9, 2, 4]) {
      const found = solve({ latencyMs }, milliseconds);
      expect(found.costs.latencyMs).toBe(milliseconds(found.architecture));
      expect(found.costs.latencyMs).toBeLessThanOrEqual(latencyMs);
      expect(found.binding).toEqual(["latencyMs"]);
      expect(found.shares[0]!.share).toBeGreaterThan(0.9);
    }
  });

  test("where it does not rise with size, still no limit is broken, and no step larger fits", () => {
    const { solve } = compileBudgets("mobilenet-v3-small");
    for (const latencyMs of [1, 1.7, 3]) {
      const found = solve({ latencyMs, macs: 60e6 }, milliseconds);
      expect(milliseconds(found.architecture)).toBeLessThanOrEqual(latencyMs);
      for (const { breaks } of found.next) expect(breaks).not.toEqual([]);
    }
  });

  test("a limit without a prediction is a mistake of the caller", () => {
    expect(() => compileBudgets("mobilenet-v1").solve({ latencyMs: 5 })).toThrow(/internal: .*predict/);
  });
});

describe("at the ends", () => {
  test("nothing limited, every dimension goes to its end", () => {
    const options = { depths: [0.5, 1], widths: [0.5, 1], resolutions: [128, 160] } as const;
    const { depth, width, resolution, next, binding } = compileBudgets("mobilenet-v2", options).solve({});
    expect({ depth, width, resolution, next, binding }).toEqual({
      depth: 1,
      width: 1,
      resolution: 160,
      next: [],
      binding: [],
    });
  });

  test("a published network's own costs are enough for one that is predicted to be as good", () => {
    for (const name of networkNames) {
      const { costs, architecture, ...found } = compileBudgets(name).solve(publishedCosts(name));
      expect(breaksNone(costs, publishedCosts(name))).toBe(true);
      expect(relativeError(shapeOf(name, found)), name).toBeLessThanOrEqual(relativeError(shapeOf(name)) + 1e-12);
    }
  });

  test("where nothing fits, the error has the smallest network there is", () => {
    const { solve } = compileBudgets("mobilenet-v3-large", { resolutions: [96, 128] });
    const failing = (limits: Budget) => {
      try {
        solve(limits);
      } catch (error) {
        return error as InfeasibleError;
      }
      throw new Error("it fits");
    };
    const error = failing({ macs: 1000, params: 1e9 });
    expect(error).toBeInstanceOf(InfeasibleError);
    expect(error.exitCode).toBe(3);
    const [, macs, depth, width, side] =
      /expected at most 1,000 MACs, received ([\d,]+) MACs in the smallest network there is: depth × ([\d.]+), width × ([\d.]+), (\d+) px/.exec(
        error.message,
      )!;
    const size = { depth: Number(depth), width: Number(width), resolution: Number(side) };
    const smallest = Number(macs!.replaceAll(",", ""));
    expect(countArchitecture(buildArchitecture("mobilenet-v3-large", size)).macs).toBe(smallest);

    // As much is enough, and one less is not.
    expect(solve({ macs: smallest }).costs.macs).toBe(smallest);
    failing({ macs: smallest - 1 });
  });
});
