/** ONNX Runtime as `src/runtime` sets it up, with access to its profiler. */
import "../../src/runtime/no-telemetry.js";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { createRng } from "../../src/base/index.js";
import { type Input, RESOLUTION } from "./networks.js";

export type Runnable = {
  /** One inference. */
  readonly run: () => Promise<void>;
  /** Ends the profile, if one was asked for, and frees the session. */
  readonly end: () => Promise<void>;
};

export type SessionSetup = {
  readonly batch: number;
  readonly threads: number;
  readonly input: Input;
  /** Beginning of the path of the profile to write; by default there is none. */
  readonly profile?: string;
};

/** @throws {Error} when the network gives numbers that are not finite: their speed would mean nothing. */
export async function load(model: Uint8Array, { batch, threads, input, profile }: SessionSetup): Promise<Runnable> {
  const session = await InferenceSession.create(model, {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
  });
  const feeds = { [session.inputNames[0]!]: tensorFor(input, batch) };
  const run = async () => (await session.run(feeds))[session.outputNames[0]!]!;
  const first = (await run()).data as Float32Array;
  if (!first.every(Number.isFinite)) throw new Error("expected finite outputs, received NaN or infinity");
  return {
    run: async () => void (await run()),
    end: async () => {
      if (profile !== undefined) session.endProfiling();
      await session.release();
    },
  };
}

function tensorFor(input: Input, batch: number): Tensor {
  const rng = createRng(1);
  const size = batch * 3 * RESOLUTION ** 2;
  if (input === "pixels") {
    const bytes = Uint8Array.from({ length: size }, () => rng.integer(256));
    return new Tensor("uint8", bytes, [batch, RESOLUTION, RESOLUTION, 3]);
  }
  const numbers = Float32Array.from({ length: size }, () => rng.normal());
  return new Tensor("float32", numbers, [batch, 3, RESOLUTION, RESOLUTION]);
}
