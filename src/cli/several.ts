/**
 * Commands that take several things: what fails with one of them is named, and the others have their results all the same.
 * The exit code tells that something is missing.
 */
import { BantamError } from "../base/index.js";
import type { Context } from "./command.js";

/** Several errors of one command; there are two at least. */
export class SeveralErrors extends AggregateError {
  declare errors: BantamError[];
}

/** An error as `--json` prints it. */
export type ErrorFacts = {
  readonly code: string;
  readonly at: string;
  readonly expected: string;
  readonly received: string;
  readonly hint: string | null;
  /** Of the operating system, where it had something to say: `ENOSPC`. */
  readonly errno?: string;
};

/** One of several things, and what befell it. */
export type Failure<T = string> = { readonly item: T; readonly error: BantamError };

/** In the result of a command: the things that have none. */
export type FailedItem = { readonly item: string } & ErrorFacts;

export function errorFacts({ code, facts }: BantamError): ErrorFacts {
  const { at, expected, received, hint = null, errno } = facts;
  return { code, at, expected, received, hint, ...(errno !== undefined && { errno }) };
}

/**
 * Name the things that failed, where others did not.
 *
 * @param good how many have a result.
 * @returns for `--json`, beside the results.
 * @throws {BantamError | SeveralErrors} what they failed with, when none has a result.
 */
export function withoutFailures(
  failures: readonly Failure[],
  good: number,
  { failed }: Pick<Context, "failed">,
): FailedItem[] {
  const errors = failures.map(({ error }) => error);
  if (good === 0 && errors.length === 1) throw errors[0];
  if (good === 0 && errors.length > 1) throw new SeveralErrors(errors, `none of ${errors.length} can be used`);
  for (const error of errors) failed(error);
  return failures.map(({ item, error }) => ({ item, ...errorFacts(error) }));
}

/**
 * Work on each of several things, one after the other.
 *
 * @returns the results of those that have one, in order, and the others.
 * @throws whatever is no `BantamError`; and an interruption, which is none of the thing's.
 */
export async function settled<T, R>(
  items: readonly T[],
  work: (item: T) => R | Promise<R>,
): Promise<{ readonly results: R[]; readonly failures: Failure<T>[] }> {
  const results: R[] = [];
  const failures: Failure<T>[] = [];
  for (const item of items) {
    try {
      results.push(await work(item));
    } catch (error) {
      if (!(error instanceof BantamError) || error.exitCode === 130) throw error;
      failures.push({ item, error });
    }
  }
  return { results, failures };
}
