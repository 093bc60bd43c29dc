import { describe, expect, test } from "vitest";
import { profileArchitecture } from "../networks/index.js";
import { tinyNetwork } from "../networks/testing/tiny.js";
import { defaultStudy, noScaling, planStudy, pointKey, powersOf, scaledPoints } from "./index.js";

const baseline = tinyNetwork({ resolution: 16 });
const plan = planStudy(baseline);
const pointOf = (key: string) => plan.points.find((point) => point.key === key)!;

describe("the plan of the default study", () => {
  test("21 networks, the baseline first, each key once", () => {
    const keys = plan.points.map(({ key }) => key);
    expect(keys[0]).toBe("d1 w1 r1");
    expect(plan.points[0]!.architecture).toEqual(baseline);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toHaveLength(1 + 9 + 3 + 8);
  });

  test("every line names points of the plan", () => {
    const { alone, settings, compound } = plan;
    const named = [
      ...Object.values(alone).flat(),
      ...settings.flatMap(({ line }) => line),
      ...compound.map((c) => c.key),
    ];
    for (const key of named) expect(pointOf(key), key).toBeDefined();
    expect(new Set(named).size).toBe(plan.points.length);
  });

  test("a dimension alone leaves the other two as they are", () => {
    for (const dimension of ["depth", "width", "resolution"] as const) {
      const factors = plan.alone[dimension].map((key) => pointOf(key).multipliers);
      expect(factors).toEqual(
        [1, ...defaultStudy.alone[dimension]].map((factor) => ({ ...noScaling, [dimension]: factor })),
      );
    }
    const doubled = pointOf(pointKey({ ...noScaling, depth: 2 })).architecture;
    expect(doubled).toEqual({ ...baseline, stages: baseline.stages.map((s) => ({ ...s, repeats: 2 * s.repeats })) });
    const finer = pointOf(pointKey({ ...noScaling, resolution: 1.4 })).architecture;
    expect(finer).toEqual({ ...baseline, resolution: 22 }); // 16 · 1.4 = 22.4
  });

  test("the settings of figure 4 begin with the width alone; the others keep their depth and resolution", () => {
    expect(plan.settings.map(({ depth, resolution, line }) => [depth, resolution, line.length])).toEqual([
      [1, 1, 4],
      [1, 1.3, 3],
      [2, 1, 3],
      [2, 1.3, 3],
    ]);
    expect(plan.settings[0]!.line).toBe(plan.alone.width);
    for (const { depth, resolution, line } of plan.settings)
      for (const key of line) expect(pointOf(key).multipliers).toMatchObject({ depth, resolution });
  });

  test("the compound line goes from the baseline along φ", () => {
    expect(plan.compound.map(({ phi }) => phi)).toEqual([0, 1, 2, 3]);
    expect(plan.compound.map(({ key }) => key)).toEqual([
      "d1 w1 r1",
      "d1.2 w1.1 r1.15",
      "d1.44 w1.21 r1.3225",
      "d1.728 w1.331 r1.5209",
    ]);
  });

  test("multiply-adds are those of the network as it is built", () => {
    for (const { key, architecture, macs, params } of plan.points)
      expect({ key, macs, params }).toEqual({ key, ...pick(profileArchitecture(architecture)) });
  });
});

const pick = ({ macs, params }: { macs: number; params: number }) => ({ macs, params });

test("values that are asked for twice, or out of order, are planned once and in order", () => {
  const { alone, compound, settings } = planStudy(baseline, {
    ...defaultStudy,
    alone: { depth: [], width: [3, 1, 2, 2], resolution: [] },
    settings: [{ depth: 1, resolution: 1 }],
    phis: [],
  });
  expect(alone).toEqual({ depth: ["d1 w1 r1"], width: ["d1 w1 r1", "d1 w2 r1", "d1 w3 r1"], resolution: ["d1 w1 r1"] });
  expect(compound).toEqual([{ phi: 0, key: "d1 w1 r1" }]);
  expect(settings).toHaveLength(1);
});

test("multipliers that round to the same network share it", () => {
  const points = scaledPoints(baseline, [noScaling, { ...noScaling, depth: 1.1 }, { ...noScaling, depth: 2 }]);
  expect(points.map(({ key, sameAs }) => [key, sameAs])).toEqual([
    ["d1 w1 r1", null],
    ["d1.1 w1 r1", "d1 w1 r1"],
    ["d2 w1 r1", null],
  ]);
});

test("the coefficients to the power of φ", () => {
  const { depth, width, resolution } = powersOf({ depth: 1.2, width: 1.1, resolution: 1.15 }, 2);
  expect([depth, width, resolution].map((value) => Number(value.toFixed(6)))).toEqual([1.44, 1.21, 1.3225]);
});
