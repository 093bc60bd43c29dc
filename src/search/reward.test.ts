import { expect, test } from "vitest";
import { hardConstraint, reward, softConstraint } from "./reward.js";

test("soft: twice the cost takes 5 % more accuracy to be worth it", () => {
  expect(reward(0.75, 60, 60, softConstraint)).toBe(0.75);
  expect(reward(0.75 * 1.05, 120, 60, softConstraint)).toBeCloseTo(0.75, 3);
  expect(reward(0.75, 30, 60, softConstraint)).toBeGreaterThan(0.75);
});

test("hard: nothing below the target counts, above it the reward falls like the cost grows", () => {
  expect(reward(0.75, 30, 60, hardConstraint)).toBe(0.75);
  expect(reward(0.75, 60, 60, hardConstraint)).toBe(0.75);
  expect(reward(0.75, 120, 60, hardConstraint)).toBe(0.375);
});
