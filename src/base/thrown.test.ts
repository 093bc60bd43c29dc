import { expect, test } from "vitest";
import * as errors from "./errors.js";
import { messageOf, packed, unpacked } from "./thrown.js";

/** As a message between threads arrives. */
const sent = (error: unknown) => unpacked(structuredClone(packed(error)));

const facts = { at: "a.pixels", expected: "a picture", received: "the end", hint: "start again" };
const kinds = Object.values(errors).filter((each) => each !== errors.BantamError) as unknown as (new (
  given: errors.Facts,
) => errors.BantamError)[];

test.each(kinds.map((kind) => [kind.name, kind] as const))("a %s arrives as itself", (name, kind) => {
  const error = new kind(facts);
  const arrived = sent(error);
  expect(arrived).toBeInstanceOf(kind);
  expect(arrived).toMatchObject({ name, message: error.message, facts, code: error.code, exitCode: error.exitCode });
});

test("any other keeps its message and where it happened", () => {
  const error = new RangeError("internal: image 9 of 3");
  expect(sent(error)).toMatchObject({ message: error.message, stack: error.stack });
  expect(sent("a text")).toEqual(new Error("a text"));
});

test.each([
  [new RangeError("too far"), "too far"],
  ["a text", "a text"],
  ["", "an empty text"],
  [undefined, "undefined"],
  [7, "7"],
  [Object.assign(new Error(""), { code: "ECONNREFUSED" }), "Error ECONNREFUSED"],
  [new AggregateError([new Error("at ::1"), new Error("at 127.0.0.1"), new Error("at ::1")]), "at ::1, at 127.0.0.1"],
  [new AggregateError([], ""), "AggregateError"],
  [{ name: "ErrnoError", errno: 8 }, "ErrnoError 8"],
  [{ message: "from another realm" }, "from another realm"],
  [Object.create(null), "an error that does not say what it is"],
])("%o has words", (thrown, words) => {
  expect(messageOf(thrown)).toBe(words);
});
