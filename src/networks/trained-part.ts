/** What of a pretrained network is trained, the rest of it being frozen: always its end, from some part on. */
import { UsageError } from "../base/index.js";
import type { Architecture } from "./architecture.js";

/** The classifier alone; also the head before it; also the last N stages; everything. */
export type TrainedPart = "classifier" | "head" | `last-${number}` | "all";

/** @throws {UsageError} for another word. */
export function parseTrainedPart(text: string, at: string): TrainedPart {
  if (text === "classifier" || text === "head" || text === "all") return text;
  const stages = /^last-([1-9]\d?)$/.exec(text)?.[1];
  if (stages !== undefined) return `last-${Number(stages)}`;
  const expected = "classifier, head, last-N (the last N stages and all after them) or all";
  throw new UsageError({ at, expected, received: JSON.stringify(text) });
}

/**
 * Tells by the path of a link or the name of a parameter whether it is trained.
 *
 * @throws {UsageError} when the network has fewer stages.
 */
export function isTrained({ name, stages }: Architecture, part: TrainedPart): (path: string) => boolean {
  if (part === "all") return () => true;
  const last = part.startsWith("last-") ? Number(part.slice("last-".length)) : 0;
  if (last > stages.length) {
    throw new UsageError({
      at: name,
      expected: `at most the last ${stages.length} stages to be trained`,
      received: part,
      hint: "`all` trains the whole network",
    });
  }
  const rows = stages.map((_, i) => `stages.${i}`).slice(stages.length - last);
  const trained = ["classifier", ...(part === "classifier" ? [] : ["head", ...rows])];
  return (path) => trained.some((prefix) => path === prefix || path.startsWith(`${prefix}.`));
}
