import fc from "fast-check";
import { expect, test } from "vitest";
import { cutToWidth, displayWidth, printable, wrapWords } from "./terminal.js";

test("displayWidth", () => {
  expect(["", "cat", "ç", "c\u0327", "猫", "한", "🐈", "…", "━"].map(displayWidth)).toEqual([
    0, 3, 1, 1, 2, 2, 2, 1, 1,
  ]);
});

test("cutToWidth", () => {
  expect(cutToWidth("a cat", 5)).toBe("a cat");
  expect(cutToWidth("a cats", 5)).toBe("a ca…");
  expect(cutToWidth("a cats", 3)).toBe("a…");
  expect(cutToWidth("猫猫猫", 4)).toBe("猫…");
  expect(cutToWidth("cat", 0)).toBe("");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), (text, width) => {
      expect(displayWidth(cutToWidth(text, width))).toBeLessThanOrEqual(width);
    }),
  );
});

test("wrapWords keeps every word, in lines that fit", () => {
  expect(wrapWords("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrapWords("a\u00a0b c", 4)).toEqual(["a b", "c"]);
  expect(wrapWords("", 7)).toEqual([]);
  const words = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1 });
  fc.assert(
    fc.property(words, fc.integer({ min: 8, max: 40 }), (list, width) => {
      const lines = wrapWords(list.join(" "), width);
      expect(lines.join(" ")).toBe(list.join(" "));
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    }),
  );
});

test("printable", () => {
  expect(printable("a\x1b[31m\r\x07\u009b\nb ü")).toBe("a�[31m���\nb ü");
});
