import { expect, test } from "vitest";
import { compare } from "./close.js";
import "./close.js";

test("names the worst element by index, with both values", () => {
  const { pass, message } = compare([1, 2, 3, 4, 5, 6.5], [1, 2, 3.1, 4, 5, 6], { shape: [2, 3] });
  expect(pass).toBe(false);
  expect(message).toBe(
    "2 of 6 numbers differ by more than 0.000001 + 0.000001 · |expected|\n" +
      "  worst at [1, 2]: expected 6, received 6.5, difference 0.5",
  );
});

test("the worst is furthest outside its own tolerance", () => {
  const { message } = compare([1000.5, 1.2], [1000, 1], { absolute: 0, relative: 0.001 });
  expect(message).toMatch(/worst at \[1\]/);
});

test("adds the two tolerances", () => {
  expect([10.29]).toBeAllClose([10], { absolute: 0.1, relative: 0.02 });
  expect([10.31]).not.toBeAllClose([10], { absolute: 0.1, relative: 0.02 });
  expect(() => expect([2]).toBeAllClose([1])).toThrow(/worst at \[0\]: expected 1, received 2/);
});

test("takes infinities as equal to themselves, NaN to nothing, and counts", () => {
  expect([Number.POSITIVE_INFINITY]).toBeAllClose([Number.POSITIVE_INFINITY]);
  expect([Number.NEGATIVE_INFINITY]).not.toBeAllClose([Number.POSITIVE_INFINITY]);
  expect(compare([9, Number.NaN], [1, Number.NaN]).message).toMatch(/worst at \[1\]: expected NaN, received NaN/);
  expect([1]).not.toBeAllClose([Number.NaN]);
  expect([1e9]).not.toBeAllClose([Number.POSITIVE_INFINITY]);
  expect(compare([1, 2], [1]).message).toBe("expected 1 numbers, received 2");
});
