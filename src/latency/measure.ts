/** One graph on one engine: loaded, run once, warmed up, run many times. */
import { setImmediate as otherEvents } from "node:timers/promises";
import type { Timing } from "../cost/index.js";
import type { Engine, Tensor } from "../runtime/index.js";
import { isSteady, summarize } from "./timing.js";

/** How long to look: at least so many seconds, and at least so many runs. */
export type Effort = { readonly seconds: number; readonly runs: number };

export type Measurement = {
  /** From the bytes of the model to a session that can run. */
  readonly sessionMs: number;
  /** The first run of the session, which allocates what later runs find. */
  readonly firstRunMs: number;
  readonly warm: Timing;
};

/** Of the seconds, at most this share goes into warming up. */
const WARM_UP = 1 / 3;

/**
 * @param model bytes of an ONNX file whose only free inputs are `feeds`.
 * @param now in milliseconds.
 * @throws {EngineError} when the engine refuses the model. @throws {Error} `internal:` when an output is not finite.
 */
export async function measure(
  engine: Engine,
  model: Uint8Array,
  feeds: Readonly<Record<string, Tensor>>,
  { seconds, runs }: Effort,
  now: () => number = () => performance.now(),
): Promise<Measurement> {
  const start = now();
  const session = await engine.load(model);
  const sessionMs = now() - start;
  try {
    const timeRun = async (): Promise<number> => {
      await otherEvents(); // a parent process that is gone is noticed between runs
      const begin = now();
      await session.run(feeds);
      return now() - begin;
    };
    const firstRunMs = await timeRun();

    const warmUntil = now() + WARM_UP * seconds * 1000;
    const warmUp: number[] = [];
    while (now() < warmUntil && !isSteady(warmUp)) warmUp.push(await timeRun());

    const until = now() + seconds * 1000;
    const times: number[] = [];
    while (times.length < runs || now() < until) times.push(await timeRun());

    const outputs = await session.run(feeds);
    for (const [name, { data }] of Object.entries(outputs)) {
      // Infinities and NaN are slower than numbers on some processors, so these times would mean nothing.
      if (!data.every(Number.isFinite)) throw new Error(`internal: ${name} is not finite under the weights of a bench`);
    }
    return { sessionMs, firstRunMs, warm: summarize(times) };
  } finally {
    await session.dispose();
  }
}
