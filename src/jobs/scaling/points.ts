/** Trainings of scaling experiments in a study: what was trained under the same conditions is not trained again. */
import { z } from "zod";
import type { Costs } from "../../cost/index.js";
import { checked } from "../../folders/index.js";
import { openStudyStore, type StoredTrial } from "../../study/index.js";

export type TrainedPoint = {
  /** The point's multipliers: `d1.2 w1.1 r1.15`. */
  readonly key: string;
  readonly seed: number;
  readonly state: "finished" | "failed";
  /** Top-1 on the validation images after each epoch; empty where it failed. */
  readonly curve: readonly number[];
  readonly costs: Costs;
  /** Of the training with its validations. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** Why it failed. */
  readonly error: string | null;
};

export type Points = {
  /** In the order in which they were added; of one that was trained again after a failure, the later counts. */
  readonly recorded: readonly TrainedPoint[];
  /** When it returns, the point is on the disk. */
  add(point: TrainedPoint): Promise<void>;
  close(): Promise<void>;
};

/** Everything but point and seed that an accuracy depends on. */
export type PointConditions = {
  /** Of the study. */
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly epochs: number;
  /** Training images. */
  readonly images: number;
  /** Forgets what was trained before. */
  readonly overwrite?: boolean | undefined;
  /** Ends waiting for a server. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * @param place a folder, which is created where missing, or a `postgres://` address.
 * @throws {FileError} when it cannot be opened, or another process has it. @throws {NetworkError} for a server out of reach.
 */
export async function openPoints(place: string, conditions: PointConditions): Promise<Points> {
  const { name, settings, overwrite, signal } = conditions;
  const store = await openStudyStore(place, { create: true, signal });
  try {
    const stored = await store.open(name, "scaling", settings, overwrite);
    let next = stored.length;
    return {
      recorded: stored.map(fromStored),
      add: (point) => store.add(name, toStored(next++, point, conditions)),
      close: () => store.close(),
    };
  } catch (error) {
    await store.close().catch(() => {});
    throw error;
  }
}

function toStored(id: number, point: TrainedPoint, { epochs, images }: PointConditions): StoredTrial {
  const { key, seed, ...trained } = point;
  return {
    ...trained,
    id,
    arm: "scaling",
    subject: { key, seed },
    parent: null,
    sameAs: null,
    epochs,
    accuracy: point.curve.at(-1) ?? 0,
    compute: point.costs.macs * images * point.curve.length,
  };
}

const subject = z.object({ key: z.string(), seed: z.int().min(0) });

/** Point and seed. @throws {ModelError} when the row has none. */
export const subjectOf = (trial: StoredTrial): z.infer<typeof subject> =>
  checked(trial.subject, subject, {
    at: `trial ${trial.id + 1}, subject`,
    expected: "a point and a seed",
    hint: "the table was changed by something else: restore it, or begin anew with --overwrite or another --study",
  });

function fromStored(stored: StoredTrial): TrainedPoint {
  const { costs, curve, seconds, imagesPerSecond, error, ...trial } = stored;
  const { key, seed } = subjectOf(stored);
  const state = trial.state === "failed" ? "failed" : "finished";
  return { key, seed, state, curve, costs, seconds, imagesPerSecond, error };
}
