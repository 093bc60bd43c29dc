import { expect, test } from "vitest";
import { roundHalfToEven } from "./half-to-even.js";

test("halves go to the even one on both sides of zero, all else to the nearest", () => {
  expect([-3.5, -2.5, -1.5, 0.5, 1.5, 2.5].map(roundHalfToEven)).toEqual([-4, -2, -2, 0, 2, 2]);
  expect([-2.51, -2.49, 2.49, 2.51, 3].map(roundHalfToEven)).toEqual([-3, -2, 2, 3, 3]);
});
