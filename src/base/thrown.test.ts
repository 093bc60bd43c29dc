import { expect, test } from "vitest";
import * as errors from "./errors.js";
import { packed, unpacked } from "./thrown.js";

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
