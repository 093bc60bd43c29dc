import { InterruptedError } from "../base/index.js";

/** Told after each finished piece of work; `what` names it for a progress line. */
export type OnProgress = (done: number, total: number, what: string) => void;

/**
 * Runs `work` for every index below `count`, at most `limit` at once, in rising order of their start.
 * After a failure nothing new starts, and the first error is thrown once all work under way has ended,
 * so that the caller may close what the work was using.
 */
export async function forEachConcurrently(
  count: number,
  limit: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failure: { readonly error: unknown } | null = null;
  const worker = async () => {
    while (next < count && failure === null) {
      try {
        await work(next++);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, worker));
  if (failure !== null) throw (failure as { error: unknown }).error;
}

/** @throws {InterruptedError} once the signal has been given. */
export function throwIfStopped(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw new InterruptedError({ at: what, expected: "to finish", received: "a request to stop" });
}
