/** `fillBatch` in threads beside this one, which a step keeps busy for as long as it runs. */
import { Worker } from "node:worker_threads";
import { FileError, type Rng, type Thrown, unpacked } from "../base/index.js";
import type { BatchOptions } from "./fill-batch.js";
import type { ImageSet } from "./image-set.js";
import type { ReadPicture, SharedPictures } from "./shared-pictures.js";

export interface BatchWorkers {
  readonly count: number;
  /**
   * As `fillBatch`, to the bit. The threads take turns, and each works in the order of the calls.
   *
   * @param images can be read by other threads: `images.read.share` is there. They stay open until the answer.
   * @param rng nothing was drawn from it yet.
   * @param into the threads' own from now on; the same memory comes back.
   * @throws what `fillBatch` throws there. @throws {FileError} when a thread could not start. @throws {Error} when one ended by itself.
   */
  fill(
    images: ImageSet,
    indices: readonly number[],
    options: Omit<BatchOptions, "rng"> & { readonly rng: Rng | null },
    into: Float32Array,
  ): Promise<Float32Array>;
  /** Ends the threads; what they had not finished is refused. */
  dispose(): Promise<void>;
}

/** What a thread is told. Fillings use the pictures that were opened last. */
export type FillQuestion =
  | { readonly kind: "open"; readonly size: number; readonly channels: 1 | 3; readonly shared: SharedPictures }
  | {
      readonly kind: "fill";
      readonly id: number;
      readonly indices: readonly number[];
      readonly options: Omit<BatchOptions, "rng">;
      readonly seed: string | null;
      readonly into: Float32Array;
    };

export type FillAnswer =
  | { readonly id: number; readonly thrown: null; readonly filled: Float32Array }
  | { readonly id: number; readonly thrown: Thrown };

export function startBatchWorkers(count: number): BatchWorkers {
  const threads = Array.from({ length: count }, startThread);
  let turn = 0;
  return {
    count,
    fill(images, indices, { rng, ...options }, into) {
      const thread = threads[turn++ % count]!;
      thread.open(images);
      return thread.fill({ indices, options, seed: rng?.seed ?? null, into });
    },
    async dispose() {
      await Promise.all(threads.map((thread) => thread.end()));
    },
  };
}

type Waiting = { readonly resolve: (filled: Float32Array) => void; readonly reject: (error: Error) => void };

function startThread() {
  // Compiled, the worker is JavaScript; in the sources, a loader reads it.
  const isSource = import.meta.url.endsWith(".ts");
  const worker = new Worker(new URL(isSource ? "./batch-worker.ts" : "./batch-worker.js", import.meta.url), {
    ...(isSource && { execArgv: ["--import", "jiti/register"] }),
  });
  // An idle thread keeps no process alive.
  worker.unref();
  const waiting = new Map<number, Waiting>();
  let opened: ReadPicture | null = null;
  let [next, broken] = [0, null as Error | null];

  const refuseAll = (error: Error) => {
    broken ??= error;
    for (const { reject } of waiting.values()) reject(broken);
    waiting.clear();
  };
  worker.on("message", (answer: FillAnswer) => {
    const { resolve, reject } = waiting.get(answer.id)!;
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref();
    if (answer.thrown === null) resolve(answer.filled);
    else reject(unpacked(answer.thrown));
  });
  worker.on("error", (error: Error) => {
    if ("code" in error && error.code === "ERR_WORKER_INIT_FAILED") return refuseAll(notStarted(error));
    refuseAll(new Error(`internal: a thread that fills batches failed: ${error.message}`, { cause: error }));
  });
  worker.on("exit", () => refuseAll(new Error("internal: a thread that fills batches has ended")));

  return {
    open({ size, channels, read }: ImageSet): void {
      if (opened === read) return;
      opened = read;
      worker.postMessage({ kind: "open", size, channels, shared: read.share!() } satisfies FillQuestion);
    },
    fill(question: Omit<Extract<FillQuestion, { kind: "fill" }>, "kind" | "id">): Promise<Float32Array> {
      if (broken !== null) return Promise.reject(broken);
      const id = next++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ kind: "fill", id, ...question } satisfies FillQuestion, [
          question.into.buffer as ArrayBuffer,
        ]);
      });
    },
    async end(): Promise<void> {
      await worker.terminate();
    },
  };
}

/** Node needs some file handles for a thread, and memory. */
function notStarted(error: Error): FileError {
  return new FileError(
    {
      at: "a thread that fills batches",
      expected: "to start",
      received: error.message,
      hint: "close some programs, raise `ulimit -n`, or choose no such thread with --workers 0",
    },
    { cause: error },
  );
}
