import { expect, test } from "vitest";
import { InterruptedError } from "./errors.js";
import { interruption } from "./interruption.js";

test("a program's own reason is the cause, and one that says what it is stays itself", () => {
  const reason = new Error("enough");
  const stopped = interruption(AbortSignal.abort(reason), "the Hub", "to finish");
  expect(stopped).toBeInstanceOf(InterruptedError);
  expect(stopped.message).toBe("the Hub: expected to finish, received a request to stop");
  expect(stopped.cause).toBe(reason);
  expect(interruption(AbortSignal.abort(stopped), "elsewhere", "to go on")).toBe(stopped);
});
