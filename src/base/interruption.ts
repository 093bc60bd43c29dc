import { InterruptedError } from "./errors.js";

/**
 * What work ends with that a signal stopped. A program may abort with a reason of its own, which is then the cause.
 *
 * @returns the reason itself where it says already that work was interrupted.
 */
export function interruption(signal: AbortSignal | undefined, at: string, expected: string): InterruptedError {
  const reason: unknown = signal?.reason;
  if (reason instanceof InterruptedError) return reason;
  return new InterruptedError({ at, expected, received: "a request to stop" }, { cause: reason });
}
