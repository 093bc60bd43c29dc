import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  crowdingDistance,
  dominates,
  hypervolume,
  kneeOf,
  nonDominatedSort,
  type Point,
  paretoFront,
} from "./pareto.js";

const self = (point: Point) => point;
const pointsOf = (dimensions: number) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: dimensions, maxLength: dimensions }), {
    minLength: 1,
    maxLength: 12,
  });

describe("hypervolume", () => {
  test("by hand: two boxes that overlap", () => {
    expect(
      hypervolume(
        [
          [1, 3],
          [2, 1],
        ],
        [4, 4],
      ),
    ).toBe(3 * 1 + 2 * 3 - 2 * 1); // 3×1 and 2×3 share 2×1
    expect(hypervolume([[1, 1, 1]], [3, 4, 5])).toBe(2 * 3 * 4);
    expect(hypervolume([], [1, 1])).toBe(0);
    expect(
      hypervolume(
        [
          [5, 0],
          [0, 4],
        ],
        [4, 4],
      ),
    ).toBe(0);
  });

  test.each([1, 2, 3, 4])("in %d dimensions it counts the cells that a point reaches", (dimensions) => {
    fc.assert(
      fc.property(pointsOf(dimensions), (points) => {
        const side = 7;
        let cells = 0;
        for (let cell = 0; cell < side ** dimensions; cell++) {
          const corner = Array.from({ length: dimensions }, (_, k) => Math.floor(cell / side ** k) % side);
          if (points.some((point) => point.every((value, k) => value <= corner[k]!))) cells++;
        }
        expect(hypervolume(points, Array(dimensions).fill(side))).toBe(cells);
      }),
      { numRuns: 40 },
    );
  });
});

describe("fronts", () => {
  test("no member is dominated, and every other point is", () => {
    fc.assert(
      fc.property(pointsOf(3), (points) => {
        const front = paretoFront(points, self);
        for (const point of points) expect(front.some((other) => dominates(other, point))).toBe(!front.includes(point));
      }),
    );
  });

  test("sorting peels front after front", () => {
    fc.assert(
      fc.property(pointsOf(2), (points) => {
        let rest = points.map((_, i) => i);
        for (const front of nonDominatedSort(points)) {
          expect(front).toEqual(paretoFront(rest, (i) => points[i]!));
          rest = rest.filter((i) => !front.includes(i));
        }
        expect(rest).toEqual([]);
      }),
    );
  });

  test("the ends are infinitely lonely, a point between two near ones is not", () => {
    expect(
      crowdingDistance([
        [0, 8],
        [1, 7],
        [2, 6],
        [8, 0],
      ]),
    ).toEqual([Number.POSITIVE_INFINITY, 2 / 8 + 2 / 8, 7 / 8 + 7 / 8, Number.POSITIVE_INFINITY]);
  });

  test("the knee is where more of one stops buying much of the other", () => {
    expect(
      kneeOf(
        [
          [0, 10],
          [1, 3],
          [5, 2],
          [10, 0],
        ],
        self,
      ),
    ).toEqual([1, 3]);
    expect(kneeOf([], self)).toBeUndefined();
  });
});
