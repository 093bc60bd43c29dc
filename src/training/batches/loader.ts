/**
 * Batches for steps. A step keeps this thread busy for as long as it runs, whatever threads ONNX Runtime has besides, so that only
 * worker threads can assemble the next batches meanwhile. They cost memory and a moment to start, and take time from the step where
 * all cores are busy: by default the first steps are measured, and workers start where that promises a gain.
 */
import { availableParallelism } from "node:os";
import type { Rng } from "../../base/index.js";
import { type BatchWorkers, type ImageSet, startBatchWorkers } from "../../data/index.js";
import type { Architecture } from "../../networks/index.js";
import { assemble, type Batch, labelled, type PixelOptions, pixelCount } from "./batch.js";
import { chooseWorkers, type StepTimes } from "./workers.js";

/** 0: batches are assembled between the steps. */
export type WorkerCount = "auto" | number;

export type FeedOptions = {
  readonly images: ImageSet;
  /** Which images, batch by batch. */
  readonly batches: readonly (readonly number[])[];
  readonly pixels: PixelOptions;
  /** Of batch i; needed where there is augmentation. */
  readonly rngAt?: (i: number) => Rng;
  /** What else is done to a batch, on this thread. */
  readonly finish?: (batch: Batch, rng: Rng) => Batch;
};

export interface Feed {
  /**
   * Runs a step on the next batch. Its pixels are the step's until it returns; then another batch is put there.
   * @throws what the step throws, or what kept the batch from being assembled.
   */
  step<T>(run: (batch: Batch) => Promise<T>): Promise<T>;
  /** How long steps have waited for their batches. */
  readonly waitedSeconds: number;
}

export interface Loader {
  /** The batches of an epoch. What an earlier feed had ahead is given up. */
  open(options: FeedOptions): Feed;
  /** No worker is alive afterwards. */
  dispose(): Promise<void>;
}

/** Batches that each worker has before it, the one in work included. */
const AHEAD = 2;
/** Steps that are measured; the first fills caches and is not counted. */
const MEASURED_STEPS = 4;

export function createLoader(setup: {
  readonly architecture: Architecture;
  /** Of a step. */
  readonly threads: number;
  readonly workers?: WorkerCount | undefined;
  readonly cores?: number;
  /** Milliseconds from anywhere. */
  readonly now?: () => number;
}): Loader {
  const { architecture, threads, cores = availableParallelism(), now = () => performance.now() } = setup;
  const measured: StepTimes[] = [];
  let wanted = setup.workers ?? "auto";
  let started: BatchWorkers | null = null;
  const shared: Shared = {
    architecture,
    now,
    memory: pixelMemory(architecture),
    workersFor({ read }) {
      if (wanted === "auto" || wanted === 0 || read.share === undefined) return null;
      started ??= startBatchWorkers(wanted);
      return started;
    },
    measure({ read }, times) {
      if (wanted !== "auto" || read.share === undefined) return;
      measured.push(times);
      if (measured.length < MEASURED_STEPS) return;
      const least = (key: keyof StepTimes) => Math.min(...measured.slice(1).map((each) => each[key]));
      const [assembleSeconds, stepSeconds] = [least("assembleSeconds"), least("stepSeconds")];
      wanted = chooseWorkers({ assembleSeconds, stepSeconds, threads, cores });
    },
  };
  return {
    open: (options) => createFeed(shared, options),
    async dispose() {
      await started?.dispose();
      started = null;
      wanted = 0;
    },
  };
}

/** What the feeds of a loader share. */
type Shared = {
  readonly architecture: Architecture;
  readonly now: () => number;
  readonly memory: PixelMemory;
  /** null where batches are assembled between the steps. */
  workersFor(images: ImageSet): BatchWorkers | null;
  /** Takes note of a batch that was assembled between two steps. */
  measure(images: ImageSet, times: StepTimes): void;
};

type PixelMemory = { take(count: number): Float32Array; giveBack(memory: Float32Array): void };

/** Fresh memory costs more than filling it: each page is fetched from the system when it is first written to. */
function pixelMemory(architecture: Architecture): PixelMemory {
  const spare: Float32Array[] = [];
  return {
    take(count) {
      const length = pixelCount(architecture, count);
      const place = spare.findIndex((each) => each.length === length);
      return place === -1 ? new Float32Array(length) : spare.splice(place, 1)[0]!;
    },
    giveBack: (memory) => void spare.push(memory),
  };
}

function createFeed(
  { architecture, now, memory, workersFor, measure }: Shared,
  { images, batches, pixels, rngAt, finish }: FeedOptions,
): Feed {
  /** By workers, those after the ones that were taken. */
  const ahead: Promise<Float32Array>[] = [];
  let [taken, waited] = [0, 0];

  const fillAhead = (workers: BatchWorkers): void => {
    for (let i = taken + ahead.length; i < batches.length && ahead.length < AHEAD * workers.count; i++) {
      const options = { ...pixels, rng: rngAt?.(i) ?? null };
      const filled = workers.fill(images, batches[i]!, options, memory.take(batches[i]!.length));
      // Where nobody comes for it any more, its failure is nobody's.
      filled.catch(() => {});
      ahead.push(filled);
    }
  };

  return {
    get waitedSeconds() {
      return waited;
    },
    async step(run) {
      const began = now();
      const workers = workersFor(images);
      if (workers !== null) fillAhead(workers);
      const filled = ahead.shift();
      const indices = batches[taken]!;
      const rng = rngAt?.(taken) ?? null;
      taken++;
      const place = filled === undefined ? memory.take(indices.length) : await filled;
      if (workers !== null) fillAhead(workers);
      const plain =
        filled === undefined
          ? assemble(architecture, images, indices, pixels, rng, place)
          : labelled(architecture, images, indices, place);
      const batch = rng === null || finish === undefined ? plain : finish(plain, rng);
      const ready = now();
      waited += (ready - began) / 1000;
      const result = await run(batch);
      if (rng !== null)
        measure(images, { assembleSeconds: (ready - began) / 1000, stepSeconds: (now() - ready) / 1000 });
      memory.giveBack(place);
      return result;
    },
  };
}
