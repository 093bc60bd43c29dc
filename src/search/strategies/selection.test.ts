import { expect, test } from "vitest";
import type { Point } from "../pareto.js";
import { rankByFront } from "./selection.js";

test("front by front, in a front the lonely first, of equals the earlier", () => {
  const points: Record<string, Point> = {
    behind: [9, 9],
    crowded: [2, 6],
    left: [0, 8],
    middle: [1, 7],
    right: [8, 0],
    second: [2, 8],
  };
  // Crowding of the first front: infinite for left and right, 4/8 for middle, 14/8 for crowded.
  expect(rankByFront(Object.keys(points), (name) => points[name]!)).toEqual([
    ...["left", "right", "crowded", "middle"],
    ...["second", "behind"],
  ]);
});

test("one front for every point that no other beats, and nothing out of nothing", () => {
  expect(rankByFront(["a", "b", "c"], () => [1, 1])).toHaveLength(3);
  expect(rankByFront([], () => [1])).toEqual([]);
  const failed = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  expect(rankByFront([failed, failed, [1, 2]], (point) => point)[0]).toEqual([1, 2]);
});
