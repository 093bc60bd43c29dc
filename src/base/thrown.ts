/** What another thread threw, on its way: a message between threads keeps neither the class of an error nor its facts. */
import * as errors from "./errors.js";

export type Thrown =
  | { readonly kind: "expected"; readonly code: string; readonly facts: errors.Facts }
  /** Ours to fix. */
  | { readonly kind: "internal"; readonly message: string; readonly stack: string | undefined };

const classes = Object.values(errors).filter((each) => each !== errors.BantamError) as unknown as readonly (new (
  facts: errors.Facts,
) => errors.BantamError)[];

export function packed(error: unknown): Thrown {
  if (error instanceof errors.BantamError) return { kind: "expected", code: error.code, facts: error.facts };
  if (error instanceof Error) return { kind: "internal", message: error.message, stack: error.stack };
  return { kind: "internal", message: String(error), stack: undefined };
}

/** The error itself again, but for its cause. */
export function unpacked(thrown: Thrown): Error {
  if (thrown.kind === "expected") {
    const error = classes.map((each) => new each(thrown.facts)).find(({ code }) => code === thrown.code);
    if (error !== undefined) return error;
  }
  const { message, stack } = thrown.kind === "internal" ? thrown : { message: thrown.facts.received, stack: undefined };
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
