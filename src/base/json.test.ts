import fc from "fast-check";
import { expect, test } from "vitest";
import { UsageError } from "./errors.js";
import { parseJson } from "./json.js";

const read = (text: string) => parseJson(text, "my.json", "a recipe in JSON", (facts) => new UsageError(facts));
const fault = (text: string): string => {
  try {
    read(text);
  } catch (error) {
    return (error as UsageError).facts.received;
  }
  return "none";
};

test.each([
  [100, "none"],
  [101, "lists or objects nested more than 100 deep"],
  [200_000, "lists or objects nested more than 100 deep"],
])("%i lists in each other", (levels, received) => {
  expect(fault(`${"[".repeat(levels)}${"]".repeat(levels)}`)).toBe(received);
  expect(fault(`[${'{"a":'.repeat(levels - 1)}1${"}".repeat(levels - 1)}]`)).toBe(received);
});

test.each([
  ["", "in line 1, column 1, its end in place of a value"],
  ["{", 'in line 1, column 2, its end in place of a name in double quotes or "}"'],
  ['{ "base": "quick",\n  "ema": 0.9,\n}', 'in line 3, column 1, "}" in place of a name in double quotes'],
  ['{ "base": "quick"\n  "ema": 0.9 }', 'in line 2, column 3, "\\"ema\\":" in place of "," or "}"'],
  ["{ base: 1 }", 'in line 1, column 3, "base:" in place of a name in double quotes or "}"'],
  ["[1, 2\n", 'in line 2, column 1, its end in place of "," or "]"'],
  ["[1, 02]", 'in line 1, column 5, "02]" in place of a value'],
  ["[1}", 'in line 1, column 3, "}" in place of "," or "]"'],
  ['{ "a" 1 }', 'in line 1, column 7, "1" in place of ":"'],
  ["{} x", 'in line 1, column 4, "x" in place of the end'],
  ["{'a': 1}", `in line 1, column 2, "'a':" in place of a name in double quotes or "}"`],
  ["NaN", 'in line 1, column 1, "NaN" in place of a value'],
  ['{\r\n "grün": trüe }', 'in line 2, column 10, "trüe" in place of a value'],
  ["// a comment\n{}", 'in line 1, column 1, "//" in place of a value'],
  ["\u00a0{}", "in line 1, column 1, U+00A0 in place of a value"],
  ['["a\nb"]', 'in line 1, column 2, "\\"a" in place of a value or "]"'],
])("%j is wrong at a place", (text, received) => {
  expect(fault(text)).toBe(received);
});

test.each([
  ['{ "rate": 0.1,\n  "rate": 0.2 }', 'in line 2, column 3, "rate" for the second time'],
  ['[{"a":"}"},{"b":{"c":1,"\\u0063" : 2}}]', 'in line 1, column 24, "\\u0063" for the second time'],
  ['{"a\\"":1,"__proto__":2,"a\\"":3}', 'in line 1, column 24, "a\\"" for the second time'],
])("%j names something twice", (text, received) => {
  expect(fault(text)).toBe(received);
});

test.each([
  '[{"a":1},{"a":2}]',
  '{"a":{"a":["a","a"]},"A":"a"}',
  '{"a":"\\\\","b":"\\"a\\":"}',
  `["${"x\\n".repeat(1e6)}"]`,
])("%.40j names nothing twice", (text) => {
  expect(read(text)).toEqual(JSON.parse(text));
});

test("a byte order mark is not part of it", () => {
  expect(read('\ufeff{"a":1}')).toEqual({ a: 1 });
  expect(fault("\ufeff{]")).toMatch(/^in line 1, column 2, /);
});

test("what is JSON is read, and what is not has a place, however deep", () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.constantFrom("", "x", '"', "}", "]", ",", ":"), (text, place, insert) => {
      expect(read(text)).toEqual(JSON.parse(text));
      const at = place % (text.length + 1);
      const other = text.slice(0, at) + insert + text.slice(insert === "" ? at + 1 : at);
      expect(fault(other)).toMatch(/^none$|^in line \d+, column \d+, /);
    }),
  );
  expect(fault("[".repeat(1e5))).toMatch(/^in line 1, column 100001, its end in place of a value or/);
});
