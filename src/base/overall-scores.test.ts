import { expect, test } from "vitest";
import { isUnequal, overallScores } from "./overall-scores.js";

test("by hand: 95 and 5 pictures, of which 95 and 2 are known", () => {
  // Recalls 1 and 0.4. F1: 2 · 95 / (95 + 98) and 2 · 2 / (5 + 2).
  expect(
    overallScores([
      [95, 0],
      [3, 2],
    ]),
  ).toEqual({
    balancedAccuracy: 0.7,
    macroF1: expect.closeTo((190 / 193 + 4 / 7) / 2, 12),
    commonest: 0.95,
    commonestClass: 0,
  });
});

test("a class without pictures counts nowhere, one that is never said has an F1 of 0", () => {
  expect(
    overallScores([
      [0, 0, 0],
      [0, 4, 0],
      [0, 4, 0],
    ]),
  ).toEqual({
    balancedAccuracy: 0.5,
    macroF1: expect.closeTo(8 / 12 / 2, 12),
    commonest: 0.5,
    commonestClass: 1,
  });
  expect(overallScores([[0]])).toEqual({ balancedAccuracy: 0, macroF1: 0, commonest: 0, commonestClass: 0 });
});

test("classes of more than three times the size are unequal", () => {
  expect(
    isUnequal([
      [3, 0],
      [0, 1],
    ]),
  ).toBe(false);
  expect(
    isUnequal([
      [4, 0],
      [0, 1],
    ]),
  ).toBe(true);
  expect(
    isUnequal([
      [4, 0, 0],
      [0, 0, 0],
      [0, 1, 3],
    ]),
  ).toBe(false);
});
