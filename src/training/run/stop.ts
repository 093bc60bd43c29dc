import { InterruptedError } from "../../base/index.js";

/** Between two steps. @param where in the training. @throws {InterruptedError} when the signal asks for it. */
export function stopAt(signal: AbortSignal | undefined, at: string, where: string): void {
  if (!signal?.aborted) return;
  throw new InterruptedError({ at, expected: "to train on", received: `a request to stop in ${where}` });
}
