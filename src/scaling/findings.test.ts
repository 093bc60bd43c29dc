import { describe, expect, test } from "vitest";
import { bestOf, gainsPerDoubling, leadAtEqualMacs, pooledNoise } from "./index.js";

const network = (key: string, macs: number, ...accuracies: number[]) => ({ key, macs, accuracies });

test("noise is pooled over networks: Σ(x − x̄)² over Σ(n − 1)", () => {
  const noise = pooledNoise([network("a", 1, 0.8, 0.82), network("b", 1, 0.5, 0.52, 0.54), network("c", 1, 0.9)])!;
  expect(noise.df).toBe(3);
  expect(noise.deviation).toBeCloseTo(Math.sqrt((0.0002 + 0.0008) / 3), 12);
  expect(pooledNoise([network("a", 1, 0.8), network("b", 1)])).toBeNull();
});

describe("the best", () => {
  test("is that of the highest mean; a network within the noise ties, one beyond does not", () => {
    const found = bestOf([
      network("far", 1, 0.7, 0.71),
      network("near", 1, 0.798, 0.808),
      network("best", 1, 0.8, 0.81),
      network("failed", 1),
    ])!;
    expect(found).toMatchObject({ best: "best", ties: ["near"] });
  });

  test("one seed tells no noise: exact equals alone tie, and the cheaper of them is the best", () => {
    const found = bestOf([network("large", 9, 0.8), network("small", 3, 0.8), network("less", 1, 0.799)]);
    expect(found).toEqual({ best: "small", ties: ["large"], noise: null });
  });

  test("of nothing is nothing", () => expect(bestOf([network("failed", 1)])).toBeNull());

  test("more comparisons need more of a difference", () => {
    const pair = [network("a", 1, 0.8, 0.81, 0.79), network("b", 1, 0.776, 0.786, 0.766)];
    expect(bestOf(pair)!.ties).toEqual([]);
    const crowd = Array.from({ length: 30 }, (_, i) => network(`c${i}`, 1, 0.5, 0.51, 0.49));
    expect(bestOf([...crowd, network("a", 1, 0.8, 0.81, 0.79), network("b", 1, 0.776, 0.786, 0.766)])!.ties).toEqual([
      "b",
    ]);
  });
});

describe("gains for each doubling", () => {
  test("by hand: 1 point over two doublings is half a point each", () => {
    const [first, second] = gainsPerDoubling([network("a", 10, 0.5), network("b", 20, 0.6), network("c", 80, 0.61)], {
      deviation: 0.01,
      df: 10,
    });
    expect(first!.difference).toBeCloseTo(0.1, 12);
    expect(first!.margin).toBeCloseTo(2.22814 * 0.01 * Math.SQRT2, 6);
    expect(second).toMatchObject({ from: "b", to: "c" });
    expect(second!.difference).toBeCloseTo(0.005, 12);
    expect(second!.margin).toBeCloseTo((2.22814 * 0.01 * Math.SQRT2) / 2, 6);
  });

  test("failed and no costlier points are passed over", () => {
    const line = [network("a", 10, 0.5), network("failed", 20), network("same", 10, 0.7), network("c", 40, 0.6)];
    expect(gainsPerDoubling(line, null)).toEqual([
      { from: "a", to: "c", difference: expect.closeTo(0.05, 12), margin: null },
    ]);
  });
});

describe("the lead at equal multiply-adds", () => {
  const line = [network("a", 10, 0.5), network("b", 40, 0.6), network("c", 160, 0.64)];

  test("is measured against the line, straight over the logarithm", () => {
    expect(leadAtEqualMacs(network("x", 20, 0.6), line, null)!.difference).toBeCloseTo(0.05, 12);
    expect(leadAtEqualMacs(network("x", 40, 0.65), line, null)!.difference).toBeCloseTo(0.05, 12);
    expect(leadAtEqualMacs(network("x", 160, 0.6), line, null)!.difference).toBeCloseTo(-0.04, 12);
  });

  test("half-way between two points has their variances by a quarter each", () => {
    const { margin } = leadAtEqualMacs(network("x", 20, 0.6), line, { deviation: 0.01, df: 10 })!;
    expect(margin).toBeCloseTo(2.22814 * 0.01 * Math.sqrt(1 + 0.25 + 0.25), 6);
  });

  test("is unknown beyond the line, and for a failed network", () => {
    expect(leadAtEqualMacs(network("x", 9, 0.6), line, null)).toBeNull();
    expect(leadAtEqualMacs(network("x", 161, 0.6), line, null)).toBeNull();
    expect(leadAtEqualMacs(network("x", 20), line, null)).toBeNull();
  });
});
