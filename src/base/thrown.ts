/**
 * What was thrown: as text, since JavaScript may throw anything; and on its way from another thread, since a message between threads
 * keeps neither the class of an error nor its facts.
 */
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
  return { kind: "internal", message: messageOf(error), stack: error instanceof Error ? error.stack : undefined };
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

/** Whether it would meet every other training as well. */
export const concernsAll = (thrown: unknown): boolean => thrown instanceof errors.BantamError && thrown.concernsAll;

/**
 * Of anything that was thrown, what a person may read; never empty. Programs compiled to WebAssembly throw plain objects and numbers, and
 * an `AggregateError`, as of a server with several addresses, has its reasons inside.
 */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) {
    return [...new Set(thrown.errors.map(messageOf))].join(", ");
  }
  if (typeof thrown !== "object" || thrown === null) return String(thrown) || "an empty text";
  const { message, code, errno, name } = thrown as Readonly<Record<string, unknown>>;
  if (typeof message === "string" && message !== "") return message;
  const number = code ?? errno;
  const kind = typeof name === "string" && name !== "" ? name : "an error that does not say what it is";
  return number === undefined ? kind : `${kind} ${number}`;
}
