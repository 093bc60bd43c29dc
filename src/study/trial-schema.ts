/** A trial as it is read back, from a database or a file that anybody may have changed. */
import { z } from "zod";
import type { CostsAndLatency } from "../scaling/index.js";
import type { Trial } from "../search/index.js";

const count = z.number().min(0);
const share = z.number().min(0).max(1);

/** What the trials of all studies have, their subject left out. */
export const trialFields = {
  id: z.int().min(0),
  arm: z.string(),
  parent: z.int().min(0).nullable(),
  sameAs: z.int().min(0).nullable(),
  epochs: z.int().min(1),
  costs: z.strictObject({
    params: count,
    macs: count,
    weightBytes: count,
    peakActivationBytes: count,
    latencyMs: count.nullable().optional(),
  }) as z.ZodType<CostsAndLatency>,
  state: z.literal(["finished", "stopped", "failed"]),
  accuracy: share,
  curve: z.array(share),
  compute: count,
  seconds: count,
  imagesPerSecond: count,
  error: z.string().nullable(),
} as const;

type Outcome = Pick<Trial, "epochs" | "state" | "accuracy" | "curve">;

/** Where what became of a trial contradicts itself: the field, and why. */
export function contradictionIn({
  state,
  accuracy,
  curve,
  epochs,
}: Outcome): readonly [field: string, why: string] | null {
  if (curve.length > epochs) return ["curve", `expected at most ${epochs} epochs, received ${curve.length}`];
  if (state === "finished" && curve.length < epochs)
    return ["curve", `expected ${epochs} epochs, received ${curve.length}`];
  const expected = state === "failed" ? 0 : (curve.at(-1) ?? 0);
  return accuracy === expected
    ? null
    : ["accuracy", `expected ${expected}, the last of the curve, received ${accuracy}`];
}
