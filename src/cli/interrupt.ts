/**
 * Ctrl-C, in two steps: the first asks the work to stop where it can save its state, the second ends the process at once.
 */
import { InterruptedError } from "../base/index.js";
import type { Signals } from "./io.js";

/** A terminal sends Ctrl-C to npm and to us, and npm passes it on: the same press arrives twice. */
const samePressMs = 200;

export type Interrupt = {
  /** Aborts with an `InterruptedError` at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Hands the signals back. */
  dispose(): void;
};

/**
 * @param tell called once, with what the user should know after the first signal.
 * @param exit called with 130 at the second signal.
 * @param now in milliseconds.
 */
export function listenForInterrupt(
  signals: Signals,
  { tell, exit, now }: { tell: (text: string) => void; exit: (code: number) => void; now: () => number },
): Interrupt {
  const controller = new AbortController();
  let firstAt = 0;
  const listener = (name: string): void => {
    if (controller.signal.aborted) {
      if (now() - firstAt >= samePressMs) exit(130);
      return;
    }
    firstAt = now();
    controller.abort(new InterruptedError({ at: "bantam", expected: "to run to the end", received: name }));
    tell("stopping after this step; press Ctrl-C again to stop at once");
  };
  signals.on("SIGINT", listener);
  signals.on("SIGTERM", listener);
  return {
    signal: controller.signal,
    dispose: () => {
      signals.off("SIGINT", listener);
      signals.off("SIGTERM", listener);
    },
  };
}
